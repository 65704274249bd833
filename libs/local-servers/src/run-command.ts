import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** How to run a program: further arguments come after `args`. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export interface CommandResult {
  readonly succeeded: boolean;
  /** What it wrote to both streams, in order of arrival. */
  readonly output: string;
}

/** Runs a program to its end without a shell. One that cannot be started at all counts as failed, like any other. */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return { succeeded: code === 0, output };
  } catch (error) {
    return { succeeded: false, output: String(error) };
  }
}

/** Like `runCommand`, for a step that nothing can go on without. */
export async function mustRun(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { succeeded, output } = await runCommand(command, args, options);
  if (!succeeded) throw new Error(`${command} ${args[0] ?? ''} failed: ${lastLines(output, 5)}`);
  return output;
}

function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
