/** A refusal in the cloud's own words. Whatever throws it, the caller reads it as `Response.Error` in an HTTP 200. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}
