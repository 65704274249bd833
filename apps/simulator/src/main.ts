import { readSettings, SettingsFault } from './settings.js';
import { startSimulator } from './simulator.js';

try {
  const simulator = await startSimulator(readSettings());
  const stop = () => void simulator.close().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  console.log(JSON.stringify({ event: 'simulator.listening', url: simulator.url }));
} catch (error) {
  if (!(error instanceof SettingsFault)) throw error;
  error.lines.forEach((line) => console.error(line));
  process.exit(1);
}
