/** What a problem's page says: what happened, and what the caller can do about it. */
export interface ProblemType {
  readonly status: number;
  readonly title: string;
  readonly meaning: string;
  readonly remedy: string;
}

/** Every public error code. The pages behind `type` and docs/errors.md say the same, and a test holds all three equal to the code. */
export const PROBLEM_TYPES = {
  account_disabled: {
    status: 409,
    title: 'Account is disabled',
    meaning: 'The account is disabled and takes no image requests.',
    remedy: 'Make it active again with PATCH /v1/accounts/{id}, or name another account.',
  },
  account_in_use: {
    status: 409,
    title: 'Account is in use',
    meaning: 'Image requests of the account are still open, so it cannot be deleted.',
    remedy: 'Cancel them or wait until they end, then delete the account.',
  },
  assume_role_unavailable: {
    status: 422,
    title: 'Roles cannot be assumed here',
    meaning: 'The service has no identity of its own to assume roles with.',
    remedy: 'Operators: set PLATFORM_SECRET_ID and PLATFORM_SECRET_KEY. Until then use a credential of type "static".',
  },
  body_too_large: {
    status: 413,
    title: 'Body is too large',
    meaning: 'A body may have at most 1 MiB.',
    remedy: 'Send less at once.',
  },
  credential_identity_mismatch: {
    status: 409,
    title: 'Credential belongs to someone else',
    meaning: 'The new credential is good, but belongs to another identity than the account.',
    remedy: 'Register that identity as an account of its own.',
  },
  credential_rejected: {
    status: 422,
    title: 'Credential was rejected',
    meaning:
      'Tencent Cloud refused the credential, or does not let the service assume the role; upstreamCode is its own reason.',
    remedy:
      'Check that the key exists, is enabled and belongs to the site that was named; of a role, that its trust policy asks for externalId (see docs/roles.md).',
  },
  expiry_too_late: {
    status: 403,
    title: 'Expiry is too late',
    meaning: 'A key cannot make one that outlives it; detail says how long it lives itself.',
    remedy: 'Give an expiresAt that is no later, or use a key that lives longer.',
  },
  headers_too_large: {
    status: 431,
    title: 'Headers are too large',
    meaning: 'The headers of the request are larger than the service reads.',
    remedy: 'Send fewer or shorter headers.',
  },
  image_name_in_use: {
    status: 409,
    title: 'Image name is in use',
    meaning: 'An open image request of the same account and region already bears the name; imageRequestId is its id.',
    remedy: 'Follow that request, wait until it ends, or choose another name.',
  },
  insufficient_scope: {
    status: 403,
    title: 'Scope is missing',
    meaning: 'The API key is good, but lacks the scope that the call needs; requiredScope names it.',
    remedy: 'Use a key that has the scope.',
  },
  internal_error: {
    status: 500,
    title: 'Internal error',
    meaning: 'Something went wrong on our side.',
    remedy: 'Try again; if it stays, report the requestId.',
  },
  invalid_api_key: {
    status: 401,
    title: 'API key is not valid',
    meaning: 'The API key is unknown, revoked or expired.',
    remedy: 'Send a key that is in force.',
  },
  invalid_cursor: {
    status: 400,
    title: 'Cursor is not valid',
    meaning: 'The cursor is not one that this list gave, or the place that it names is no longer kept.',
    remedy: 'Pass nextCursor of the previous page as it was, or start without a cursor.',
  },
  invalid_input: {
    status: 400,
    title: 'Input is not valid',
    meaning: 'One or more fields break a rule; errors names each by its JSON pointer. Nothing was accepted.',
    remedy: 'Correct every field named and send the request again.',
  },
  lanes_unavailable: {
    status: 503,
    title: 'Lanes cannot be read',
    meaning:
      'Redis, which holds the lanes, cannot be reached. Image requests are still accepted; none is called meanwhile.',
    remedy: 'Ask again after Retry-After.',
  },
  malformed_json: {
    status: 400,
    title: 'Body is not JSON',
    meaning: 'The body cannot be read as JSON in UTF-8.',
    remedy: 'Check quotes, commas and brackets.',
  },
  malformed_request: {
    status: 400,
    title: 'Request is malformed',
    meaning: 'The request breaks the rules of HTTP.',
    remedy: 'Check the URL and the headers.',
  },
  method_not_allowed: {
    status: 405,
    title: 'Method is not allowed',
    meaning: 'There is such a resource, but not for this method; Allow lists those there are.',
    remedy: 'Use one of them.',
  },
  missing_api_key: {
    status: 401,
    title: 'API key is missing',
    meaning: 'The call needs an API key.',
    remedy: 'Send it as "Authorization: Bearer <key>".',
  },
  not_cancelable: {
    status: 409,
    title: 'Image request cannot be canceled',
    meaning: 'Only a queued image request can be canceled; this one is with the cloud already, or has ended.',
    remedy: 'Wait for its end; delete the image in the cloud if it is not wanted.',
  },
  not_found: {
    status: 404,
    title: 'Not found',
    meaning: 'There is no such object, or none that this tenant may see.',
    remedy: 'Check the id, and that the key belongs to the right tenant.',
  },
  not_ready: {
    status: 503,
    title: 'Not ready',
    meaning: 'A part that the service needs does not answer; checks says which.',
    remedy: 'Wait for it; the operators see the same.',
  },
  not_retryable: {
    status: 409,
    title: 'Image request cannot be retried',
    meaning: 'Only a failed image request can be retried.',
    remedy: 'Order the image anew.',
  },
  request_timeout: {
    status: 408,
    title: 'Request took too long to arrive',
    meaning: 'The request was not complete in time.',
    remedy: 'Send it again.',
  },
  route_not_found: {
    status: 404,
    title: 'No such route',
    meaning: 'Nothing is served under this path.',
    remedy: 'See /docs for what there is.',
  },
  scope_not_held: {
    status: 403,
    title: 'Scope cannot be given',
    meaning: 'A key cannot give a new key scopes that it lacks itself.',
    remedy: 'Ask for fewer scopes, or use a key that has them.',
  },
  streams_unavailable: {
    status: 503,
    title: 'No event stream can be opened',
    meaning: 'The gateway has as many event streams open as it takes, or it is stopping.',
    remedy: 'Try again after the time that Retry-After gives; GET /v1/events can be read meanwhile.',
  },
  tenant_suspended: {
    status: 403,
    title: 'Tenant is suspended',
    meaning: 'The operators have suspended the tenant; none of its keys opens anything.',
    remedy: 'Ask the operators.',
  },
  too_many_failures: {
    status: 429,
    title: 'Too many failures',
    meaning:
      "Twenty unknown API keys came from this address within a minute; until it is over only tenants' keys in force are answered.",
    remedy: 'Try again after the time that Retry-After gives, with the right key.',
  },
  too_many_streams: {
    status: 429,
    title: 'Too many event streams',
    meaning: 'The tenant has as many event streams open on this gateway as it may have.',
    remedy: 'Close streams that nobody needs, or share one; else try again after the time that Retry-After gives.',
  },
  unavailable: {
    status: 503,
    title: 'Service is unavailable',
    meaning: 'A part that the service needs does not answer at the moment.',
    remedy: 'Try again after the time that Retry-After gives.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'Content type is not supported',
    meaning: 'A body must be sent as application/json.',
    remedy: 'Set Content-Type to application/json.',
  },
  upstream_unavailable: {
    status: 503,
    title: 'Tencent Cloud cannot be asked',
    meaning: 'Tencent Cloud gave no answer, so nothing was changed.',
    remedy: 'Try again after the time that Retry-After gives.',
  },
  uri_too_long: {
    status: 414,
    title: 'URL is too long',
    meaning: 'The URL, or a part of its path, is longer than the service reads.',
    remedy: 'Check the ids in the path.',
  },
  webhook_endpoint_deleted: {
    status: 409,
    title: 'Webhook endpoint deleted',
    meaning: 'The delivery is on record, but its endpoint was deleted.',
    remedy: 'Make an endpoint with POST /v1/webhook-endpoints, and have events sent to it with its /replay.',
  },
  webhook_endpoint_disabled: {
    status: 409,
    title: 'Webhook endpoint is disabled',
    meaning: 'A disabled endpoint is sent nothing, not even a test.',
    remedy: 'Enable it with PATCH /v1/webhook-endpoints/{id} first.',
  },
  webhook_url_forbidden: {
    status: 422,
    title: 'Webhook URL may not be called',
    meaning:
      'The URL leads to an address or port that this service does not call, such as a private one; detail says why.',
    remedy: 'Use a public https URL, or ask the operators to allow the network or the port.',
  },
} as const satisfies Readonly<Record<string, ProblemType>>;

export type ProblemCode = keyof typeof PROBLEM_TYPES;
