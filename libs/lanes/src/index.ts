export { laneName, rankOf } from './lane.js';
export type { Lane } from './lane.js';
export { isFresh, Lanes } from './lanes.js';
export type { Claim, LaneState, Lease, Place, Wake } from './lanes.js';
