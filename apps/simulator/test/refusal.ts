import { ApiError } from '../src/api-error.js';

/** The API code that an action refuses with; null when it does not refuse. Anything but a refusal is thrown on. */
export function refusalOf(action: () => unknown): string | null {
  try {
    action();
    return null;
  } catch (error) {
    if (error instanceof ApiError) return error.code;
    throw error;
  }
}
