import { readSettings, SettingsFault } from './settings.js';
import { startSimulator } from './simulator.js';

try {
  const simulator = await startSimulator(readSettings());
  const stop = () => void simulator.close().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  console.log(JSON.stringify({ event: 'simulator.listening', url: simulator.url }));
} catch (error) {
  stopWith(error);
}

/** One line for each thing that is wrong outside, such as a setting or a port in use; a bug keeps its stack. */
function stopWith(error: unknown): never {
  if (error instanceof SettingsFault) error.lines.forEach((line) => console.error(line));
  else if (error instanceof Error && 'syscall' in error) console.error(error.message);
  else throw error;
  process.exit(1);
}
