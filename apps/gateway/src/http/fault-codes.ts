/** Every `code` that an item of `errors` may have, and what it says of the field. */
export const FAULT_CODES = {
  blank: 'nothing but white space',
  conflict: 'does not go together with another field',
  control_character: 'contains a control character',
  duplicate: 'is there already',
  holds_key: 'holds what looks like a key or a secret',
  in_the_past: 'lies in the past',
  malformed: 'has another form than it must',
  malformed_text: 'contains U+0000 or half a character',
  not_found: 'names an object that is not there',
  required: 'is missing',
  reserved: 'is reserved for the cloud itself',
  too_deep: 'is nested too deep',
  too_few: 'has too few items',
  too_large: 'is too large a number',
  too_long: 'has too many characters',
  too_many: 'has too many items',
  too_short: 'has too few characters',
  too_small: 'is too small a number',
  unknown_field: 'is no field of this body or query',
  unknown_region: 'is no region that the service is set to',
  unknown_value: 'is none of the values that it may have',
  wrong_type: 'is of another type',
} as const;

export type FaultCode = keyof typeof FAULT_CODES;
