import type { TableUse } from './key-rotation.js';
import { rotationReport } from './rotation-report.js';

const use = (table: string, rows: Record<string, number>, more: Partial<TableUse> = {}): TableUse => ({
  table,
  rewrapped: 0,
  rowsByKey: new Map(Object.entries(rows)),
  keyless: [],
  refused: [],
  ...more,
});
const REMOVABLE = /No row needs k1 any more\. Once every process has k2 first in its ring, k1 can be removed\./;

describe('rotationReport', () => {
  it('says that the old key can be removed once no table needs it', () => {
    const { lines, faults } = rotationReport(
      ['k2', 'k1'],
      [use('credentials', { k2: 7 }, { rewrapped: 7 }), use('webhook_secrets', { k2: 2 })],
    );

    expect(lines.join('\n')).toMatch(REMOVABLE);
    expect(lines).toContain('credentials: 7 re-wrapped.');
    expect(faults).toEqual([]);
  });

  it.each([
    [{ k2: 7, k1: 1 }, { k2: 2 }, 'for 1 credentials'],
    [{ k2: 7 }, { k1: 2 }, 'for 2 webhook_secrets'],
    [{ k1: 7 }, { k1: 2 }, 'for 7 credentials and 2 webhook_secrets'],
  ])('never says so while any table needs it: %p, %p', (credentials, secrets, words) => {
    const { lines } = rotationReport(['k2', 'k1'], [use('credentials', credentials), use('webhook_secrets', secrets)]);
    const text = lines.join('\n');

    expect(text).not.toContain('can be removed');
    expect(text).toContain(`k1 is still needed, ${words}: keep it.`);
  });

  it('judges each older key on its own', () => {
    const text = rotationReport(['k3', 'k2', 'k1'], [use('credentials', { k3: 5, k2: 1 })]).lines.join('\n');

    expect(text).toContain('k2 is still needed, for 1 credentials: keep it.');
    expect(text).toContain('No row needs k1 any more.');
  });

  it('lists what uses which key, and the keys that the ring lacks', () => {
    const { lines } = rotationReport(['k2', 'k1'], [use('credentials', { k2: 12_345, k0: 3 })]);

    expect(lines.slice(0, 4)).toEqual([
      'table        key   rows',
      'credentials  k2   12345  current',
      'credentials  k1       0',
      'credentials  k0       3  not in the ring',
    ]);
  });

  it('names every row that could not be moved, and the key that it needs', () => {
    const { faults } = rotationReport(
      ['k2', 'k1'],
      [
        use('credentials', { k0: 1 }, { keyless: [{ name: 'acc_1 (version 2)', masterKeyId: 'k0' }] }),
        use('webhook_secrets', { k1: 1 }, { refused: [{ name: 'whe_1 (version 1)', masterKeyId: 'k1' }] }),
      ],
    );

    expect(faults).toEqual([
      'credentials: acc_1 (version 2) needs k0, which the ring does not hold',
      'webhook_secrets: whe_1 (version 1) was changed or moved and opens with no key',
    ]);
  });
});
