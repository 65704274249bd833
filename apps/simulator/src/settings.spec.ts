import { readSettings, SettingsFault } from './settings.js';

const ACCOUNT = { uin: '1', userId: '2', secretId: 'AKID1', secretKey: 'hush' };

function faultsOf(environment: NodeJS.ProcessEnv): string[] {
  try {
    readSettings(environment);
  } catch (error) {
    if (error instanceof SettingsFault) return error.lines;
  }
  return [];
}

describe('readSettings', () => {
  it('has a default for everything', () => {
    expect(readSettings({})).toEqual({ host: '127.0.0.1', port: 9100 });
  });

  it('reads every variable', () => {
    const environment = {
      SIMULATOR_HOST: '0.0.0.0',
      SIMULATOR_PORT: '0',
      SIMULATOR_SEED: '7',
      SIMULATOR_IMAGE_DURATION_MS: '10',
      SIMULATOR_ACCOUNTS: JSON.stringify([ACCOUNT]),
    };

    expect(readSettings(environment)).toEqual({
      host: '0.0.0.0',
      port: 0,
      seed: 7,
      imageDurationMs: 10,
      accounts: [ACCOUNT],
    });
  });

  it('names every bad one at once, and repeats no secret', () => {
    const faults = faultsOf({
      SIMULATOR_PORT: '70000',
      SIMULATOR_SEED: 'x',
      SIMULATOR_ACCOUNTS: JSON.stringify([{ ...ACCOUNT, userId: 2 }]),
    });

    expect(faults).toEqual([
      'SIMULATOR_PORT must lie between 0 and 65535',
      'SIMULATOR_SEED must be a number',
      'SIMULATOR_ACCOUNTS[0].userId must be a non-empty string',
    ]);
    expect(faults.join()).not.toContain('hush');
  });
});
