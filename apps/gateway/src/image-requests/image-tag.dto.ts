import { ApiProperty } from '@nestjs/swagger';
import { IsDefined } from 'class-validator';
import { Rule, type RuleFault, textRule } from '../http/rules.js';

const TAGS_MAX = 50;
const RESERVED = /^(?:qcs:|project)/;

/** Of some length, with no space at either end: the cloud would refuse it. */
function TagText(max: number): PropertyDecorator {
  return Rule('tagText', (value) => {
    const faults = textRule(value, { min: 1, max });
    if (typeof value !== 'string' || faults.length > 0 || value === value.trim()) return faults;
    return [{ code: 'malformed', detail: 'must not begin or end with a space' }];
  });
}

function NotReserved(): PropertyDecorator {
  return Rule('notReserved', (key) =>
    typeof key === 'string' && RESERVED.test(key)
      ? [{ code: 'reserved', detail: 'must not begin with "qcs:" or "project"' }]
      : [],
  );
}

export class ImageTagBody {
  @ApiProperty({ minLength: 1, maxLength: 127, example: 'team' })
  @IsDefined()
  @TagText(127)
  @NotReserved()
  key!: string;

  @ApiProperty({ minLength: 1, maxLength: 255, example: 'build' })
  @IsDefined()
  @TagText(255)
  value!: string;
}

/** What concerns the tags together: how many, and that no key is there twice. */
export function TagList(): PropertyDecorator {
  return Rule('tagList', (tags) => {
    if (!Array.isArray(tags)) return [{ code: 'wrong_type', detail: 'must be a list' }];
    if (tags.length > TAGS_MAX) return [{ code: 'too_many', detail: `must have at most ${TAGS_MAX} items` }];
    const keys = tags.map((tag: unknown) => (tag as Partial<ImageTagBody> | null)?.key);
    return keys.flatMap((key, index): RuleFault[] => {
      if (typeof key !== 'string' || keys.indexOf(key) === index) return [];
      return [{ at: [String(index), 'key'], code: 'duplicate', detail: 'is the key of another tag already' }];
    });
  });
}
