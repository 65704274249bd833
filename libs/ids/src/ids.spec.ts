import { waitFor } from '#libs/testing';
import { isId, newId, uuidOf } from './ids.js';

describe('ids', () => {
  it('sort by the time they were made', async () => {
    const earlier = newId('ireq');
    const madeAt = Date.now();
    await waitFor(() => Date.now() > madeAt, { intervalMs: 0 });
    const later = newId('ireq');

    expect([later, earlier].sort()).toEqual([earlier, later]);
  });

  it.each(['', 'ireq_', 'ireq_x', 'acc_01h455vb4pex5vsknk084sn02q', 'IREQ_01h455vb4pex5vsknk084sn02q', 5, null])(
    'does not take %p for the id of an image request',
    (value) => {
      expect(isId('ireq', value)).toBe(false);
    },
  );

  it('carries a UUID of version 7', () => {
    const id = newId('att');

    expect(isId('att', id)).toBe(true);
    expect(uuidOf(id)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
