export { AppError } from './app-error.js';
export type { ErrorKind } from './app-error.js';
export { InvalidInput } from './invalid-input.js';
export type { InputFault } from './invalid-input.js';
export { NotFound } from './not-found.js';
export { assertNever } from './assert-never.js';
