import { InvalidInput } from '#libs/errors';
import { bodyPointer, unknownField } from './input-faults.js';

/** For routes that take no body: none, or an object without fields, as many clients send one anyway. */
export function refuseFields(body: unknown): void {
  if (body === undefined) return;
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new InvalidInput([{ pointer: '', code: 'wrong_type', detail: 'must be a JSON object without fields' }]);
  const faults = Object.keys(body).map((field) => unknownField(bodyPointer([field])));
  if (faults.length > 0) throw new InvalidInput(faults);
}
