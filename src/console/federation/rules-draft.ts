import type { ChannelLimit, Permission, ScoringPolicy } from '../../client/index.ts';

export const allPermissions = ['view', 'make', 'check', 'payroll', 'fx', 'authorise'] as const;
export const allChannels = ['counter', 'online', 'mobile', 'direct'] as const;
export const capHolders = ['enterprise', 'account', 'named'] as const;
export type CapHolder = (typeof capHolders)[number];

type Row = ScoringPolicy['table']['rows'][number];
type Cap = NonNullable<ScoringPolicy['caps']['account']>;

/** A tier as it is typed: amounts in yuan, rates in per cent. */
export interface RowDraft {
  readonly tier: number;
  readonly pd: string;
  readonly permissions: readonly Permission[];
  readonly single: string;
  readonly daily: string;
  readonly count: string;
  readonly dual: string;
  readonly approvers: string;
  readonly ordered: boolean;
}

export interface RateDraft {
  readonly key: number;
  readonly currency: string;
  readonly price: string;
  readonly date: string;
}

export interface CapDraft {
  readonly key: number;
  readonly who: CapHolder;
  readonly applicant: string;
  readonly channel: ChannelLimit['channel'];
  readonly currency: string;
  readonly single: string;
  readonly daily: string;
  readonly count: string;
}

export interface RulesDraft {
  readonly rows: readonly RowDraft[];
  readonly hysteresis: string;
  readonly missing: string;
  readonly days: string;
  readonly hour: string;
  readonly rates: readonly RateDraft[];
  readonly caps: readonly CapDraft[];
  readonly permissions: { readonly [Who in 'enterprise' | 'account']: readonly Permission[] };
}

let keys = 0;
export const freshKey = () => ++keys;

const decimal = (whole: string, digits: number) => {
  const padded = whole.padStart(digits + 1, '0');
  const fraction = padded.slice(-digits).replace(/0+$/, '');
  return `${padded.slice(0, -digits)}${fraction === '' ? '' : `.${fraction}`}`;
};

/** Whole units of the last digit, or undefined when it is no such decimal. */
function wholeOf(text: string, digits: number): string | undefined {
  const plain = text.normalize('NFKC').replace(/[\s,]/g, '');
  const [, whole = '', fraction = ''] = /^(\d{1,15})(?:\.(\d*))?$/.exec(plain) ?? [];
  if (whole === '' || fraction.length > digits) return undefined;
  return String(BigInt(whole + fraction.padEnd(digits, '0')));
}

function countOf(text: string, most: number): number | undefined {
  const value = Number(wholeOf(text, 0) ?? Number.NaN);
  return value <= most ? value : undefined;
}

export function draftOf({ table, requestsPerHour, caps }: ScoringPolicy): RulesDraft {
  const named = Object.entries(caps.accounts ?? {});
  const holders: [CapHolder, string, Cap | undefined][] = [
    ['enterprise', '', caps.enterprise],
    ['account', '', caps.account],
    ...named.map(([id, cap]): [CapHolder, string, Cap] => ['named', id, cap]),
  ];
  return {
    rows: table.rows.map(rowDraft),
    hysteresis: decimal(String(table.hysteresisMicros), 4),
    missing: String(table.bestTierWithMissingPart),
    days: String(table.validDays),
    hour: String(requestsPerHour),
    rates: table.rates.map(({ currency, cnyMicros, date }) => ({
      key: freshKey(),
      currency,
      price: decimal(cnyMicros, 6),
      date,
    })),
    caps: holders.flatMap(([who, applicant, cap]) =>
      (cap?.limits ?? []).map(({ single, daily, count, ...place }) => ({
        ...place,
        key: freshKey(),
        who,
        applicant,
        single: decimal(single, 2),
        daily: decimal(daily, 2),
        count: String(count),
      })),
    ),
    permissions: {
      enterprise: caps.enterprise?.permissions ?? allPermissions,
      account: caps.account?.permissions ?? allPermissions,
    },
  };
}

function rowDraft(row: Row): RowDraft {
  return {
    tier: row.tier,
    // The last tier reaches certainty.
    pd: row.pdBelowMicros > 1_000_000 ? '' : decimal(String(row.pdBelowMicros), 4),
    permissions: row.permissions,
    single: decimal(row.single, 2),
    daily: decimal(row.daily, 2),
    count: String(row.count),
    dual: decimal(row.dualControlAbove, 2),
    approvers: String(row.approvers.min),
    ordered: row.approvers.ordered,
  };
}

/** The rules that were typed; undefined while they are none. `before` has what the page cannot say. */
export function policyOf(draft: RulesDraft, before: ScoringPolicy): ScoringPolicy | undefined {
  const rows = draft.rows.map(rowOf);
  const rates = draft.rates.map(({ currency, price, date }) => {
    const cnyMicros = wholeOf(price, 6);
    const isRate = cnyMicros !== undefined && cnyMicros !== '0' && /^[A-Z]{3}$/.test(currency);
    return isRate && /^\d{4}-\d\d-\d\d$/.test(date) ? { currency, cnyMicros, date } : undefined;
  });
  const limits = draft.caps.map(limitOf);
  const hysteresisMicros = Number(wholeOf(draft.hysteresis, 4) ?? Number.NaN);
  const validDays = countOf(draft.days, 3650);
  const requestsPerHour = countOf(draft.hour, 60);
  const isWhole = [...rows, ...rates, ...limits].every((part) => part !== undefined);
  if (!isWhole || Number.isNaN(hysteresisMicros) || !validDays || !requestsPerHour)
    return undefined;
  return {
    table: {
      rows: rows.filter((row) => row !== undefined),
      hysteresisMicros,
      bestTierWithMissingPart: Number(draft.missing),
      validDays,
      rates: rates.filter((rate) => rate !== undefined),
    },
    requestsPerHour,
    caps: capsOf(draft, before),
  };
}

function rowOf(draft: RowDraft): Row | undefined {
  const pdBelowMicros = draft.pd === '' ? 1_000_001 : Number(wholeOf(draft.pd, 4) ?? Number.NaN);
  const [single, daily, dual] = [draft.single, draft.daily, draft.dual].map((text) =>
    wholeOf(text, 2),
  );
  const count = countOf(draft.count, 1_000_000);
  const min = countOf(draft.approvers, 9);
  if (Number.isNaN(pdBelowMicros) || count === undefined || min === undefined) return undefined;
  if (single === undefined || daily === undefined || dual === undefined) return undefined;
  return {
    tier: draft.tier,
    pdBelowMicros,
    permissions: allPermissions.filter((name) => draft.permissions.includes(name)),
    single,
    daily,
    count,
    dualControlAbove: dual,
    approvers: { min, ordered: draft.ordered },
  };
}

function limitOf(draft: CapDraft): ChannelLimit | undefined {
  const [single, daily] = [wholeOf(draft.single, 2), wholeOf(draft.daily, 2)];
  const count = countOf(draft.count, 1_000_000);
  const { channel, currency, who, applicant } = draft;
  const isPlaced = /^[A-Z]{3}$/.test(currency) && (who !== 'named' || applicant.trim() !== '');
  if (!isPlaced || single === undefined || daily === undefined || count === undefined) {
    return undefined;
  }
  return { channel, currency, single, daily, count };
}

function capsOf({ caps, permissions }: RulesDraft, before: ScoringPolicy): ScoringPolicy['caps'] {
  const limitsOf = (who: CapHolder, applicant = '') =>
    caps
      .filter((cap) => cap.who === who && (who !== 'named' || cap.applicant.trim() === applicant))
      .flatMap((cap) => limitOf(cap) ?? []);
  const shared = (who: 'enterprise' | 'account'): Cap | undefined => {
    const limits = limitsOf(who);
    const isFull = permissions[who].length === allPermissions.length;
    if (isFull && limits.length === 0) return undefined;
    const own = allPermissions.filter((name) => permissions[who].includes(name));
    return { ...(isFull ? {} : { permissions: own }), ...(limits.length > 0 ? { limits } : {}) };
  };
  const known = before.caps.accounts ?? {};
  const typed = caps.filter(({ who }) => who === 'named').map(({ applicant }) => applicant.trim());
  const kept = Object.keys(known).filter((id) => known[id]?.limits === undefined);
  const accounts = Object.fromEntries(
    [...new Set([...kept, ...typed])].map((id) => {
      const { permissions: own } = known[id] ?? {};
      const limits = limitsOf('named', id);
      return [
        id,
        { ...(own ? { permissions: own } : {}), ...(limits.length > 0 ? { limits } : {}) },
      ];
    }),
  );
  const [enterprise, account] = [shared('enterprise'), shared('account')];
  return {
    ...(enterprise ? { enterprise } : {}),
    ...(account ? { account } : {}),
    ...(Object.keys(accounts).length > 0 ? { accounts } : {}),
  };
}
