import { mkdir } from 'node:fs/promises';
import colors from 'picocolors';
import { banner } from './banner.js';
import { lockFolder } from './folder-lock.js';
import { LocalStack } from './local-stack.js';
import { readLocalSettings } from './local-settings.js';
import { onStopRequest } from './stop-request.js';
import { type Part, Stack, StackStopped } from './stack.js';

const print = (line: string): void => console.log(line);

const stack = new Stack((part, exitCode) => void fail(deathOf(part, exitCode)));
onStopRequest({
  first: () => void end(0, colors.dim('Stopping; Ctrl-C again to force.')),
  second: () => {
    stack.kill();
    // Databases are not cut short: the reaper stops them in good order once we are gone.
    process.exit(130);
  },
});

try {
  const settings = readLocalSettings(process.env);
  await mkdir(settings.directory, { recursive: true });
  lockFolder(settings.directory);
  const facts = await new LocalStack(settings, stack, print, colors).start();
  print(banner(facts, colors));
} catch (error) {
  if (!(error instanceof StackStopped)) await fail(error instanceof Error ? error.message : String(error));
}

async function fail(words: string): Promise<void> {
  // What dies while everything is being stopped is no news.
  if (stack.isStopping) return;
  print(`${colors.red('✗')} ${words}`);
  await end(1, colors.dim('Stopping everything.'));
}

async function end(exitCode: number, words: string): Promise<void> {
  print(words);
  await stack.stop();
  process.exit(exitCode);
}

function deathOf(part: Part, exitCode: number): string {
  const lines = part.log ? `; the last lines of ${part.log.path}:\n${part.log.lastLines()}` : '';
  return `${part.name} ended unexpectedly with exit code ${exitCode}${lines}`;
}
