/**
 * Everything that must hold before a change goes in: `npm test`.
 *
 * Static checks run first, as many at once as there are cores to spare; then the tests, a kind at a time. End-to-end tests
 * run three files at a time, on two cores too: most of what they do is wait, and none measures speed. The first stage with a
 * fault is the last one to run. The last line
 * counts static checks and tests together: `N passed, N failed`.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const scratch = mkdtempSync(join(tmpdir(), 'check-'));
const running = new Set();

/** A test that fails may leave something open that keeps its runner alive; a run that can't end is a failed one. */
const STEP_LIMIT_MS = 20 * 60_000;
/** Slowest first, so that the short ones fill the gaps. */
const STATIC_CHECKS = ['build', 'unused', 'imports', 'format:check', 'lint'];
const TEST_KINDS = ['test:unit', 'test:integration', 'test:e2e'];

process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    for (const child of running) process.kill(-child.pid, signal);
    process.exitCode = 1;
    process.exit();
  });
}

const results = await runStages();
report(results);
process.exitCode = results.some((result) => result.failed > 0) ? 1 : 0;

async function runStages() {
  const done = await runStaticChecks();
  for (const kind of TEST_KINDS) {
    if (done.some((result) => result.failed > 0)) done.push({ name: kind, seconds: 0, passed: 0, failed: 0 });
    else done.push(await runTests(kind));
  }
  return done;
}

async function runStaticChecks() {
  const waiting = [...STATIC_CHECKS];
  const done = [];
  const lane = async () => {
    for (let name = waiting.shift(); name; name = waiting.shift()) done.push(await runStaticCheck(name));
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, lane));
  return done;
}

async function runStaticCheck(name) {
  const { ok, seconds, output } = await npmRun(name);
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}`);
  if (!ok) console.log(output);
  return { name, seconds, passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
}

/** Takes the counts from jest's own report; a run that reports nothing, or no tests, is a failure. */
async function runTests(name) {
  const file = join(scratch, `${name.replace(':', '-')}.json`);
  console.log(`\n${name}`);
  const { ok, seconds } = await npmRun(name, ['--json', `--outputFile=${file}`], { live: true });
  const { passed, failed, faults } = readCounts(file);
  for (const fault of faults) console.log(`FAIL ${name}: ${fault}`);
  const unexplained = !ok && failed + faults.length === 0 ? 1 : 0;
  return { name, seconds, passed, failed: failed + faults.length + unexplained };
}

function readCounts(file) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 0, faults: ['jest left no report'] };
  }
  const left = report.numPendingTests + report.numTodoTests;
  const faults = [];
  if (report.numTotalTests === 0) faults.push('no tests ran');
  if (report.numRuntimeErrorTestSuites > 0) faults.push(`${report.numRuntimeErrorTestSuites} files could not run`);
  if (left > 0) faults.push(`${left} tests were skipped or left for later`);
  return { passed: report.numPassedTests, failed: report.numFailedTests, faults };
}

function npmRun(script, args = [], { live = false } = {}) {
  const startedAt = performance.now();
  const npmArgs = ['run', '--silent', script, ...(args.length > 0 ? ['--', ...args] : [])];
  const stdio = live ? 'inherit' : 'pipe';
  // A group of its own: npm and its shell pass no signal on, so whoever stops the run has to reach all of them at once.
  const env = { ...process.env, NODE_COMPILE_CACHE: join(scratch, 'compiled') };
  const child = spawn('npm', npmArgs, { cwd: root, detached: true, env, stdio: ['ignore', stdio, stdio] });
  running.add(child);
  let output = '';
  child.stdout?.on('data', (chunk) => (output += chunk));
  child.stderr?.on('data', (chunk) => (output += chunk));
  const overdue = setTimeout(() => {
    console.log(`FAIL ${script}: not done after ${STEP_LIMIT_MS / 60_000} minutes`);
    process.kill(-child.pid, 'SIGKILL');
  }, STEP_LIMIT_MS);
  return new Promise((resolve) => {
    const end = (ok) => {
      clearTimeout(overdue);
      running.delete(child);
      resolve({ ok, output, seconds: (performance.now() - startedAt) / 1000 });
    };
    child.once('error', (error) => {
      output += error.message;
      end(false);
    });
    child.once('close', (code) => end(code === 0));
  });
}

function report(results) {
  console.log('');
  for (const { name, seconds, passed, failed } of results) {
    const outcome = passed + failed === 0 ? 'not run' : `${passed} passed, ${failed} failed`;
    console.log(`${name.padEnd(18)}${`${seconds.toFixed(1)} s`.padStart(9)}   ${outcome}`);
  }
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  console.log(`\n${sum('passed')} passed, ${sum('failed')} failed`);
}
