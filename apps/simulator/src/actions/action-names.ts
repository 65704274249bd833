/** Calls a second that the cloud documents for each action the simulator knows. */
export const ACTION_LIMITS = {
  CreateImage: 10,
  DescribeImages: 40,
  DescribeInstances: 40,
  DeleteImages: 10,
  GetCallerIdentity: 20,
  AssumeRole: 600,
} as const;

export type ActionName = keyof typeof ACTION_LIMITS;

export const ACTION_NAMES = Object.keys(ACTION_LIMITS) as ActionName[];

const STS_ACTIONS: readonly string[] = ['GetCallerIdentity', 'AssumeRole'] satisfies ActionName[];

export const SERVICE_VERSIONS = { cvm: '2017-03-12', sts: '2018-08-13' } as const;

export type ServiceName = keyof typeof SERVICE_VERSIONS;

export function isActionName(text: string): text is ActionName {
  return Object.hasOwn(ACTION_LIMITS, text);
}

export function serviceOf(action: ActionName): ServiceName {
  return STS_ACTIONS.includes(action) ? 'sts' : 'cvm';
}
