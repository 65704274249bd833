/** A control call that cannot be done, with words for whoever wrote the test. */
export class ControlError extends Error {
  constructor(
    readonly status: 400 | 403 | 404 | 405,
    message: string,
  ) {
    super(message);
  }
}
