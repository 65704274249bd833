/**
 * What the cloud counts calls by: the host that a call arrives at, the identity that signs it (as sts:GetCallerIdentity
 * names it, not our account id: two accounts with keys of one sub-account share a lane), and the action.
 */
export interface Lane {
  readonly host: string;
  readonly uin: string;
  readonly userId: string;
  readonly action: 'CreateImage' | 'DescribeImages' | 'AssumeRole';
}

const ACTIONS: readonly string[] = ['CreateImage', 'DescribeImages', 'AssumeRole'] satisfies readonly Lane['action'][];

export function laneName(lane: Lane): string {
  return `${lane.host}|${lane.uin}|${lane.userId}|${lane.action}`;
}

/** Null for a name that this version does not know, such as one of an action that a newer one has. */
export function laneOfName(name: string): Lane | null {
  const [host, uin, userId, action] = name.split('|');
  if (host === undefined || uin === undefined || userId === undefined) return null;
  if (action === undefined || !isAction(action)) return null;
  return { host, uin, userId, action };
}

function isAction(text: string): text is Lane['action'] {
  return ACTIONS.includes(text);
}

/** One priority step is worth this much age, so that the lowest priority still moves while higher ones keep coming. */
const AGE_OF_A_PRIORITY_STEP_MS = 60_000;

/** The place in the lane: lower first. Priority counts as age, so nobody waits for ever. */
export function rankOf(waiter: { readonly priority: number; readonly createdAt: Date }): number {
  return waiter.createdAt.getTime() - waiter.priority * AGE_OF_A_PRIORITY_STEP_MS;
}
