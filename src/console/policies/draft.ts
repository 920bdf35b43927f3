import type { SealPolicy } from '../../client/index.ts';
import { currencies, isCurrency, parseAmount } from '../money.ts';

/** A policy as it stands in the fields of the editor: everything is text. */
export interface Draft {
  defaultCount: string;
  branches: readonly { key: number; branch: string; count: string }[];
  levels: readonly {
    key: number;
    currency: string;
    from: string;
    count: string;
    second: boolean;
  }[];
  approveChanges: boolean;
}

export function draftOf(policy: SealPolicy, freshKey: () => number): Draft {
  return {
    defaultCount: String(policy.defaultCount),
    branches: Object.entries(policy.branches).map(([branch, count]) => ({
      key: freshKey(),
      branch,
      count: String(count),
    })),
    levels: policy.levels.map(({ currency, fromMinor, vendorCount, secondReviewer }) => ({
      key: freshKey(),
      currency,
      from: majorText(fromMinor, currency),
      count: String(vendorCount),
      second: secondReviewer ?? false,
    })),
    approveChanges: policy.approveChanges ?? false,
  };
}

/** `undefined` while a field is empty or wrong. */
export function policyOf(draft: Draft): SealPolicy | undefined {
  const levels = draft.levels.map(({ currency, from, count, second }) => ({
    currency,
    fromMinor: minorOf(from, currency),
    vendorCount: demandOf(count),
    secondReviewer: second,
  }));
  const isWhole =
    draft.branches.every(({ branch }) => /^[0-9A-Za-z-]{1,32}$/.test(branch)) &&
    levels.every(({ fromMinor }) => fromMinor !== undefined);
  if (!isWhole) return undefined;
  return {
    defaultCount: demandOf(draft.defaultCount),
    branches: Object.fromEntries(
      draft.branches.map(({ branch, count }) => [branch, demandOf(count)]),
    ),
    levels: levels.map((level) => ({ ...level, fromMinor: level.fromMinor ?? 0 })),
    approveChanges: draft.approveChanges,
  };
}

function demandOf(text: string): number | 'all' {
  return text === 'all' ? 'all' : Number(text);
}

/** A level may begin at nothing, which is no amount for a voucher. */
function minorOf(text: string, currency: string): number | undefined {
  if (/^0+(?:\.0*)?$/.test(text.trim())) return 0;
  return isCurrency(currency) ? parseAmount(text, currency) : undefined;
}

function majorText(minor: number, currency: string): string {
  const digits = isCurrency(currency) ? currencies[currency] : 2;
  return (minor / 10 ** digits).toFixed(digits);
}
