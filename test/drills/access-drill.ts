import { readFileSync } from 'node:fs';
import { type Actor, roles } from '../../src/domain/actor.ts';
import { bodyOf, type Edge, startEdge } from '../helpers/edge.ts';
import { nobodysId } from './api-document.ts';
import type { Drill } from './drill.ts';

const page = new URL('../../docs/access.md', import.meta.url);
const ours = 'beichen-bank';
const theirs = 'nanpu-bank';

interface Door {
  readonly key: string;
  readonly method: string;
  readonly path: string;
  /** Undefined where no token is needed. */
  readonly roles: readonly string[] | undefined;
  readonly reads: string;
  /** Only for people of the institution that runs the service. */
  readonly isOfService?: boolean;
}

/** The doors as the document of access says: what is written there is what must be so. */
export function documentedDoors(text = readFileSync(page, 'utf8')): readonly Door[] {
  return [...text.matchAll(/^\| `(\S+) (\S+)` \| ([^|]+) \| ([^|]+) \| \w+ \| (\w+) \|$/gm)].map(
    ([, method = '', pattern = '', who = '', reads = '', service]) => ({
      key: `${method} ${pattern}`,
      method,
      path: pattern.replace(/\{\w+\}/g, nobodysId),
      roles: who === 'anyone' ? undefined : who.split(', '),
      reads,
      isOfService: service === 'yes',
    }),
  );
}

/** Somebody at a door, and whether they may enter. */
interface Comer {
  readonly who: string;
  readonly token: string | undefined;
  readonly role?: string;
  readonly tenant?: string;
}

function knock(edge: Edge, { method, path, reads }: Door, token: string | undefined) {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const nothing = reads === 'json' ? { json: {} } : reads === 'none' ? {} : { form: { x: 'y' } };
  return edge.call(path, { as: null, method, headers, ...nothing });
}

async function comers(edge: Edge, plant: string | undefined): Promise<readonly Comer[]> {
  const { demo } = edge.deps;
  if (!demo) throw new Error('the drill needs the tokens of the demo');
  const tokenOf = async (role: Actor['roles'][number], tenant: string) => {
    const actor = { id: `drill-${role}`, tenant, branch: '0102', roles: [role], name: role };
    return (await demo.issue(actor)).token;
  };
  const own = await bodyOf(
    await edge.call('/v1/tokens', {
      as: 'administrator-lin',
      json: { grantType: 'urn:cinnabar:grant:session', audiences: ['cinnabar'] },
    }),
  );
  const revoked = String(own.accessToken);
  const before = await knock(edge, readsTokens, revoked);
  if (before.status !== 200) throw new Error(`the own token was not good: ${before.status}`);
  await edge.call(`/v1/tokens/${own.id}/revoke`, { as: 'administrator-lin', method: 'POST' });
  const expired = await tokenOf('administrator', ours);
  if (plant !== 'an expired token is good') edge.clock.advance(16 * 60_000);
  const fresh = await tokenOf('administrator', ours);
  const people = await Promise.all(
    [ours, theirs].flatMap((tenant) =>
      roles.map(async (role) => ({
        who: `${role} of ${tenant}`,
        token: await tokenOf(role, tenant),
        role,
        tenant,
      })),
    ),
  );
  return [
    { who: 'nobody', token: undefined },
    { who: 'an expired token', token: expired },
    { who: 'a revoked token', token: revoked },
    { who: 'a token with another signature', token: `${fresh.slice(0, -8)}AAAAAAAA` },
    ...people,
  ];
}

const readsTokens: Door = {
  key: 'GET /v1/tokens',
  method: 'GET',
  path: '/v1/tokens',
  roles: [],
  reads: 'none',
};

function fault(door: Door, comer: Comer, status: number): string | undefined {
  const said = `${door.key} answers ${comer.who} with ${status}`;
  if (status >= 500 && status !== 503) return said;
  if (!door.roles) return undefined;
  if (comer.role === undefined) return status === 401 ? undefined : said;
  const isLetIn = door.roles.includes(comer.role) && (!door.isOfService || comer.tenant === ours);
  return (status === 403) === !isLetIn && status !== 401 ? undefined : said;
}

/** A1: every route and every caller, as the document says and in no other way. */
export const accessMatrix: Drill = {
  id: 'A1',
  name: 'access-matrix',
  target: 'every cell as docs/access.md says, no route without a row',
  plants: ['a door left open', 'an expired token is good', 'a route without a row'],
  async run({ plant }) {
    const edge = await startEdge();
    const served = edge.app.routes.filter(({ method }) => method !== 'ALL');
    const doors = documentedDoors().filter(({ key }) => {
      if (plant === 'a route without a row') return key === 'GET /v1/seals';
      return !plant || key === 'GET /v1/audit';
    });
    const written = new Set(doors.map(({ key }) => key));
    const patternOf = (path: string) => path.replace(/:(\w+)(?:\{[^}]*\})?/g, '{$1}');
    const known = new Set(served.map(({ method, path }) => `${method} ${patternOf(path)}`));
    const faults = [
      ...[...known].filter((key) => !written.has(key)).map((key) => `${key} has no row`),
      ...[...written].filter((key) => !known.has(key)).map((key) => `${key} is no route`),
    ];
    const all = await comers(edge, plant);
    const master = all.find(({ who }) => who === `administrator of ${ours}`);
    for (const door of doors) {
      for (const comer of all) {
        const isOpen = plant === 'a door left open';
        const { status } = await knock(edge, door, isOpen ? master?.token : comer.token);
        const found = fault(door, comer, status);
        if (found) faults.push(found);
      }
    }
    return { measured: `${doors.length} routes x ${all.length} callers`, faults };
  },
};
