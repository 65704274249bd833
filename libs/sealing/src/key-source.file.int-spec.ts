import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { type Log, type LogLine, SilentLog } from '#libs/logging';
import { Secret } from '#libs/secret';
import { KeyRing, MasterKeyMissing } from './key-ring.js';
import { keySourceContract } from './key-source.contract.js';
import { FileKeySource } from './key-source.file.js';
import { KeySourceFault } from './master-key.js';
import { Sealer } from './sealer.js';

describe('FileKeySource', () => {
  const [one, other] = [0, 1].map(() => randomBytes(32).toString('base64')) as [string, string];
  let folder: string;
  let files = 0;

  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'key-source-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  function fileOf(content: string | Buffer, mode = 0o600): string {
    const path = join(folder, `keys-${++files}`);
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  }

  const idsIn = (path: string): readonly string[] => new FileKeySource(path).read().map(({ id }) => id);

  keySourceContract((text) => new FileKeySource(fileOf(text)));

  it('takes one key a line, comments, any line ends, and the mark that some editors put first', () => {
    expect(idsIn(fileOf(`\uFEFF# the ring\r\nk2:${one} # since May\n\n  \nk1:${other}\r`))).toEqual(['k2', 'k1']);
  });

  it.each([
    [`# ring\nk1:${one}\nk2:short\n`, 'line 3 must be 32 bytes in base64'],
    [`k1:${one}\nk2:${other}, k3\n`, 'line 2, key 2, must be id:base64'],
    ['# nothing but words\n', 'must name at least one key'],
  ])('says in which line what does not fit: %p', (content, words) => {
    expect(() => idsIn(fileOf(content))).toThrow(words);
  });

  it.each([0o644, 0o640, 0o604, 0o620, 0o601, 0o777])('refuses mode %o, with the mode and the command', (mode) => {
    const path = fileOf(`k1:${one}`, mode);
    const read = () => idsIn(path);

    expect(read).toThrow(KeySourceFault);
    expect(read).toThrow(`its mode is ${mode.toString(8).padStart(4, '0')}: run chmod 600 ${path}`);
  });

  it('follows the links of a mounted secret: what they lead to counts, and so does what it is replaced by', () => {
    const mount = join(folder, 'mount');
    const put = (version: string, content: string, mode: number): void => {
      mkdirSync(join(mount, version), { recursive: true });
      writeFileSync(join(mount, version, 'keys'), content);
      chmodSync(join(mount, version, 'keys'), mode);
      symlinkSync(version, join(mount, '..data_tmp'));
      renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
    };
    put('..2026_1', `k1:${one}`, 0o400);
    const path = join(mount, 'keys');
    symlinkSync('..data/keys', path);
    const source = new FileKeySource(path);

    expect(source.read().map(({ id }) => id)).toEqual(['k1']);
    put('..2026_2', `k2:${other}\nk1:${one}`, 0o400);
    expect(source.read().map(({ id }) => id)).toEqual(['k2', 'k1']);
    put('..2026_3', `k2:${other}`, 0o444);
    expect(() => source.read()).toThrow('its mode is 0444');
  });

  it.each([
    ['nothing', () => join(folder, 'nothing'), 'names a file that does not exist'],
    ['a folder', () => folder, 'must name a regular file'],
    ['a relative path', () => 'keys', 'must be an absolute path'],
    ['the keys themselves', () => `k1:${one}`, 'must be an absolute path'],
    ['a link to itself', () => (symlinkSync('loop', join(folder, 'loop')), join(folder, 'loop')), 'cannot be opened'],
    ['a file that is too large', () => fileOf('#'.repeat(64 * 1024 + 1)), 'more than 64 KiB'],
    ['a file that is not UTF-8', () => fileOf(Buffer.from([0x6b, 0xff, 0xfe])), 'not UTF-8'],
  ])('refuses %s, without a word of what it was given', (_what, path, words) => {
    const given = path();
    const read = () => new FileKeySource(given).read();

    expect(read).toThrow(KeySourceFault);
    expect(read).toThrow(words);
    try {
      read();
    } catch (error) {
      expect((error as Error).message).not.toContain(one);
    }
  });

  it('does not wait at a pipe for somebody to write', () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);

    expect(() => idsIn(pipe)).toThrow('must name a regular file');
  });

  it('shows its path and nothing else', () => {
    const path = fileOf(`k1:${one}`);
    const source = new FileKeySource(path);
    source.read();

    expect(JSON.stringify({ source })).toBe(JSON.stringify({ source: path }));
    expect(inspect(source, { depth: null, showHidden: true })).not.toContain(one);
  });

  describe('followed by a ring', () => {
    const owner = ['ten_1', 'acc_1', 'secretKey', '1'];
    const told: LogLine[] = [];
    const log: Log = Object.assign(new SilentLog(), {
      info: (line: LogLine) => void told.push(line),
      error: (line: LogLine) => void told.push(line),
    });
    const follow = (path: string) => new Sealer(KeyRing.following(new FileKeySource(path), log));
    const sealedBy = (line: string) =>
      new Sealer(new KeyRing(new FileKeySource(fileOf(line)).read())).seal(new Secret('value'), owner);

    beforeEach(() => told.splice(0));

    it('opens a box of a key that has come into the file since', () => {
      const path = fileOf(`k1:${one}`);
      const sealer = follow(path);
      const box = sealedBy(`k2:${other}`);

      expect(() => sealer.open(box, owner)).toThrow(new MasterKeyMissing('k2'));
      writeFileSync(path, `k1:${one}\nk2:${other}\n`);
      expect(sealer.open(box, owner).reveal()).toBe('value');
    });

    it('seals with whichever key is first in the file by then', () => {
      const path = fileOf(`k1:${one}\nk2:${other}`);
      const sealer = follow(path);

      expect(sealer.seal(new Secret('value'), owner).masterKeyId).toBe('k1');
      writeFileSync(path, `k2:${other}\nk1:${one}\n`);
      expect(sealer.seal(new Secret('value'), owner).masterKeyId).toBe('k2');
      expect(sealer.seal(new Secret('value'), owner).masterKeyId).toBe('k2');
      expect(told).toEqual([
        { event: 'master_keys.read', masterKeyIds: ['k1', 'k2'] },
        { event: 'master_keys.read', masterKeyIds: ['k2', 'k1'] },
      ]);
    });

    it('lets go of a key that is gone from the file once it has looked', () => {
      const path = fileOf(`k2:${other}\nk1:${one}`);
      const sealer = follow(path);
      const box = sealedBy(`k1:${one}`);
      writeFileSync(path, `k2:${other}\n`);
      sealer.seal(new Secret('value'), owner);

      expect(() => sealer.open(box, owner)).toThrow(new MasterKeyMissing('k1'));
    });

    it.each([
      ['half written', (path: string) => writeFileSync(path, 'k2:')],
      ['gone', (path: string) => rmSync(path)],
      ['open to others', (path: string) => chmodSync(path, 0o644)],
    ])('goes on with the keys it has while the file is %s, and tells', (_what, spoil) => {
      const path = fileOf(`k1:${one}`);
      const sealer = follow(path);
      spoil(path);

      expect(sealer.open(sealer.seal(new Secret('value'), owner), owner).reveal()).toBe('value');
      expect(told.at(-1)).toMatchObject({ event: 'master_keys.not_read' });
    });
  });
});
