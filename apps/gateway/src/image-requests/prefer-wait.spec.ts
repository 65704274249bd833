import { preferredWaitSeconds } from './prefer-wait.js';

describe('preferredWaitSeconds', () => {
  it.each([
    ['wait=30', 30],
    ['respond-async, wait=10', 10],
    ['WAIT = "5" ; foo', 5],
    ['wait=0', 0],
    ['wait=3600', 60],
    [['return=minimal', 'wait=7'], 7],
    ['wait', null],
    ['wait=soon', null],
    ['wait=-1', null],
    ['await=5', null],
    ['', null],
    [undefined, null],
  ])('reads %j as %j', (prefer, seconds) => {
    expect(preferredWaitSeconds(prefer)).toBe(seconds);
  });
});
