import { ACTION_LIMITS, type ActionName } from './actions/action-names.js';

/** What a test may change while the simulator runs. */
export interface Behaviour {
  /** From CreateImage's answer to the image's end state. */
  imageDurationMs: number;
  /** From CreateImage's answer until DescribeImages shows the image. */
  visibilityDelayMs: number;
  /** Images that an account may hold in one region. */
  imageQuota: number;
  /** Calls a second for each host, sub-account and action. */
  limits: Record<ActionName, number>;
  /** Which of the two forms seen in the docs a passing dry run takes. */
  dryRunForm: 'error' | 'success';
  /** Off: the cloud accepts a second image of the same name, so a test can prove that none was asked for. */
  enforceUniqueNames: boolean;
  /** How far the cloud's wall clock is ahead of this machine's. */
  clockSkewMs: number;
  /** Added to every admitted call, before it is carried out. */
  latencyMs: { min: number; max: number };
  /** Answer with chunked transfer encoding instead of a content length. */
  chunked: boolean;
  /** When set, temporary keys live this long whatever the caller asked for. */
  temporaryKeyDurationMs: number | null;
}

export function defaultBehaviour(imageDurationMs: number): Behaviour {
  return {
    imageDurationMs,
    visibilityDelayMs: 0,
    imageQuota: 500,
    limits: { ...ACTION_LIMITS },
    dryRunForm: 'error',
    enforceUniqueNames: true,
    clockSkewMs: 0,
    latencyMs: { min: 0, max: 0 },
    chunked: false,
    temporaryKeyDurationMs: null,
  };
}
