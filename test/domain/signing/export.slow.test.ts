import { expect, test } from 'vitest';
import { exportDigest } from '../../../src/core/usage/export.ts';
import { verifyUsageExport } from '../../../src/core/usage/verify.ts';
import type { Random } from '../../../src/domain/ports.ts';
import { canonicalJson, type Json } from '../../../src/lib/canonical-json.ts';
import { seededRandom } from '../../helpers/time-and-chance.ts';
import { exportedUses, mutated } from '../../helpers/usage-export.ts';

interface Mutation {
  readonly text: string;
  /** The line that was touched, the head being 1. */
  readonly line: number;
}

type Mutate = (text: string, below: (end: number) => number) => Mutation;

/** What may be done to a file, and how often each is tried: 10,000 in all. */
const kinds: Readonly<Record<string, readonly [number, Mutate]>> = {
  'a byte changed': [4000, at((text, place, below) => mutated(text, place, below(95)))],
  'a byte left out': [1500, at((text, place) => text.slice(0, place) + text.slice(place + 1))],
  'a byte put in': [
    1500,
    at((text, place, below) => {
      const byte = String.fromCharCode(32 + below(95));
      return text.slice(0, place) + byte + text.slice(place);
    }),
  ],
  // By who knows the format: everything is canonical again, and the file's own digest fits.
  'a value of a record changed, and the file written anew': [2500, forgedRecord],
  'a value of the head changed, and the file written anew': [500, forgedHead],
};

test('C8: each of 10,000 mutations of an exported log is caught, and its line named', async () => {
  const { text, trust, nowMs } = await exportedUses(3);
  expect((await verifyUsageExport(text, trust, nowMs)).ok).toBe(true);
  const below = chooser(seededRandom(8));
  for (const [kind, [count, mutate]] of Object.entries(kinds)) {
    const tried = { caught: 0, named: 0 };
    for (let i = 0; i < count; i++) {
      const { text: changed, line } = mutate(text, below);
      const verdict = await verifyUsageExport(changed, trust, nowMs);
      if (!verdict.ok) tried.caught++;
      if (verdict.line === line) tried.named++;
    }
    expect({ kind, ...tried }).toEqual({ kind, caught: count, named: count });
  }
  expect(Object.values(kinds).reduce((sum, [count]) => sum + count, 0)).toBe(10_000);
});

function chooser(random: Random): (end: number) => number {
  return (end) => {
    const [a = 0, b = 0, c = 0] = random.bytes(3);
    return ((a << 16) | (b << 8) | c) % end;
  };
}

/** At a place inside a line: what becomes of line ends is the subject of the everyday test. */
function at(
  change: (text: string, place: number, below: (end: number) => number) => string,
): Mutate {
  return (text, below) => {
    for (;;) {
      const place = below(text.length);
      if (text[place] === '\n') continue;
      const changed = change(text, place, below);
      if (changed !== text) return { text: changed, line: text.slice(0, place).split('\n').length };
    }
  };
}

function forgedRecord(text: string, below: (end: number) => number): Mutation {
  const lines = linesOf(text);
  const i = 1 + below(lines.length - 1);
  changeLeaf(lines[i] as Json, below);
  return { text: written(lines), line: i + 1 };
}

/** Any member but the digest, which is made anew. */
function forgedHead(text: string, below: (end: number) => number): Mutation {
  const lines = linesOf(text);
  const head = lines[0] as Record<string, Json>;
  const name = ['checkpoint', 'format', 'from', 'records', 'status'][below(5)] ?? '';
  const changed = { [name]: head[name] as Json };
  changeLeaf(changed, below);
  lines[0] = { ...head, ...changed };
  return { text: written(lines), line: 1 };
}

const linesOf = (text: string): Json[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

function written([first, ...records]: readonly Json[]): string {
  const { sha256: _, ...head } = first as Parameters<typeof exportDigest>[0] & { sha256: string };
  const texts = [{ ...head, sha256: exportDigest(head) } as Json, ...records].map(canonicalJson);
  return `${texts.join('\n')}\n`;
}

/** Changes one value, however deep it lies. */
function changeLeaf(root: Json, below: (end: number) => number): void {
  const places: [Record<string, Json>, string][] = [];
  const walk = (node: Json) => {
    if (typeof node !== 'object' || node === null) return;
    for (const [name, value] of Object.entries(node)) {
      if (typeof value === 'object' && value !== null) walk(value);
      else places.push([node as Record<string, Json>, name]);
    }
  };
  walk(root);
  const [holder, name] = places[below(places.length)] ?? [];
  if (!holder || name === undefined) throw new Error('nothing to change');
  holder[name] = otherValue(holder[name] as Json, below);
}

function otherValue(value: Json, below: (end: number) => number): Json {
  if (typeof value === 'number') return value + 1 + below(1000);
  if (typeof value === 'boolean') return !value;
  if (typeof value !== 'string' || value === '') return 'x';
  return mutated(value, below(value.length), below(95));
}
