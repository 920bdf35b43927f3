import { type Identity, idCheckCharacter } from '../../core/federation/identity.ts';

// People for demo mode. Nobody exists behind them: the region 99 and the prefix 1200 belong to no
// one. Their figures have the columns of the sample model and come from a profile and a counter.

const surnames = [
  '陈',
  '林',
  '黄',
  '周',
  '吴',
  '徐',
  '孙',
  '马',
  '朱',
  '胡',
  '郭',
  '何',
  '高',
  '罗',
];
const givenNames = ['思远', '雨桐', '嘉禾', '明轩', '若兰', '子墨', '书宁', '景行', '清和', '知微'];

/** How someone pays: figures around which their months lie. */
interface Profile {
  readonly limit: number;
  /** Of the limit, in per cent. */
  readonly used: number;
  /** Months late, the newest first; -1 is paid in full, 0 the minimum. */
  readonly late: readonly number[];
  /** Of the bill, in per cent. */
  readonly paid: number;
  readonly age: number;
}

const profiles: readonly Profile[] = [
  { limit: 360_000, used: 9, late: [-1, -1, -1, -1, -1, -1], paid: 90, age: 36 },
  { limit: 240_000, used: 30, late: [0, 0, 0, 0, 0, 0], paid: 20, age: 38 },
  { limit: 500_000, used: 3, late: [-1, -1, -1, -1, -1, -1], paid: 100, age: 41 },
  { limit: 120_000, used: 62, late: [0, 0, 0, 0, 0, 0], paid: 6, age: 31 },
  { limit: 80_000, used: 95, late: [1, 0, 0, 2, 0, 0], paid: 3, age: 27 },
  { limit: 30_000, used: 99, late: [3, 2, 2, 2, 2, 2], paid: 0, age: 24 },
];

export const samplePeopleCount = 96;

export function samplePerson(index: number): Identity {
  const family = surnames[index % surnames.length] ?? '';
  const given = givenNames[Math.floor(index / surnames.length) % givenNames.length] ?? '';
  const birth = `${1970 + (index % 30)}${two(1 + (index % 12))}${two(1 + (index % 28))}`;
  const digits = `990000${birth}${String(index).padStart(3, '0')}`;
  return {
    name: family + given,
    idNumber: digits + idCheckCharacter(digits),
    phone: `1200${String(1_000_000 + index * 7919).slice(-7)}`,
  };
}

/** What each sample party knows of the sample people, as files that `loadPeople` takes. */
export function samplePeopleFile(party: 'A' | 'B' | 'C'): string {
  const rows = Array.from({ length: samplePeopleCount }, (_, index) => {
    const { name, idNumber, phone } = samplePerson(index);
    return [name, idNumber, phone, ...figures(party, index)].join(',');
  });
  return [['name', 'idNumber', 'phone', ...columns[party]].join(','), ...rows].join('\n');
}

const months = [0, 1, 2, 3, 4, 5] as const;
const columns = {
  A: ['LIMIT_BAL', ...months.map((month) => `BILL_AMT${month + 1}`)],
  B: months.map((month) => `PAY_${month + 1}`),
  C: ['EDUCATION', 'AGE', ...months.map((month) => `PAY_AMT${month + 1}`)],
};

function figures(party: 'A' | 'B' | 'C', index: number): number[] {
  const profile = profiles[index % profiles.length];
  if (!profile) return [];
  // Two people of one profile are a little apart: 0.9 to 1.1, by a counter.
  const vary = (value: number, month: number) =>
    Math.round(value * (0.9 + ((index * 31 + month * 17) % 21) / 100));
  const bills = months.map((month) => vary((profile.limit * profile.used) / 100, month));
  if (party === 'A') return [profile.limit, ...bills];
  if (party === 'B') return [...profile.late];
  const payments = months.map((month) => Math.round(((bills[month] ?? 0) * profile.paid) / 100));
  return [1 + (index % 3), profile.age + (index % 5), ...payments];
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
