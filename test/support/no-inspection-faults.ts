import { takeInspectionFaults } from '#libs/testing';

/** For programs that are run without jest, at their end: prints what the inspections found. True if that is nothing. */
export function noInspectionFaults(): boolean {
  const faults = takeInspectionFaults();
  for (const { message } of faults) process.stderr.write(`${message}\n`);
  return faults.length === 0;
}
