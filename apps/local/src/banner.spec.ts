import { execFileSync } from 'node:child_process';
import pico from 'picocolors';
import { banner, curlLine } from './banner.js';

const facts = {
  gatewayUrl: 'http://127.0.0.1:3000',
  receiverUrl: 'http://127.0.0.1:3001',
  simulatorUrl: 'http://127.0.0.1:9100',
  databaseUrl: 'postgresql://postgres:pass@127.0.0.1:5555/postgres',
  redisUrl: 'redis://127.0.0.1:6666',
  logDirectory: '/somewhere/.local/logs',
  adminKey: 'admin_key',
  apiKey: 'demo_key',
  accountId: 'acc_1',
  startedInMs: 1234,
};

/** What curl would be given, as the shell itself takes the line apart. */
function argumentsOf(line: string): string[] {
  return execFileSync('sh', ['-c', line.replace(/^curl/, 'printf "%s\\n"')], { encoding: 'utf8' })
    .trimEnd()
    .split('\n');
}

describe('curlLine', () => {
  it('asks for an image of the demo account with the demo key', () => {
    expect(argumentsOf(curlLine(facts))).toEqual([
      '-sS',
      '-X',
      'POST',
      'http://127.0.0.1:3000/v1/image-requests',
      '-H',
      'Authorization: Bearer demo_key',
      '-H',
      'Content-Type: application/json',
      '-d',
      '{"accountId":"acc_1","region":"ap-guangzhou","instanceId":"ins-6pb6lrmy","imageName":"myImage"}',
    ]);
  });

  it('survives the shell whatever the key holds', () => {
    expect(argumentsOf(curlLine({ ...facts, apiKey: `a'b"$(id)` }))).toContain(`Authorization: Bearer a'b"$(id)`);
  });
});

describe('banner', () => {
  it('names every place and every key, and the line to begin with', () => {
    const text = banner(facts, pico.createColors(false));
    const { startedInMs, ...named } = facts;

    for (const fact of Object.values(named)) expect(text).toContain(fact);
    expect(text).toContain('http://127.0.0.1:3000/docs');
    expect(text.split('\n')).toContain(curlLine(facts));
    expect(text).toContain(`after ${(startedInMs / 1000).toFixed(1)} s`);
  });
});
