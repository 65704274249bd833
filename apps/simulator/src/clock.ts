/**
 * The simulated cloud's two clocks. The wall clock may be set wrong on purpose (`skewMs`): it dates images, judges
 * signatures and ends temporary keys. The monotonic one never jumps: it counts arrivals and walks image states.
 */
export class CloudClock {
  skewMs = 0;

  wallMs(): number {
    return Date.now() + this.skewMs;
  }

  monotonicMs(): number {
    return performance.now();
  }
}

/** The cloud writes times in UTC, to the second, with a `Z`. */
export function cloudTime(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 19)}Z`;
}
