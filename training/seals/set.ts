// Writes a labelled set: pictures and a manifest in the form that `cinnabar seal evaluate` reads.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { captured, shotOf } from './capture.ts';
import {
  altered,
  cloned,
  erased,
  type ForgedPlate,
  otherFont,
  otherText,
  printers,
  recut,
  recuts,
  reprinted,
} from './forgery.ts';
import {
  drawGlyphs,
  type GlyphBook,
  hairTypefaces,
  sealScripts,
  typefaces,
  unseenTypefaces,
} from './glyphs.ts';
import type { Physics } from './inking.ts';
import type { Plane } from './plane.ts';
import {
  engrave,
  type Identity,
  newIdentity,
  notched,
  type Plate,
  type SealKind,
} from './plate.ts';
import { type Chance, chanceOf } from './random.ts';
import { reliefOf } from './relief.ts';
import { type Pad, padOf, sheetOf } from './sheet.ts';
import { stamped } from './stamping.ts';
import { charactersOf, judgingWords, trainingWords } from './words.ts';

export interface SetPlan {
  readonly name: string;
  readonly seed: number;
  readonly physics: readonly Physics[];
  readonly identities: number;
  /** Judging sets have other words and cuts of type. */
  readonly judges: boolean;
  /** Hair strokes among the cuts. */
  readonly hasHair?: boolean;
  readonly genuine: number;
  readonly forged: Readonly<Record<string, number>>;
  /** What copies come from, where not from the printers of the model of stamping. */
  readonly printers?: readonly string[];
}

/** Cuts of the genuine seals, and of those that imitate them in another type. */
export function facesOf({ judges, hasHair }: SetPlan) {
  if (judges)
    return { own: [...unseenTypefaces, ...typefaces.slice(0, 2)], forgeries: unseenTypefaces };
  const own = hasHair ? [...typefaces, ...hairTypefaces, ...hairTypefaces] : typefaces;
  return { own, forgeries: own };
}

export interface Pair {
  readonly id: string;
  readonly kind: SealKind;
  readonly reserved: string;
  readonly query: string;
  readonly genuine: boolean;
  readonly forgery: string | null;
  readonly sub: string | null;
  readonly dev_mm: number | null;
  /** Null where the device does not tell. */
  readonly dpi: number | null;
  readonly grey: boolean;
  readonly severity: number;
  readonly device: string;
  readonly physics: Physics;
  readonly pad: string;
  readonly overlays: readonly string[];
  readonly faults: readonly string[];
}

export const kinds: readonly SealKind[] = [
  'round',
  'oval',
  'rect',
  'square',
  'round',
  'square',
  'rect',
  'oval',
  'round',
];

interface Work {
  readonly plan: SetPlan;
  readonly folder: string;
  readonly book: GlyphBook;
  readonly chance: Chance;
  readonly id: string;
  readonly number: number;
  readonly physics: Physics;
  readonly identity: Identity;
  readonly pairs: Pair[];
}

function spanOf({ kind, size }: Identity): number {
  const isRound = kind === 'round' || kind === 'oval';
  return isRound ? Math.max(size.width, size.height) : 0.93 * Math.hypot(size.width, size.height);
}

interface Label {
  readonly name: string;
  readonly forgery: string | null;
  readonly sub?: string;
  readonly deviationMm?: number | undefined;
  readonly faults: readonly string[];
}

/** Puts an imprint on a sheet, takes its picture and notes the pair. */
async function shoot(
  work: Work,
  chance: Chance,
  ink: Plane,
  severity: number,
  pad: Pad,
  label: Label,
  printer?: string,
) {
  const { physics, identity, folder, id, book } = work;
  const sheet = sheetOf(chance, ink, pad, physics, severity, book);
  const picture = printer ? reprinted(chance.part('print'), sheet.picture, printer) : sheet.picture;
  const shot = shotOf(chance.part('shot'), physics);
  const taken = await captured(
    chance.part('capture'),
    picture,
    shot,
    severity,
    physics,
    spanOf(identity),
  );
  const query = `${id}/${label.name}.jpg`;
  await writeFile(join(folder, query), taken.file);
  const isTold = shot.device !== 'phone' || chance.happens(0.3);
  work.pairs.push({
    id,
    kind: identity.kind,
    reserved: `${id}/reserved.jpg`,
    query,
    genuine: label.forgery === null,
    forgery: label.forgery,
    sub: label.sub ?? null,
    dev_mm: label.deviationMm ?? null,
    dpi: isTold ? Math.round(shot.dpi) : null,
    grey: shot.isGrey,
    severity,
    device: shot.device,
    physics,
    pad: pad.name,
    overlays: sheet.overlays,
    faults: label.faults,
  });
}

function forgedPlate(
  work: Work,
  chance: Chance,
  kind: string,
  k: number,
  genuine: Plate,
  hand: () => Chance,
): ForgedPlate {
  const { identity, plan } = work;
  if (kind === 'text') return otherText(chance, identity, k % 2 === 1);
  if (kind === 'font') return otherFont(chance, identity, facesOf(plan).forgeries);
  if (kind === 'alter') return altered(chance, identity, genuine, k % 2 === 1);
  const wanted = recuts[(k + work.number) % recuts.length] ?? 'move';
  return recut(chance, identity, genuine, hand(), wanted);
}

async function forge(
  work: Work,
  kind: string,
  k: number,
  genuine: Plate,
  relief: Plane,
  hand: () => Chance,
) {
  const chance = work.chance.part(kind, k);
  const severity = 1 + ((2 * k + kind.length + 5 * work.number) % 6);
  const pad = padOf(chance.part('pad'), 0.2);
  const name = `f-${kind}${k}`;
  if (kind === 'rescan') {
    const printer = chance.pick(work.plan.printers ?? printers[work.physics]);
    const { ink, faults } = stamped(chance, relief, work.physics, 1);
    await shoot(
      work,
      chance,
      ink,
      severity,
      pad,
      { name, forgery: kind, sub: printer, faults },
      printer,
    );
    return;
  }
  if (kind === 'clone' || kind === 'erase') {
    const plate =
      kind === 'clone' ? cloned(chance.part('plate'), genuine, work.physics, work.book) : relief;
    const { ink, faults } = stamped(chance, plate, work.physics, severity);
    const last = kind === 'erase' ? erased(chance.part('erase'), ink) : ink;
    const forgery = kind === 'erase' ? 'tamper' : kind;
    await shoot(work, chance, last, severity, pad, { name, forgery, sub: kind, faults });
    return;
  }
  const { plate, sub, deviationMm } = forgedPlate(
    work,
    chance.part('plate'),
    kind,
    k,
    genuine,
    hand,
  );
  const { ink, faults } = stamped(chance, reliefOf(plate, work.book), work.physics, severity);
  const forgery = kind === 'alter' ? 'tamper' : kind;
  await shoot(work, chance, ink, severity, pad, { name, forgery, sub, deviationMm, faults });
}

/** The picture of an identity's reserved card, and the turn with which it lay on the glass, in degrees. */
export async function cardOf(
  { chance, physics, identity, book }: Pick<Work, 'chance' | 'physics' | 'identity' | 'book'>,
  relief: Plane,
) {
  const card = chance.part('reserved');
  const { ink } = stamped(card, relief, physics, 0);
  const sheet = sheetOf(card, ink, padOf(card, 0.08), physics, 0, book);
  const shot = { device: 'flatbed', dpi: 300, isGrey: false, quality: 93 } as const;
  const turn = card.uniform(-3, 3);
  const { file } = await captured(card, sheet.picture, shot, 0, physics, spanOf(identity), turn);
  return { file, turn };
}

async function makeIdentity(work: Work): Promise<void> {
  const { plan, chance, identity, physics, folder, id, book } = work;
  await mkdir(join(folder, id), { recursive: true });
  const hand = () => chance.part('hand');
  const genuine = notched(engrave(identity, hand()), chance.part('notches'));
  const relief = reliefOf(genuine, book);
  const card = await cardOf(work, relief);
  await writeFile(join(folder, id, 'reserved.jpg'), card.file);
  for (let k = 0; k < plan.genuine; k++) {
    const own = chance.part('genuine', k);
    const severity = 1 + (k % 6);
    const pad = padOf(own.part('pad'), 0.2);
    const stamp = stamped(own, relief, physics, severity);
    await shoot(work, own, stamp.ink, severity, pad, {
      name: `g${k}`,
      forgery: null,
      faults: stamp.faults,
    });
  }
  for (const [kind, count] of Object.entries(plan.forged)) {
    for (let k = 0; k < count; k++) await forge(work, kind, k, genuine, relief, hand);
  }
}

/** The pairs of a manifest that is there already, but for those of the identities made anew. */
async function earlierPairs(path: string, made: ReadonlySet<string>): Promise<Pair[]> {
  const text = await readFile(path, 'utf8').catch(() => '{"pairs":[]}');
  // The file is this program's own.
  const { pairs } = JSON.parse(text) as { pairs: Pair[] };
  return pairs.filter(({ id }) => !made.has(id));
}

/**
 * Makes the identities from `first` on and adds them to the folder's manifest; `report` hears of each.
 * The same plan makes the same pictures, in whatever portions.
 */
export async function makeSet(
  plan: SetPlan,
  folder: string,
  first: number,
  count: number,
  report: (done: number) => void,
): Promise<void> {
  const words = plan.judges ? judgingWords : trainingWords;
  const faces = facesOf(plan);
  const all = [...typefaces, ...sealScripts, ...faces.own, ...faces.forgeries];
  const book = await drawGlyphs(charactersOf(words), all);
  const kindOf = (i: number) => kinds[i % kinds.length] ?? 'round';
  const idOf = (i: number) => `${kindOf(i)}-${String(i).padStart(3, '0')}`;
  const indices = Array.from({ length: count }, (_, k) => first + k);
  const path = join(folder, 'manifest.json');
  const pairs = await earlierPairs(path, new Set(indices.map(idOf)));
  for (const i of indices) {
    const chance = chanceOf(plan.name, plan.seed, i);
    const physics = plan.physics[i % plan.physics.length] ?? 'ridge';
    const identity = newIdentity(chance.part('identity'), kindOf(i), words, faces.own);
    await makeIdentity({
      plan,
      folder,
      book,
      chance,
      id: idOf(i),
      number: i,
      physics,
      identity,
      pairs,
    });
    await writeFile(path, JSON.stringify({ version: 1, set: plan.name, pairs }, null, 1));
    report(i - first + 1);
  }
}
