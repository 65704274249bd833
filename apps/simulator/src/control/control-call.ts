import type { Cloud } from '../cloud.js';

export interface ControlCall {
  cloud: Cloud;
  /** The last part of the path, for routes that end in an id. */
  id: string;
  query: URLSearchParams;
  body: unknown;
}

/** What a route returns is the JSON answer; a route that returns nothing is answered with `{ "ok": true }`. */
export type ControlRoute = (call: ControlCall) => unknown;
