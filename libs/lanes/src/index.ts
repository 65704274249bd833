export { laneName, rankOf } from './lane.js';
export type { Lane } from './lane.js';
export { Lanes } from './lanes.js';
export type { Claim, Entry, LaneOptions, Lease, Wake } from './lanes.js';
