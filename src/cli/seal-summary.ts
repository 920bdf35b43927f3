// What a labelled set says of the vendors: error rates by kind of forgery and by condition, with the
// range in which they may lie, and how far the vendors fail together.
import type { LabelledPair } from './manifest.ts';
import { type Interval, intervalsOf } from './seal-intervals.ts';
import { equalErrorAt, frrAtFar, medianOf, type Rates, ratesOf } from './seal-rates.ts';

export interface PairResult {
  readonly id: string;
  readonly query: string;
  readonly verdict: 'pass' | 'fail' | 'review';
  readonly vendors: readonly { code: string; score: number; threshold: number; match: boolean }[];
  readonly ms: number;
  /** Why the pictures could not be compared; the pair then counts as a refusal with score 0. */
  readonly error?: string;
}

/** Re-cut seals that differ by less than this are reported apart: geometry does not show it. */
const FINE_MM = 0.3;
/** Forgeries that geometry alone shows. */
const geometric = ['text', 'font', 'recut', 'tamper'];
/** The vote of all vendors, beside each by itself. */
const TOGETHER = 'all agree';

interface Scored {
  readonly pair: LabelledPair;
  readonly kind: string;
  readonly result: PairResult;
  /** By vendor's code and for all together. */
  readonly scores: Readonly<Record<string, number>>;
}

function kindOf({ kind, deviationMm }: LabelledPair): string {
  const isFine = kind === 'recut' && deviationMm !== undefined && deviationMm < FINE_MM;
  return isFine ? 'fine' : kind;
}

function logOdds(share: number): number {
  const held = Math.min(1 - 1e-9, Math.max(1e-9, share));
  return Math.log(held / (1 - held));
}

function scoresOf({ vendors }: PairResult, codes: readonly string[]): Record<string, number> {
  const of = codes.map((code) => vendors.find((vendor) => vendor.code === code));
  const margins = of.map((vendor) =>
    vendor ? logOdds(vendor.score) - logOdds(vendor.threshold) : Number.NEGATIVE_INFINITY,
  );
  return {
    ...Object.fromEntries(codes.map((code, i) => [code, of[i]?.score ?? 0])),
    [TOGETHER]: Math.min(...margins),
  };
}

function verdictsOf(scored: readonly Scored[]) {
  const count = (verdict: string) =>
    scored.filter(({ result }) => result.verdict === verdict).length;
  return {
    pairs: scored.length,
    pass: count('pass'),
    review: count('review'),
    fail: count('fail'),
  };
}

const ofKinds = (scored: readonly Scored[], kinds: readonly string[]) =>
  scored.filter(({ kind }) => kinds.includes(kind));

/** Each kind of forgery by itself, and before them the geometric ones together. */
function groupsOf(scored: readonly Scored[]): [name: string, members: readonly Scored[]][] {
  const kinds = [...new Set(scored.map(({ kind }) => kind))].filter(
    (kind) => kind !== 'genuine' && kind !== 'unlabelled',
  );
  const single = kinds.sort().map((kind): [string, Scored[]] => [kind, ofKinds(scored, [kind])]);
  const hasAll = geometric.every((kind) => kinds.includes(kind));
  return hasAll ? [['geo4', ofKinds(scored, geometric)], ...single] : single;
}

const scoresBy = (scored: readonly Scored[], by: string) =>
  scored.map(({ scores }) => scores[by] ?? 0);

/** Geometric forgeries that each vendor accepts at its own equal error rate, and that all accept. */
function commonOf(genuine: readonly Scored[], forged: readonly Scored[], codes: readonly string[]) {
  const accepted = codes.map((code) => {
    const { limit } = equalErrorAt(scoresBy(genuine, code), scoresBy(forged, code));
    return forged.filter(({ scores }) => (scores[code] ?? 0) > limit);
  });
  const byAll = (accepted[0] ?? []).filter((one) => accepted.every((some) => some.includes(one)));
  return {
    byVendor: Object.fromEntries(codes.map((code, i) => [code, accepted[i]?.length ?? 0])),
    byAll: byAll.length,
    /** Of what the best vendor accepts. */
    share: byAll.length / Math.max(1, Math.min(...accepted.map(({ length }) => length))),
  };
}

function figuresOf(scored: readonly Scored[], codes: readonly string[]): Record<string, number> {
  const genuine = ofKinds(scored, ['genuine']);
  const forged = ofKinds(scored, geometric);
  const passed = (some: readonly Scored[]) =>
    some.filter(({ result }) => result.verdict === 'pass').length / Math.max(1, some.length);
  const rates = [...codes, TOGETHER].flatMap((by) => {
    const [mine, theirs] = [scoresBy(genuine, by), scoresBy(forged, by)];
    return [
      [`${by}: EER`, equalErrorAt(mine, theirs).eer],
      [`${by}: FRR@FAR1%`, frrAtFar(0.01, mine, theirs)],
    ] as const;
  });
  return {
    ...Object.fromEntries(rates),
    'genuine passed': passed(genuine),
    'forged passed': passed(forged),
    "accepted by all, of the best one's": commonOf(genuine, forged, codes).share,
  };
}

/** Of geometric forgeries only, where at least two seals have some and genuine imprints too. */
function rangesOf(scored: readonly Scored[], codes: readonly string[]): Record<string, Interval> {
  const seals = [...new Set(scored.map(({ pair }) => pair.reserved))]
    .map((reserved) => scored.filter(({ pair }) => pair.reserved === reserved))
    .filter((some) => ofKinds(some, ['genuine']).length > 0 && ofKinds(some, geometric).length > 0);
  return seals.length < 2 ? {} : intervalsOf(seals, (some) => figuresOf(some, codes));
}

function conditionsOf(scored: readonly Scored[], codes: readonly string[]) {
  const names = [...new Set(scored.flatMap(({ pair }) => pair.conditions))].sort();
  return Object.fromEntries(
    names.map((name) => {
      const some = scored.filter(({ pair }) => pair.conditions.includes(name));
      const [genuine, forged] = [ofKinds(some, ['genuine']), ofKinds(some, geometric)];
      const eer = [...codes, TOGETHER].map((by) => [
        by,
        equalErrorAt(scoresBy(genuine, by), scoresBy(forged, by)).eer,
      ]);
      return [
        name,
        { genuine: verdictsOf(genuine), forged: verdictsOf(forged), eer: Object.fromEntries(eer) },
      ];
    }),
  );
}

/** `codes` names the vendors; `results` stand in the order of `pairs`. */
export function summarise(
  pairs: readonly LabelledPair[],
  results: readonly PairResult[],
  codes: readonly string[],
) {
  const scored = results.flatMap((result, index) => {
    const pair = pairs[index];
    return pair ? [{ pair, kind: kindOf(pair), result, scores: scoresOf(result, codes) }] : [];
  });
  const genuine = ofKinds(scored, ['genuine']);
  const groups = groupsOf(scored);
  const ratesBy = (by: string): [string, Record<string, Rates>] => {
    const rates = groups.map(([name, members]) => [
      name,
      ratesOf(scoresBy(genuine, by), scoresBy(members, by)),
    ]);
    return [by, Object.fromEntries(rates)];
  };
  return {
    pairs: scored.length,
    failed: results.filter(({ error }) => error !== undefined).length,
    verdicts: {
      genuine: verdictsOf(genuine),
      ...Object.fromEntries(groups.map(([name, members]) => [name, verdictsOf(members)])),
      all: verdictsOf(scored),
    },
    rates: Object.fromEntries([...codes, TOGETHER].map(ratesBy)),
    ranges: rangesOf(scored, codes),
    common: commonOf(genuine, ofKinds(scored, geometric), codes),
    conditions: conditionsOf(scored, codes),
    msMedian: medianOf(results.map(({ ms }) => ms)),
  };
}

type Summary = ReturnType<typeof summarise>;

const percent = (value: number) => `${(100 * value).toFixed(1)} %`;

/** The first column to the left, as wide as its words; the others to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const wide = Math.max(10, ...rows.map(([first = '']) => first.length + 2));
  return rows.map(([first = '', ...others]) =>
    [first.padEnd(wide), ...others.map((cell) => cell.padStart(11))].join(''),
  );
}

function rateLines({ rates }: Summary): string[] {
  return Object.entries(rates).flatMap(([by, kinds]) => [
    by === TOGETHER ? by : `vendor ${by}`,
    ...table([
      ['', 'forgeries', 'EER', 'FRR@FAR0', 'FRR@FAR1%'],
      ...Object.entries(kinds).map(([kind, { forged, eer, frrAtFar0, frrAtFar1Percent }]) => [
        kind,
        String(forged),
        ...[eer, frrAtFar0, frrAtFar1Percent].map(percent),
      ]),
    ]),
  ]);
}

function rangeLines({ ranges, common }: Summary): string[] {
  if (Object.keys(ranges).length === 0) return [];
  const accepted = Object.entries(common.byVendor).map(([code, count]) => `${code} ${count}`);
  return [
    '',
    ...table([
      ['geometry', 'measured', '95 % from', 'to'],
      ...Object.entries(ranges).map(([name, { value, low, high }]) => [
        name,
        ...[value, low, high].map(percent),
      ]),
    ]),
    `forgeries accepted at each one's EER: ${accepted.join(', ')}; by all ${common.byAll}`,
  ];
}

function conditionLines({ conditions }: Summary): string[] {
  const rows = Object.entries(conditions);
  const first = rows[0];
  if (!first) return [];
  return [
    '',
    ...table([
      ['EER', 'genuine', 'forged', ...Object.keys(first[1].eer), 'pass', 'review', 'fail'],
      ...rows.map(([name, { genuine, forged, eer }]) => [
        name,
        ...[genuine.pairs, forged.pairs].map(String),
        ...Object.values(eer).map((value) => (forged.pairs > 0 ? percent(Number(value)) : '')),
        ...[genuine.pass, genuine.review, genuine.fail].map(String),
      ]),
    ]),
  ];
}

export function textOf(summary: Summary): string {
  const { pairs, failed, verdicts, msMedian } = summary;
  const verdictTable = table([
    ['', 'pairs', 'pass', 'review', 'fail'],
    ...Object.entries(verdicts).map(([kind, { pairs, pass, review, fail }]) => [
      kind,
      ...[pairs, pass, review, fail].map(String),
    ]),
  ]);
  const last = `${pairs} verifications, ${failed} without a comparison, median ${msMedian.toFixed(1)} ms`;
  return `${[
    ...rateLines(summary),
    '',
    'verdicts',
    ...verdictTable,
    ...rangeLines(summary),
    ...conditionLines(summary),
    '',
    last,
  ].join('\n')}\n`;
}
