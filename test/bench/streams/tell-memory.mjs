/** Loaded into the gateway that is measured: on SIGUSR2 it collects its garbage and tells what memory it then has. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

process.on('SIGUSR2', () => {
  collect();
  const { rss, heapUsed, external } = process.memoryUsage();
  process.stdout.write(`${JSON.stringify({ event: 'bench.memory', rss, heapUsed, external })}\n`);
});
