import { newId } from '#libs/ids';
import { cursorAfter, cursorBehind, idAfter, positionBehind } from './cursor.js';
import { InvalidCursor } from './http.errors.js';
import { pageOf } from './page.js';

describe('A cursor', () => {
  it('leads on from where it was given', () => {
    const id = newId('acc');

    expect(idAfter('acc', cursorAfter(id))).toBe(id);
    expect(positionBehind(cursorBehind(42))).toBe(42);
  });

  it('is not needed to begin', () => {
    expect(idAfter('acc', undefined)).toBeNull();
    expect(positionBehind(undefined)).toBe(0);
  });

  it.each([
    ['nothing', ''],
    ['words', 'nonsense'],
    ['an id as it is', newId('acc')],
    ['one of another list', cursorAfter(newId('ireq'))],
    ['one of another order', cursorBehind(42)],
    ['one with something behind it', `${cursorAfter(newId('acc'))}=`],
    ['one of no id', Buffer.from('after:acc_x').toString('base64url')],
  ])('is refused when it is %s', (_what, cursor) => {
    expect(() => idAfter('acc', cursor)).toThrow(InvalidCursor);
  });

  it.each([cursorAfter(newId('acc')), cursorBehind(-1), cursorBehind(0.5), cursorBehind(2 ** 60), 'MQ'])(
    'is refused as a position when it is %p',
    (cursor) => {
      expect(() => positionBehind(cursor)).toThrow(InvalidCursor);
    },
  );
});

describe('A page', () => {
  const page = (rows: readonly number[], limit: number) => pageOf(rows, limit, String, (row) => `after ${row}`);

  it('has a next one only where there is more', () => {
    expect(page([1, 2, 3], 2)).toEqual({ data: ['1', '2'], nextCursor: 'after 2' });
    expect(page([1, 2], 2)).toEqual({ data: ['1', '2'], nextCursor: null });
    expect(page([], 2)).toEqual({ data: [], nextCursor: null });
  });
});
