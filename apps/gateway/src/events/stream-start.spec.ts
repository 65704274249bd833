import { newId } from '#libs/ids';
import { streamStart } from './stream-start.js';

const [seen, named] = [newId('evt'), newId('evt')];

describe('streamStart', () => {
  it.each([
    ['begins now without a place', undefined, undefined, 'now'],
    ['begins behind the event of the query', undefined, named, named],
    ['prefers the header, which a browser sends when it comes back', seen, named, seen],
    ['takes an empty header for none', '', named, named],
    ['knows the place before all events', undefined, 'start', 'start'],
    ['gives it back to who was sent it as an id', 'start', named, 'start'],
  ])('%s', (_what, header, after, start) => {
    expect(streamStart(header, after)).toBe(start);
  });

  it.each([
    ['nonsense', undefined, 'Last-Event-ID'],
    [newId('ireq'), undefined, 'Last-Event-ID'],
    ['now', undefined, 'Last-Event-ID'],
    [undefined, '', '?after'],
    [undefined, 'evt_x', '?after'],
  ])('refuses what is no id of an event: %p, %p', (header, after, pointer) => {
    const refused = (): unknown => {
      try {
        return streamStart(header, after);
      } catch (error) {
        return error;
      }
    };
    expect(refused()).toMatchObject({ extensions: { errors: [{ pointer, code: 'malformed' }] } });
  });
});
