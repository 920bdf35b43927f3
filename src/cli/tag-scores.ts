// How well spans were found: precision, recall, F1, coverage, false alarms.
import { type Label, labels } from '../core/tagger.ts';

export interface LabelledSpan {
  readonly start: number;
  readonly end: number;
  readonly label: Label;
}

export interface LabelledRecord {
  readonly id: string;
  readonly text: string;
  readonly spans: readonly LabelledSpan[];
  /** Stretches over which nothing is scored. */
  readonly ignore: readonly { readonly start: number; readonly end: number }[];
}

interface Tally {
  /** Spans that there are, and spans that were found. */
  truth: number;
  found: number;
  /** Found with the very borders, and with any overlap. */
  exact: number;
  relaxed: number;
}

export interface Rate {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

const rate = (right: number, found: number, truth: number): Rate => ({
  precision: found === 0 ? 0 : right / found,
  recall: truth === 0 ? 0 : right / truth,
  f1: found + truth === 0 ? 0 : (2 * right) / (found + truth),
});

const touches = (a: { start: number; end: number }, b: { start: number; end: number }) =>
  a.start < b.end && b.start < a.end;

const ratesOf = ({ truth, found, exact, relaxed }: Tally) => ({
  spans: truth,
  exact: rate(exact, found, truth),
  relaxed: rate(relaxed, found, truth),
});

export type TagScores = ReturnType<ReturnType<typeof tagScores>['result']>;

/** Adds up records; each true span answers to one found span at most. */
export function tagScores() {
  const empty = (): Tally => ({ truth: 0, found: 0, exact: 0, relaxed: 0 });
  const tallies = new Map<Label, Tally>(labels.map((label) => [label, empty()]));
  const characters = { sensitive: 0, covered: 0 };
  const clean = { records: 0, alarmed: 0 };
  let records = 0;

  function count(record: LabelledRecord, found: readonly LabelledSpan[]): void {
    const unmatched = new Set(record.spans);
    for (const span of found) {
      const tally = tallies.get(span.label) as Tally;
      tally.found += 1;
      const same = [...unmatched].filter((t) => t.label === span.label && touches(t, span));
      const isExact = (t: LabelledSpan) => t.start === span.start && t.end === span.end;
      const match = same.find(isExact) ?? same[0];
      if (!match) continue;
      unmatched.delete(match);
      tally.relaxed += 1;
      if (isExact(match)) tally.exact += 1;
    }
  }

  return {
    add(record: LabelledRecord, all: readonly LabelledSpan[]): void {
      const found = all.filter((span) => !record.ignore.some((area) => touches(area, span)));
      records += 1;
      for (const { label } of record.spans) (tallies.get(label) as Tally).truth += 1;
      count(record, found);
      for (const { start, end } of record.spans) {
        for (let i = start; i < end; i++) {
          characters.sensitive += 1;
          if (found.some((span) => span.start <= i && i < span.end)) characters.covered += 1;
        }
      }
      if (record.spans.length === 0) {
        clean.records += 1;
        if (found.length > 0) clean.alarmed += 1;
      }
    },
    result() {
      const total = empty();
      for (const tally of tallies.values()) {
        for (const key of ['truth', 'found', 'exact', 'relaxed'] as const) total[key] += tally[key];
      }
      return {
        records,
        all: ratesOf(total),
        labels: Object.fromEntries([...tallies].map(([label, tally]) => [label, ratesOf(tally)])),
        /** Share of sensitive characters that lie in any found span. */
        coverage: characters.sensitive === 0 ? 1 : characters.covered / characters.sensitive,
        cleanRecords: clean.records,
        /** Records without a sensitive span in which something was found. */
        falseAlarms: clean.alarmed,
      };
    },
  };
}
