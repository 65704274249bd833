import { withoutKeys } from './without-keys.js';

describe('withoutKeys', () => {
  it.each([
    [`curl/8.5 (cvmk_${'a'.repeat(43)})`, 'curl/8.5 ([secret])'],
    [`key=cvmk_${'A_-9'.repeat(10)}abc; next`, 'key=[secret]; next'],
    [`whsec_${'Ab+/'.repeat(8)}=`, '[secret]'],
    ['AKIDz8krbsJ5yKBZQpn74WFkmLPx3gnPhESA and IKIDz8krbsJ5yKBZQpn74WFkmLPx3gnPhESB', '[secret] and [secret]'],
  ])('leaves out the keys of %p', (text, told) => {
    expect(withoutKeys(text)).toBe(told);
  });

  it.each([
    'Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0',
    'cvmk_a1b2c3d-successor',
    'wikidata-backup-2024',
    'nikidevelopment-nightly',
    'ci-run-4711',
    '',
  ])('leaves %p as it is', (text) => {
    expect(withoutKeys(text)).toBe(text);
  });
});
