import { describe, expect, it } from 'vitest';
import { plainRing } from '../../../src/domain/federation/ring.ts';
import {
  correct,
  correctedPieceOf,
  heldPieces,
  type PieceSource,
  type Sharing,
  sharingOf,
  silentPieces,
  sumHeld,
} from '../../../src/domain/federation/sharing.ts';

/**
 * The shipped protocol on a ring so small that every choice of randomness is tried: row i of every
 * vector is choice i. A view is secret if its multiset over all choices is the same for all inputs
 * that its holder must not tell apart.
 */
interface Build {
  readonly bits: number;
  readonly sharing: Sharing;
  readonly contributors: readonly number[];
  /** Breaks the randomness on purpose. */
  readonly spoil?: (source: PieceSource) => PieceSource;
  /** Sends the word itself instead of the corrected piece. */
  readonly sendsPlain?: boolean;
}

function everyChoice({ bits, sharing, contributors }: Build) {
  const slots = contributors.flatMap((p) =>
    silentPieces(sharing, p).map(({ index }) => `${p}/${index}`),
  );
  const rows = 2 ** (bits * slots.length);
  const mask = 2 ** bits - 1;
  const source: PieceSource = (contributor, { index }) => {
    const shift = bits * slots.indexOf(`${contributor}/${index}`);
    return BigUint64Array.from({ length: rows }, (_, i) => BigInt((i >> shift) & mask));
  };
  return { rows, source };
}

/** Multiset of what was seen: how often each combination of values came up. */
function multiset(columns: readonly BigUint64Array[], rows: number, bits: number): string {
  const counts = new Map<number, number>();
  for (let i = 0; i < rows; i++) {
    let seen = 0;
    for (const column of columns) seen = seen * 2 ** bits + Number(column[i]);
    counts.set(seen, (counts.get(seen) ?? 0) + 1);
  }
  return JSON.stringify([...counts].sort(([a], [b]) => a - b));
}

function run(build: Build, inputs: readonly number[]) {
  const { bits, sharing, contributors } = build;
  const ring = plainRing(bits);
  const choice = everyChoice(build);
  const { rows } = choice;
  const source = build.spoil?.(choice.source) ?? choice.source;
  const corrected = new Map(
    contributors.map((p, i) => {
      const words = new BigUint64Array(rows).fill(BigInt(inputs[i] ?? 0));
      return [p, build.sendsPlain ? words : correct(ring, sharing, p, words, source)] as const;
    }),
  );
  /** All that a coalition of nodes gets to know of the others' words. */
  const nodesSee = (nodes: readonly number[]) => {
    const columns = contributors
      .filter((p) => !nodes.includes(p))
      .flatMap((p) => {
        const silent = silentPieces(sharing, p).filter(({ holders }) =>
          holders.some((node) => nodes.includes(node)),
        );
        const isHolder = correctedPieceOf(sharing, p).holders.some((node) => nodes.includes(node));
        const sent = corrected.get(p);
        return [...silent.map((piece) => source(p, piece)), ...(isHolder && sent ? [sent] : [])];
      });
    return multiset(columns, rows, bits);
  };
  /** All that the decision service gets to know: every node's report. */
  const decisionSees = () => {
    const columns = Array.from({ length: sharing.n }, (_, node) => {
      const input = { contributors, rows, source, received: corrected };
      const held = heldPieces(sharing, node);
      return sumHeld(ring, sharing, node, input).filter(
        // Each piece once: the copies are equal.
        (_, i) => held[i]?.holders[0] === node,
      );
    }).flat();
    return multiset(
      columns.map(({ words }) => words),
      rows,
      bits,
    );
  };
  return { nodesSee, decisionSees };
}

function inputsOf({ bits, contributors }: Build): number[][] {
  return Array.from({ length: 2 ** (bits * contributors.length) }, (_, code) =>
    contributors.map((_, i) => (code >> (bits * i)) & (2 ** bits - 1)),
  );
}

function coalitions({ n, t }: Sharing): number[][] {
  return Array.from({ length: 2 ** n }, (_, set) =>
    Array.from({ length: n }, (_, i) => i).filter((i) => (set >> i) & 1),
  ).filter(({ length }) => length === t - 1);
}

/** Who can tell apart what it must not. */
function leaksOf(build: Build): string[] {
  const runs = inputsOf(build).map((inputs) => ({ inputs, ...run(build, inputs) }));
  const leaks = coalitions(build.sharing)
    .filter((nodes) => new Set(runs.map(({ nodesSee }) => nodesSee(nodes))).size > 1)
    .map((nodes) => `nodes ${nodes.join()}`);
  const views = new Map<number, Set<string>>();
  for (const { inputs, decisionSees } of runs) {
    const total = inputs.reduce((sum, input) => sum + input, 0) % 2 ** build.bits;
    views.set(total, (views.get(total) ?? new Set()).add(decisionSees()));
  }
  if ([...views.values()].some(({ size }) => size > 1)) leaks.push('decision');
  return leaks;
}

describe('A3: secrecy, every choice of randomness enumerated', () => {
  const builds: [string, Build][] = [
    ['Z_4, n = 3', { bits: 2, sharing: sharingOf(3), contributors: [0, 1, 2] }],
    ['Z_4, n = 3, one lost', { bits: 2, sharing: sharingOf(3), contributors: [0, 2] }],
    ['Z_2, n = 4', { bits: 1, sharing: sharingOf(4), contributors: [0, 1, 2, 3] }],
    ['Z_4, n = 4, two lost', { bits: 2, sharing: sharingOf(4), contributors: [1, 3] }],
    ['Z_2, n = 5, t = 4, two lost', { bits: 1, sharing: sharingOf(5), contributors: [0, 2, 3] }],
    ['Z_2, n = 5, t = 3', { bits: 1, sharing: sharingOf(5, 3), contributors: [1, 4] }],
  ];
  it.each(builds)('%s: nodes short of t see nothing, the decision only the sum', (_, build) => {
    expect(leaksOf(build)).toEqual([]);
  });

  it('a lone contributor would be seen by the decision service, which rule R3 forbids', () => {
    const alone: Build = { bits: 2, sharing: sharingOf(3), contributors: [1] };
    const seen = inputsOf(alone).map((inputs) => run(alone, inputs).decisionSees());
    expect(new Set(seen).size).toBe(4);
  });
});

describe('A3: broken builds are caught', () => {
  const sound: Build = { bits: 2, sharing: sharingOf(3), contributors: [0, 1] };

  it('the word is sent as it is', () => {
    expect(leaksOf({ ...sound, sendsPlain: true })).not.toEqual([]);
  });

  it('one mask serves two contributors', () => {
    const spoil =
      (source: PieceSource): PieceSource =>
      (contributor, piece) =>
        source(piece.holders[0] ?? contributor, piece);
    expect(leaksOf({ ...sound, spoil })).not.toEqual([]);
  });

  it('a piece is left out', () => {
    const spoil =
      (source: PieceSource): PieceSource =>
      (contributor, piece) =>
        piece.holders.includes(0) && piece.holders.includes(1)
          ? source(contributor, piece).fill(0n)
          : source(contributor, piece);
    expect(leaksOf({ ...sound, spoil })).not.toEqual([]);
  });

  it('a bit of the randomness is missing', () => {
    const spoil =
      (source: PieceSource): PieceSource =>
      (contributor, piece) =>
        source(contributor, piece).map((word) => word & 1n);
    expect(leaksOf({ ...sound, spoil })).not.toEqual([]);
  });
});
