import type { CredentialRejection } from '#libs/accounts';
import { classify } from '#libs/cloud';
import type { Failure } from './image-request.js';

/** A failure with the cloud's own code, and what it means for the caller. */
export function upstreamFailure(code: string, message: string, upstreamRequestId: string | null): Failure {
  const { category, retryable, hint } = classify(code);
  return { code, message, category, retryable, upstreamRequestId, hint };
}

/** There was no session of the account's role for so long that the request was given up. */
export function noSession(cause: string): Failure {
  return {
    code: 'role_session_unavailable',
    message: `There is no session of the account's role: ${cause}.`,
    category: 'internal',
    retryable: true,
    upstreamRequestId: null,
    hint: 'Nothing was sent, so no image was made. Retry later; if it goes on, tell the operators of this service.',
  };
}

/** Not an end: a call went unanswered, and what it made can't be looked for before there is a session. */
export function sessionAwaited(failure: Failure): Failure {
  return {
    ...failure,
    hint:
      'A call went unanswered, so the image may be there. It is looked for as soon as there is a session, and only then ' +
      'is another call made. Nothing needs to be done; if it goes on, tell the operators of this service.',
  };
}

/** A name that was taken before the first call: told as the cloud would have told it. */
export function nameTaken(imageName: string, imageId: string, upstreamRequestId: string | null): Failure {
  const message = `The image ${imageId} already bears the name "${imageName}".`;
  return upstreamFailure('InvalidImageName.Duplicate', message, upstreamRequestId);
}

/** Another call by the name stayed in doubt for so long that this one was given up. */
export function nameInDoubt(imageName: string): Failure {
  return {
    code: 'image_name_in_doubt',
    message: `Another call for the name "${imageName}" in the same cloud account and region is not settled yet.`,
    category: 'state',
    retryable: true,
    upstreamRequestId: null,
    hint: 'Nothing was sent. Look whether an image of this name exists in the console; then retry, or choose another name.',
  };
}

/** `waitedFor` is why it waits still, where it is known to wait for more than its turn. */
export function deadlineExceeded(startDeadline: Date, waitedFor: Failure | null): Failure {
  const message = `The request was not called by its startDeadline, ${startDeadline.toISOString()}.`;
  return {
    code: 'deadline_exceeded',
    message: waitedFor === null ? message : `${message} ${waitedFor.message}`,
    category: 'caller',
    retryable: false,
    upstreamRequestId: waitedFor?.upstreamRequestId ?? null,
    hint:
      waitedFor === null
        ? 'Nothing was sent to Tencent Cloud. Ask again with a later startDeadline, or with a higher priority.'
        : 'No image was made. Repair the credential of the account, then ask again with a later startDeadline.',
  };
}

/** Not an end: what a request is told to wait for. It goes on by itself once the account is repaired. */
export function credentialRejected({ code, upstreamRequestId }: CredentialRejection): Failure {
  return {
    code,
    message: `Tencent Cloud refused the credential of the account with ${code}.`,
    category: 'credential',
    retryable: classify(code).retryable,
    upstreamRequestId,
    hint:
      'The request waits and goes on by itself once the account is repaired: store a key pair that works with ' +
      'PUT /v1/accounts/{id}/credential; or enable the key in the cloud, of a role mend its trust policy, and call ' +
      'POST /v1/accounts/{id}/verify.',
  };
}

/** The cloud accepted the call and then could not make the image; it gives no reason. */
export function creationFailed(imageId: string): Failure {
  return {
    code: 'image_creation_failed',
    message: `Tencent Cloud reported the image ${imageId} as CREATEFAILED.`,
    category: 'state',
    retryable: true,
    upstreamRequestId: null,
    hint:
      'Tencent Cloud gives no reason. Look at the latest operation of the source instance, delete the failed image ' +
      '(it may hold the name and quota), then retry.',
  };
}

/** The image was accepted and never became usable while we looked. */
export function trackingDeadlineExceeded(imageId: string, trackedMs: number): Failure {
  return {
    code: 'tracking_deadline_exceeded',
    message: `The image ${imageId} did not become usable within ${Math.round(trackedMs / 60_000)} minutes.`,
    category: 'unknown_outcome',
    retryable: false,
    upstreamRequestId: null,
    hint: 'The image may still become usable: look it up by its id in the console before you ask for another.',
  };
}

/** Several calls went unanswered and no image was ever found. */
export function outcomeUnknown(attemptsMade: number, cause: string): Failure {
  return {
    code: 'outcome_unknown',
    message: `${attemptsMade} calls got no usable answer (the last: ${cause}), and no image of this name was found.`,
    category: 'unknown_outcome',
    retryable: true,
    upstreamRequestId: null,
    hint: 'Check whether an image of this name exists in the console, then retry; Tencent Cloud may be having trouble.',
  };
}

/** Not one call could be sent. */
export function upstreamUnreachable(cause: string): Failure {
  return {
    code: 'upstream_unreachable',
    message: `Tencent Cloud could not be reached: ${cause}.`,
    category: 'internal',
    retryable: true,
    upstreamRequestId: null,
    hint: 'Nothing was sent, so no image was made. Retry later; if it goes on, tell the operators of this service.',
  };
}
