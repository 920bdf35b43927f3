import { backupRestore } from './backup-drill.ts';
import type { Figures, Plant } from './cluster-under-fire.ts';
import type { Drill } from './drill.ts';
import * as cluster from './drills.ts';

// DRILL_KEYS makes the long form smaller in all its measures, for a machine that has little time.
const keys = Number(process.env.DRILL_KEYS ?? 1_000);
const long = { keys, requests: 4 * keys, rounds: keys / 5 };
const short = { keys: 12, requests: 60, rounds: 4 };
const planted = { keys: 3, requests: 12, rounds: 6 };

/** The target of every drill of the cluster, besides its own. */
const common = '0 wrong signatures, 0 keys lost, every caller answered within 2 s';

function said({ requests, served, p99Ms, maxMs, wrong, codes }: Figures): string {
  const others = Object.entries(codes).map(([code, n]) => `${n} ${code}`);
  const times = `p99 ${Math.round(p99Ms)} ms, longest ${Math.round(maxMs)} ms`;
  return [`${served} of ${requests} served`, ...others, times, `${wrong} wrong`].join(', ');
}

/** A drill that throws when its target is missed. Its times are of a simulated network. */
function chips(
  id: string,
  name: string,
  target: string,
  plants: readonly Plant[],
  drill: (size: cluster.Size, isLong: boolean) => Promise<Figures>,
): Drill {
  return {
    id,
    name,
    target: target === '' ? common : `${target}; ${common}`,
    plants,
    async run({ isLong, seed, plant }) {
      const size = plant ? planted : isLong ? long : short;
      const isPlant = (word: string): word is Plant => plants.some((known) => known === word);
      const defect = plant && isPlant(plant) ? { plant } : {};
      try {
        return { measured: said(await drill({ ...size, seed, ...defect }, isLong)), faults: [] };
      } catch (error) {
        return { measured: 'the target was missed', faults: [String(error)] };
      }
    },
  };
}

export const chipDrills: readonly Drill[] = [
  chips(
    'H1',
    'chip-killed',
    'all served, the same request again is the same signature',
    ['hangs'],
    cluster.killInMidSignature,
  ),
  chips('H1', 'chip-storage-lost', 'all served', ['gives-no-copies'], (size) =>
    cluster.loseStorage({ ...size, rounds: Math.min(size.rounds, 8) }),
  ),
  chips(
    'H3',
    'two-of-three-down',
    'all served, new keys refused until repair',
    ['hangs', 'stays-away'],
    cluster.loseTwoOfThree,
  ),
  chips(
    'H3',
    'chip-slow',
    'all served, p99 at most twice the usual once it is seen',
    ['waits-for-the-slow'],
    cluster.slowChip,
  ),
  chips(
    'H3',
    'chip-late-now-and-then',
    'all served by a second ticket, nobody waits for the late chip, one use counted for each',
    ['hangs', 'counts-half'],
    cluster.hedgedTicket,
  ),
  chips(
    'H3',
    'chip-flapping',
    'all served, three homes for every key, the chip healthy again at the end',
    ['stays-away'],
    cluster.flapping,
  ),
  chips(
    'H2',
    'two-hosts-one-chip',
    'the older one refused every time',
    ['takes-any-ticket'],
    cluster.splitBrain,
  ),
  chips(
    'H2',
    'chip-replay',
    'old tickets, offers, packages refused',
    ['takes-any-ticket'],
    cluster.replay,
  ),
  chips(
    'H2',
    'chip-rolled-back',
    'quarantined, all served',
    ['is-silent-afterwards'],
    cluster.rollBack,
  ),
  chips(
    'H1',
    'repair-jobs-doubled',
    'three homes for every key, all served',
    ['gives-no-copies'],
    cluster.duplicatedJobs,
  ),
  chips(
    'C3',
    'key-limit-race',
    'exactly ten uses of a key for ten',
    ['counts-half'],
    (size, isLong) => cluster.limitRace({ ...size, rounds: isLong ? keys / 50 : 1 }),
  ),
  chips(
    'C1',
    'key-revocation-race',
    'no receipt after the revocation, no copy left',
    ['keeps-what-it-wiped'],
    (size, isLong) => cluster.revocationRace({ ...size, rounds: isLong ? keys / 50 : 4 }),
  ),
  chips('H2', 'chip-lies', 'all served', ['believes-liars'], cluster.lyingChip),
  chips(
    'R5',
    'chips-lost-and-restored',
    'all public keys equal, two of five officers and altered backups refused',
    ['backs-up-another-key', 'brings-nothing-back'],
    backupRestore,
  ),
  chips(
    'H3',
    'chip-a-minute',
    'at least 99.95 % served',
    ['hangs'],
    async (size, isLong): Promise<Figures> => {
      const minutes = size.plant ? 0.1 : 1;
      const wear = isLong
        ? { keys: keys / 5, minutes: keys < 1_000 ? 2 : 30 }
        : { keys: 5, minutes };
      const figures = await cluster.oneChipAMinute({ ...size, keys: wear.keys }, wear.minutes);
      if (figures.served / figures.requests < 0.9995) throw new Error('too few were served');
      return figures;
    },
  ),
];
