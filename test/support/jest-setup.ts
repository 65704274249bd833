import { openDatabases, takeInspectionFaults } from '#libs/testing';
import { checkEvents } from './check-events.js';

// In every file that has real servers. A test can neither forget the check nor get round it: see `openDatabases`.
checkEvents();

afterAll(() => {
  const faults = [...takeInspectionFaults()];
  if (openDatabases() > 0) faults.push(new Error('a database is left behind, and what is in it was not inspected'));
  if (faults.length > 0) throw new Error(faults.map(({ message }) => message).join('\n\n'));
});
