import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
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
