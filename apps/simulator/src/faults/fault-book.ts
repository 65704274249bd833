import { SeededRandom } from '../random.js';
import { familyOf, type AnswerFault, type Fault, type FaultMatch, type FaultRule } from './fault.js';

export interface FaultTarget {
  action: string;
  imageName: string | null;
  instanceId: string | null;
  host: string;
  secretId: string;
  uin: string;
}

/** What strikes one call: of each family the first rule that fires, in the order in which the rules were posted. */
export interface Strike {
  image: Extract<Fault, { kind: 'create-failed' | 'invisible' }>[];
  delay: Extract<Fault, { kind: 'delay' }> | null;
  answer: AnswerFault | null;
  kinds: string[];
}

export interface FaultEntry extends FaultRule {
  id: number;
  /** Matching calls so far. */
  seen: number;
  /** Calls struck so far. */
  fired: number;
}

interface ArmedRule {
  entry: FaultEntry;
  random: SeededRandom;
}

/** Rules count only calls that passed the gateway, each draws from a stream of its own: the same seed and order of calls strike the same calls. */
export class FaultBook {
  private rules: ArmedRule[] = [];
  private lastId = 0;

  constructor(private readonly seed: number) {}

  add(rule: FaultRule): FaultEntry {
    this.lastId += 1;
    const entry = { ...rule, id: this.lastId, seen: 0, fired: 0 };
    this.rules.push({ entry, random: new SeededRandom(this.seed + 7919 * this.lastId) });
    return entry;
  }

  all(): FaultEntry[] {
    return this.rules.map((rule) => rule.entry);
  }

  clear(): void {
    this.rules = [];
  }

  strike(target: FaultTarget): Strike {
    const image = ['create-failed', 'invisible'].map((kind) =>
      this.firstToFire(target, (fault) => fault.kind === kind),
    );
    const delay = this.firstToFire(target, (fault) => familyOf(fault) === 'timing');
    const answer = this.firstToFire(target, (fault) => familyOf(fault) === 'answer');
    const struck = [...image, delay, answer].filter((fault) => fault !== null);
    return {
      image: image.filter((fault) => fault !== null) as Strike['image'],
      delay: delay as Strike['delay'],
      answer: answer as Strike['answer'],
      kinds: struck.map((fault) => fault.kind),
    };
  }

  private firstToFire(target: FaultTarget, isWanted: (fault: Fault) => boolean): Fault | null {
    const fired = this.rules.find((rule) => isWanted(rule.entry.effect) && matches(rule.entry, target) && fires(rule));
    return fired?.entry.effect ?? null;
  }
}

function fires({ entry, random }: ArmedRule): boolean {
  if (entry.times !== undefined && entry.fired >= entry.times) return false;
  entry.seen += 1;
  if (entry.seen <= entry.skip) return false;
  if (entry.share < 1 && random.next() >= entry.share) return false;
  entry.fired += 1;
  return true;
}

function matches({ match, effect }: FaultRule, target: FaultTarget): boolean {
  if (familyOf(effect) === 'image' && target.action !== 'CreateImage') return false;
  const { imageName, ...exact } = match;
  if (imageName !== undefined && !nameMatches(imageName, target.imageName)) return false;
  return Object.entries(exact).every(
    ([name, wanted]) => wanted === undefined || wanted === target[name as keyof Omit<FaultMatch, 'imageName'>],
  );
}

function nameMatches(pattern: string, name: string | null): boolean {
  if (name === null) return false;
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
