import { type PartName, Stack, StackStopped } from './stack.js';

function newStack() {
  const ended: string[] = [];
  const deaths: string[] = [];
  const stack = new Stack((part, exitCode) => deaths.push(`${part.name} ${exitCode}`));
  const part = (name: PartName, exited = new Promise<number>(() => undefined)) => ({
    name,
    exited,
    stop: () => Promise.resolve(ended.push(name)),
  });
  return { stack, part, ended, deaths };
}

describe('Stack', () => {
  it('stops each part before what it stands on, whatever came up first', async () => {
    const { stack, part, ended } = newStack();
    for (const name of ['Redis', 'worker', 'PostgreSQL', 'gateway', 'simulator'] as const) await stack.add(part(name));
    await stack.stop();

    expect(ended).toEqual(['gateway', 'worker', 'simulator', 'Redis', 'PostgreSQL']);
  });

  it('stops a part, too, that comes up while everything is being stopped', async () => {
    const { stack, part, ended } = newStack();
    await stack.stop();

    await expect(stack.add(part('worker'))).rejects.toThrow(StackStopped);
    expect(ended).toEqual(['worker']);
  });

  it('stops once, however often it is asked', async () => {
    const { stack, part, ended } = newStack();
    await stack.add(part('worker'));
    await Promise.all([stack.stop(), stack.stop()]);

    expect(ended).toEqual(['worker']);
  });

  it('tells of a part that dies unasked', async () => {
    const { stack, part, deaths } = newStack();
    await stack.add(part('worker', Promise.resolve(137)));
    await stack.stop();

    expect(deaths).toEqual(['worker 137']);
  });
});
