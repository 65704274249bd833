import { BadSettings, readSettings } from './read-settings.js';

/** Reads the process's own environment; a bad one ends the process with one line for each fault, before it listens. */
export function loadSettings<Settings extends object>(settingsClass: new () => Settings): Settings {
  try {
    return readSettings(settingsClass, process.env);
  } catch (error) {
    if (!(error instanceof BadSettings)) throw error;
    process.stderr.write(`${error.faults.join('\n')}\n`);
    process.exit(78);
  }
}
