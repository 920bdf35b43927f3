import type { Summary } from '../../lib/measure.ts';

/** What is measured, in the order of the page; `rows.ts` says how. */
export const groups = [
  {
    id: 'sm2',
    unit: 'micros',
    rows: [
      'sm2-sign',
      'sm2-sign-peer',
      'sm2-verify',
      'sm2-verify-peer',
      'sm2-verify-prepared',
      'sm2-encrypt',
      'sm2-decrypt',
      'two-party-sign',
      'two-party-client',
      'two-party-cloud',
    ],
  },
  {
    id: 'bytes',
    unit: 'micros',
    rows: ['sm3-short', 'sm3-long', 'sm3-long-peer', 'sm3-four', 'sm4-ctr', 'sm4-gcm'],
  },
  {
    id: 'pictures',
    unit: 'millis',
    rows: ['decode', 'precheck', 'seal-verify'],
  },
  {
    id: 'tagger',
    unit: 'micros',
    rows: ['tag-chinese', 'tag-english', 'tag-body'],
  },
  {
    id: 'federation',
    unit: 'micros',
    rows: ['score-points', 'score-dot', 'score-dot-peer'],
  },
] as const;

export type Group = (typeof groups)[number];
export type RowId = Group['rows'][number];

export const rowIds: readonly RowId[] = groups.flatMap((group): readonly RowId[] => group.rows);

/** What another library does in the same group, for whoever wonders whether a figure is good. */
export const peerOf: Partial<Record<RowId, RowId>> = {
  'sm2-sign-peer': 'sm2-sign',
  'sm2-verify-peer': 'sm2-verify',
  'sm3-long-peer': 'sm3-long',
  'score-dot-peer': 'score-dot',
};

export const messageBytes = 64;
export const longBytes = 1 << 20;

/** Bytes that one run takes in; where a row is named here its throughput is in bytes. */
export const bytesOf: Partial<Record<RowId, number>> = {
  'sm3-short': messageBytes,
  'sm3-long': longBytes,
  'sm3-long-peer': longBytes,
  'sm3-four': longBytes,
  'sm4-ctr': longBytes,
  'sm4-gcm': longBytes,
};

/** Throughput at so many microseconds a run: megabytes a second where bytes are known, else runs. */
export function perSecond(row: RowId, micros: number): number {
  return (bytesOf[row] ?? 1_000_000) / micros;
}

export interface Module {
  readonly name: string;
  readonly bytes: number;
  readonly gzipBytes: number;
}

/** What the worker learnt before it began. */
export interface Setting {
  /** Rows of peers that did not load here. */
  readonly absent: readonly RowId[];
  /** Undefined when the clock was not seen to move. */
  readonly clockStepMicros: number | undefined;
  readonly modules: readonly Module[];
  readonly picture: { readonly name: string; readonly widthPx: number; readonly heightPx: number };
}

/** Of the samples taken so far. */
export type Figures = ReadonlyMap<RowId, Summary>;

/** What the page asks of the worker, once. */
export interface Order {
  readonly rounds: number;
  readonly sampleMicros: number;
  readonly floorMicros: number;
}

/** What the worker tells. */
export type News =
  | { readonly kind: 'ready'; readonly setting: Setting }
  | { readonly kind: 'begun'; readonly group: Group['id'] }
  | { readonly kind: 'figures'; readonly figures: Figures }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly message: string };
