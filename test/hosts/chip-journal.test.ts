import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openJournal } from '../../src/hosts/chip-host/journal.ts';

const folder = mkdtempSync(join(tmpdir(), 'cinnabar-journal-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function filled(name: string): string {
  const path = join(folder, name);
  const journal = openJournal(path);
  journal.put('key:b', Uint8Array.of(1, 2));
  journal.put('key:a', { n: 1, at: [Uint8Array.of(3)] });
  journal.put('log:1', 'one');
  journal.commit();
  journal.put('key:b', Uint8Array.of(9));
  journal.delete('log:1');
  journal.commit();
  journal.close();
  return path;
}

it('E1: what was committed is there after a restart, in the order of its keys', () => {
  const journal = openJournal(filled('plain'));
  expect(journal.list('key:')).toEqual([
    ['key:a', { n: 1, at: [Uint8Array.of(3)] }],
    ['key:b', expect.objectContaining({ 0: 9 })],
  ]);
  expect(journal.get('log:1')).toBeUndefined();
  expect([...journal.list('key:', 1)]).toHaveLength(1);
  journal.put('key:c', 1);
  expect([...journal.list('key:')]).toHaveLength(3);
  journal.close();
});

it('E2: cut off anywhere in the last commit, the journal opens as it was before it', () => {
  const whole = readFileSync(filled('cut'));
  const first = 12 + whole.readUInt32BE(0);
  for (let length = first; length < whole.length; length++) {
    const path = join(folder, 'cut');
    writeFileSync(path, whole);
    truncateSync(path, length);
    const journal = openJournal(path);
    expect(journal.get('log:1')).toBe('one');
    expect(journal.get('key:b')).toEqual(expect.objectContaining({ 0: 1, 1: 2 }));
    journal.close();
  }
});

it('E2: damage before the last commit is not passed over', () => {
  const path = filled('damaged');
  const whole = readFileSync(path);
  whole[30] = (whole[30] ?? 0) ^ 1;
  writeFileSync(path, whole);
  expect(() => openJournal(path)).toThrow('damaged at byte 0');
});

it('E2: a journal that is written over and over stays small and keeps what it holds', () => {
  const path = join(folder, 'worn');
  const journal = openJournal(path, { compactLeast: 4_096 });
  let largest = 0;
  for (let i = 0; i < 400; i++) {
    journal.put(`key:${i % 7}`, new Uint8Array(100).fill(i));
    if (i % 5 === 0) journal.delete(`key:${(i + 3) % 7}`);
    journal.commit();
    largest = Math.max(largest, journal.size());
  }
  const held = [...journal.list('')];
  expect(journal.size()).toBe(statSync(path).size);
  // Some 7 values of about 130 bytes: nothing but the lower bound and one commit more.
  expect(largest).toBeLessThan(4_096 + 500);
  journal.close();
  const again = openJournal(path);
  expect([...again.list('')]).toEqual(held);
  again.close();
});

it('E2: what was deleted is not in the file any more once it was written anew', () => {
  const path = join(folder, 'forgetful');
  const journal = openJournal(path);
  journal.put('secret', 'the-joined-key');
  journal.put('kept', 'something else');
  journal.commit();
  journal.delete('secret');
  journal.compact();
  const bytes = readFileSync(path).toString('latin1');
  expect(bytes).not.toContain('the-joined-key');
  expect(bytes).toContain('something else');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  journal.put('after', 1);
  journal.commit();
  journal.close();
  const again = openJournal(path);
  expect([...again.list('')].map(([key]) => key)).toEqual(['after', 'kept']);
  again.close();
});

it('E2: killed while it was written anew, at any byte, the journal is as before', () => {
  const path = filled('interrupted');
  const before = readFileSync(path);
  const journal = openJournal(path);
  const held = [...journal.list('')];
  journal.compact();
  journal.close();
  const anew = readFileSync(path);
  expect(anew.length).toBeLessThan(before.length);
  for (let length = 0; length <= anew.length; length += 7) {
    writeFileSync(path, before);
    writeFileSync(`${path}.new`, anew.subarray(0, length));
    const opened = openJournal(path);
    expect([...opened.list('')]).toEqual(held);
    expect(existsSync(`${path}.new`)).toBe(false);
    opened.close();
  }
});
