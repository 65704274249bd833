const DIFFERENT_CHARACTERS_MIN = 10;
const RANDOM_CHARACTERS_MIN = 16;
/** Of all groups of three characters in a row: a random text has hardly one of them twice. */
const DIFFERENT_GROUPS_MIN = 0.7;
/** Of all neighbours: in a random text about one pair in ten is next to each other in such a row, or twice the same. */
const ORDERLY_NEIGHBOURS_MAX = 0.5;

const ROWS = ['abcdefghijklmnopqrstuvwxyz', '01234567890', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm'];
const NEIGHBOURS = new Set(ROWS.flatMap(neighboursIn));

/** What people write for the time being; longer ones first, so that none is cut off by a shorter one. */
const WORDS = [
  'administrator changethis replaceme production changeme password passw0rd insecure',
  'default example letmein welcome service testing replace change please secret',
  'master access before images image admin token dummy super value local here',
  'test demo root user your this long pass word key api the for cvm my',
]
  .flatMap((line) => line.split(' '))
  .toSorted((one, other) => other.length - one.length);

/**
 * Why a text could be guessed, or null when nothing speaks against its being random. It finds what people put in for the
 * time being (a word over and over, "changeme…", rows of the alphabet or the keyboard); it cannot prove a text random.
 */
export function weaknessOf(text: string): string | null {
  if (new Set(text).size < DIFFERENT_CHARACTERS_MIN) return 'it repeats too few characters';
  if (shareOfDifferentGroups(text) < DIFFERENT_GROUPS_MIN) return 'it repeats itself';
  if (shareOfOrderlyNeighbours(text) > ORDERLY_NEIGHBOURS_MAX)
    return 'it follows the alphabet, the digits or a keyboard';
  if (withoutWords(text).length < RANDOM_CHARACTERS_MIN) return 'it is made of common words';
  return null;
}

function shareOfDifferentGroups(text: string): number {
  const groups = groupsOf(text, 3);
  return new Set(groups).size / groups.length;
}

function shareOfOrderlyNeighbours(text: string): number {
  const pairs = groupsOf(text.toLowerCase(), 2);
  const orderly = pairs.filter((pair) => pair[0] === pair[1] || NEIGHBOURS.has(pair));
  return orderly.length / pairs.length;
}

function withoutWords(text: string): string {
  const letters = text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  return WORDS.reduce((rest, word) => rest.replaceAll(word, ''), letters);
}

function groupsOf(text: string, length: number): string[] {
  return Array.from({ length: text.length - length + 1 }, (_, at) => text.slice(at, at + length));
}

/** Upwards and downwards. */
function neighboursIn(row: string): string[] {
  return groupsOf(row, 2).flatMap((pair) => [pair, [...pair].toReversed().join('')]);
}
