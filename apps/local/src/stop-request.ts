const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** npm passes on the signal that the terminal has already given us: within this time two are one. */
const ECHO_MS = 500;
const PARENT_CHECK_MS = 1_000;

export interface StopHandlers {
  readonly first: () => void;
  readonly second: () => void;
}

/** Ctrl-C, SIGTERM, a closed terminal, or the end of the npm that started us, which may be killed without a word to us. */
export function onStopRequest({ first, second }: StopHandlers): void {
  let firstAt: number | undefined;
  const request = (): void => {
    const now = performance.now();
    if (firstAt === undefined) {
      firstAt = now;
      first();
    } else if (now - firstAt > ECHO_MS) {
      second();
    }
  };
  for (const signal of SIGNALS) process.on(signal, request);
  onOrphaned(() => firstAt === undefined && request());
}

/** Only under npm: whoever starts us directly and leaves may have meant us to stay. */
function onOrphaned(react: () => void): void {
  if (!process.env['npm_lifecycle_event']) return;
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && react(), PARENT_CHECK_MS).unref();
}
