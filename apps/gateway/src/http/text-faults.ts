import type { InputFault } from '#libs/errors';

const DEPTH_MAX = 16;

/**
 * What no text of ours may hold, because PostgreSQL cannot keep it: the NUL character and halves of characters. Walks
 * without recursion and stops at a depth that no honest body has.
 */
export function textFaults(value: object, pointerOf: (path: readonly string[]) => string): readonly InputFault[] {
  const faults: InputFault[] = [];
  const waiting: { readonly node: object; readonly path: readonly string[] }[] = [{ node: value, path: [] }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.path.length > DEPTH_MAX)
      return [{ pointer: '', code: 'too_deep', detail: `must not be nested deeper than ${DEPTH_MAX} levels` }];
    for (const [name, member] of Object.entries(next.node) as [string, unknown][]) {
      const path = [...next.path, name];
      if (!isKeepable(name)) faults.push(fault(pointerOf(next.path)));
      else if (typeof member === 'string' && !isKeepable(member)) faults.push(fault(pointerOf(path)));
      if (typeof member === 'object' && member !== null) waiting.push({ node: member, path });
    }
  }
  return faults;
}

function fault(pointer: string): InputFault {
  return { pointer, code: 'malformed_text', detail: 'must not hold U+0000 or half a character' };
}

function isKeepable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000');
}
