import { stripVTControlCharacters } from 'node:util';
import type { Colors } from 'picocolors/types.js';
import type { ReceivedEvent } from './received-event.js';

/** One line for the terminal. What callers chose is stripped of control characters: they could rewrite the screen. */
export function eventLine(event: ReceivedEvent, colors: Colors): string {
  const mark = event.verified ? colors.green('✓') : colors.red('✗');
  const words = [event.subject, event.imageId, event.imageName].filter(Boolean).map(printable);
  const warning = event.refusal ? [colors.red(`not verified: ${printable(event.refusal)}`)] : [];
  return [mark, toned(event.type, colors), ...words, ...warning].join(' ');
}

function toned(type: string, colors: Colors): string {
  const text = printable(type);
  if (type.endsWith('.succeeded')) return colors.bold(colors.green(text));
  if (/\.(failed|disabled|credential_rejected)$/.test(type)) return colors.bold(colors.red(text));
  return colors.blue(text);
}

function printable(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\p{Cc}/gu, ' ');
}
