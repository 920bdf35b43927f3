import { demoIdentities } from '../../src/edge/demo-identities.ts';
import { uuidRandomBytes, uuidV7 } from '../../src/lib/uuid.ts';
import { bankOverHttp } from '../helpers/documents.ts';
import { bodyOf, type Edge, enrolled, startEdge, verificationForm } from '../helpers/edge.ts';
import { ringWithCross } from '../helpers/imprints.ts';
import { type Ask, payerOver } from '../helpers/payer.ts';
import { terms } from '../helpers/payments.ts';
import { seededRandom } from '../helpers/time-and-chance.ts';
import { ApiDocument, nobodysPath, type Operation, pathOf } from './api-document.ts';
import { namingBodies, tryBody } from './body-swap.ts';
import type { Drill } from './drill.ts';

const foreigner = 'nanpu-bank';
const namePattern =
  /^(?:[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|[0-9a-f]{32,40})$/;

/** A bank in which something of every kind has happened, seen through its own people's lists. */
async function livingBank(edge: Edge): Promise<ReadonlySet<string>> {
  const random = seededRandom(77);
  const freshId = () => uuidV7(edge.clock.now(), random.bytes(uuidRandomBytes));
  const ask: Ask = (as, method, path, json) =>
    edge.call(path, { as, method, ...(json ? { json } : {}) });
  const { sealId } = await enrolled(edge, ringWithCross);
  await edge.call('/v1/seal-verifications', { form: verificationForm(sealId, ringWithCross) });
  await bankOverHttp(edge);
  const payer = await payerOver(ask, 'customer-chen', freshId);
  const terminals = await bodyOf(await edge.call('/v1/terminals', { as: 'customer-chen' }));
  const [terminal] = terminals.items as { id: string }[];
  const order = {
    ...terms,
    personalKeyId: payer.keyId,
    terminalId: terminal?.id,
  };
  await edge.call('/v1/payments', { as: 'customer-chen', json: order });
  return harvest(edge);
}

let bankOnce: Promise<{ readonly edge: Edge; readonly names: readonly string[] }> | undefined;

/** One bank for all drills of this process: a stranger must change nothing in it. */
export function bankForDrills() {
  bankOnce ??= startEdge().then(async (edge) => ({ edge, names: [...(await livingBank(edge))] }));
  return bankOnce;
}

/** Every name that a list or an object of the bank shows to one of its people. */
async function harvest(edge: Edge): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const { operations } = await documentOf(edge);
  const own = demoIdentities.filter(({ institution }) => institution.id !== foreigner);
  for (const operation of operations) {
    if (operation.method !== 'GET' || operation.path.includes('{')) continue;
    // What is public is nobody's secret.
    if (operation.as === null) continue;
    for (const { id } of own) {
      const answer = await edge.call(operation.path, { as: id });
      if (answer.ok) for (const text of textsOf(await answer.json())) found.add(text);
    }
  }
  return found;
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return namePattern.test(value) ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsOf);
}

export const documentOf = (edge: Edge) =>
  ApiDocument.of((path, { method, as }) => edge.call(path, { method, as }));

/** What an answer says, but for what differs in any two answers. */
async function said(answer: Response): Promise<string> {
  const text = await answer.text();
  return `${answer.status} ${text.replace(/"requestId":"[^"]*"/, '')}`;
}

interface Stranger {
  readonly token: string;
}

export async function strangerFor(
  edge: Edge,
  operation: Operation,
  tenant = foreigner,
): Promise<Stranger | undefined> {
  const role = demoIdentities.find(({ id }) => id === operation.as)?.role;
  if (!role || !edge.deps.demo) return undefined;
  const actor = {
    id: 'drill-stranger',
    tenant,
    branch: '0203',
    roles: [role],
    name: 'x',
  };
  return edge.deps.demo.issue(actor);
}

/** Chips, issuer keys and software belong to the service, not to one of its institutions. */
export const isOfTheService = ({ path }: Operation) =>
  /^\/v1\/(chips|issuer-keys|software|seal-vendors|federation)\b/.test(path);

/** How a door answers a name in somebody's hands. */
function knocker(edge: Edge, document: ApiDocument, { method, requestBody }: Operation) {
  const json = requestBody?.content['application/json'];
  const body = json
    ? { json: document.sample(json.schema) }
    : requestBody
      ? { form: { x: 'y' } }
      : {};
  return async (path: string, token: string) => {
    const headers = { authorization: `Bearer ${token}` };
    return said(await edge.call(path, { as: null, method, headers, ...body }));
  };
}

interface Seen {
  readonly requests: number;
  /** Whether one of the names opened it to its owner. */
  readonly isLive: boolean;
  readonly faults: readonly string[];
}

/** Tries names at one door with a stranger's token, and reads with an owner's. */
async function tryDoor(
  edge: Edge,
  document: ApiDocument,
  operation: Operation,
  names: readonly string[],
  isPlanted: boolean,
): Promise<Seen> {
  const { key, method, as } = operation;
  const stranger = await strangerFor(edge, operation);
  if (!stranger || !as) return { requests: 0, isLive: false, faults: [] };
  const knock = knocker(edge, document, operation);
  const nobodys = await knock(nobodysPath(operation), stranger.token);
  const token = isPlanted ? await edge.tokenOf(as) : stranger.token;
  const faults: string[] = [];
  let isLive = false;
  for (const name of names) {
    const path = pathOf(operation, (parameter) => (parameter === 'which' ? 'query' : name));
    if (method === 'GET') isLive ||= (await edge.call(path, { as })).ok;
    const answer = await knock(path, token);
    // A name of another form is refused by its form.
    if (answer === nobodys || answer.startsWith('400')) continue;
    faults.push(`${key} ${name}: ${answer.slice(0, 160)} not ${nobodys.slice(0, 80)}`);
  }
  return { requests: names.length, isLive, faults };
}

interface BodiesSeen {
  readonly requests: number;
  readonly places: number;
  /** Places whose body got beyond its form with a name that nobody has. */
  readonly read: number;
  readonly faults: readonly string[];
}

/** Tries names in every place of every body that names something, with a stranger's token. */
async function tryBodies(
  edge: Edge,
  document: ApiDocument,
  names: readonly string[],
  isPlanted: boolean,
): Promise<BodiesSeen> {
  const faults: string[] = [];
  let [requests, places, read] = [0, 0, 0];
  for (const [index, operation] of document.operations.entries()) {
    if (isOfTheService(operation)) continue;
    // A bank of its own for each: a name that was taken at one door is no stranger's at the next.
    const stranger = await strangerFor(edge, operation, `${foreigner}-${index}`);
    if (!stranger) continue;
    for (const body of namingBodies(document, operation)) {
      const path = nobodysPath(operation);
      const token = isPlanted ? await edge.tokenOf(operation.as ?? '') : stranger.token;
      const seen = await tryBody(edge, operation, path, token, body, names);
      requests += names.length + 1;
      places += 1;
      read += seen.isRead ? 1 : 0;
      faults.push(...seen.faults);
      if (isPlanted && faults.length > 0) return { requests, places, read, faults };
    }
  }
  return { requests, places, read, faults };
}

/** A2: each name of one bank, at each door that takes a name, in the hands of another bank. */
export const objectSwap: Drill = {
  id: 'A2',
  name: 'object-swap',
  target: "another bank's names are answered as names of nothing",
  plants: ['doors do not ask whose it is', 'bodies do not ask whose it is'],
  async run({ isLong, seed, plant }) {
    const { edge, names } = await bankForDrills();
    const document = await documentOf(edge);
    const chance = seededRandom(seed);
    const isDrawn = () => (chance.bytes(1)[0] ?? 0) < 64;
    const faults: string[] = [];
    let requests = 0;
    let live = 0;
    const doors = document.operations.filter(
      (operation) => /\{(id|serial)\}/.test(operation.path) && !isOfTheService(operation),
    );
    const isOfBodies = plant?.startsWith('bodies') ?? false;
    for (const operation of isOfBodies ? [] : doors) {
      const chosen = isLong || operation.method === 'GET' ? names : names.filter(isDrawn);
      const seen = await tryDoor(edge, document, operation, chosen, plant !== undefined);
      requests += seen.requests;
      live += seen.isLive ? 1 : 0;
      faults.push(...seen.faults);
      if (plant && faults.length > 0) break;
    }
    const uuids = names.filter((name) => name.length === 36);
    const chosen = isLong ? uuids : uuids.filter(isDrawn);
    const isTried = !plant || isOfBodies;
    const bodies = isTried ? await tryBodies(edge, document, chosen, isOfBodies) : undefined;
    faults.push(...(bodies?.faults ?? []));
    if (!plant && bodies && bodies.read < 5)
      faults.push(`only ${bodies.read} bodies got beyond their form`);
    if (names.length < 20) faults.push(`the bank shows ${names.length} names only`);
    if (!plant && live < 10) faults.push(`only ${live} doors had something behind them`);
    const inBodies = bodies
      ? `; ${bodies.requests} requests with names in ${bodies.places} places of bodies, ${bodies.read} read beyond their form`
      : '';
    const measured = `${requests} requests with ${names.length} names at ${doors.length} doors, ${live} reads with something behind them${inBodies}`;
    return { measured, faults };
  },
};
