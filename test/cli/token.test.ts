import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/platform/system.ts';
import { type Edge, startEdge } from '../helpers/edge.ts';
import { served } from '../helpers/served.ts';
import { identity } from '../helpers/tokens.ts';
import { buildTool, cinnabar } from './tool.ts';

const issuer = 'http://localhost:8787';
let folder: string;
let edge: Edge;
let service: Awaited<ReturnType<typeof served>>;
const file = (name: string) => join(folder, name);

beforeAll(async () => {
  await buildTool();
  folder = await mkdtemp(join(tmpdir(), 'cinnabar-token-'));
  // The tool looks at the real clock when it opens a token.
  edge = await startEdge(() => ({ clock: systemClock }));
  service = await served(edge);
  await writeFile(file('system.key'), `${'Bw'.repeat(21)}A\n`);
  await writeFile(file('identity.json'), JSON.stringify(identity));
});
afterAll(async () => {
  service.server.close();
  await rm(folder, { recursive: true, force: true });
});

async function asked(who: string | undefined, ...words: string[]) {
  const token = who === undefined ? {} : { CINNABAR_TOKEN: await edge.tokenOf(who) };
  const env = { CINNABAR_URL: service.url, ...token };
  const { status, stdout } = await cinnabar(['token', ...words, '--json'], { env });
  return { status, json: JSON.parse(stdout) };
}

describe('cinnabar token', () => {
  it('D8: registers a business system with its key, and changes what it gets', async () => {
    const words = ['--key', file('system.key'), '--labels', 'NAME', '--purpose', '票据'];
    const made = await asked('developer-song', 'register', 'ledgers', ...words);
    expect([made.status, made.json.system.state]).toEqual([0, 'active']);
    const labels = ['--labels', 'NAME,PAYMENT', '--purpose', '票据'];
    const changed = await asked('administrator-lin', 'release', 'ledgers', ...labels);
    expect(changed.json.release.labels).toEqual(['NAME', 'PAYMENT']);
    const listed = await asked('customer-chen', 'systems');
    expect(listed.json.items.map(({ id }: { id: string }) => id)).toEqual(['ledgers']);
    const wrong = await asked('administrator-lin', 'release', 'ledgers', '--labels', 'PASSWORD');
    expect([wrong.status, wrong.json.error.code]).toEqual([2, 'wrong_use']);
  });

  it('D3 D4 D5: issues a token, shows its public part, and opens it offline with the key', async () => {
    const given = ['--identity', file('identity.json')];
    const issued = await asked('customer-chen', 'issue', 'ledgers', ...given);
    expect(issued.json).toMatchObject({ profile: 'cin-sealed-1', tokenType: 'Bearer' });
    await writeFile(file('token.json'), JSON.stringify(issued.json));
    const read = await asked(undefined, 'inspect', file('token.json'));
    expect(read.json).toMatchObject({ header: { alg: 'ES256' }, sealedParts: 1 });
    for (const value of Object.values(identity)) {
      expect(JSON.stringify(read.json)).not.toContain(value);
    }
    const set = await (await fetch(`${service.url}/.well-known/jwks.json`)).text();
    await writeFile(file('jwks.json'), set);
    const own = ['--key', file('system.key'), '--keys', file('jwks.json'), '--issuer', issuer];
    const open = (name: string, ...more: string[]) =>
      asked(undefined, 'open', file('token.json'), '--name', name, ...own, ...more);
    const opened = await open('ledgers', '--values');
    expect(opened.status).toBe(0);
    expect(opened.json.facts).toContainEqual(
      expect.objectContaining({ label: 'NAME', value: identity.姓名 }),
    );
    expect(JSON.stringify((await open('ledgers')).json)).not.toContain(identity.姓名);
    expect(await open('others')).toMatchObject({
      status: 1,
      json: { accepted: false, reason: 'audience' },
    });
  });

  it('D8: rotates and withdraws signing keys, and lists and ends tokens', async () => {
    const before = await asked('operator-ma', 'keys');
    const rotated = await asked('operator-ma', 'rotate');
    type Key = { id: string; state: string };
    const states = (answer: typeof rotated) => answer.json.items.map(({ state }: Key) => state);
    expect(states(before)).toEqual(['active']);
    expect(states(rotated).sort()).toEqual(['active', 'next', 'passive']);
    const passive = rotated.json.items.find(({ state }: Key) => state === 'passive');
    const unsure = await asked('operator-ma', 'revoke-key', passive.id);
    expect([unsure.status, unsure.json.error.code]).toEqual([2, 'wrong_use']);
    const revoked = await asked('operator-ma', 'revoke-key', passive.id, '--yes');
    expect(states(revoked).sort()).toEqual(['active', 'next', 'revoked']);
    const { json } = await asked('customer-chen', 'list');
    expect((await asked('customer-chen', 'revoke', json.items[0].id)).status).toBe(0);
    const after = await asked('customer-chen', 'list');
    expect(after.json.items[0].state).toBe('revoked');
  });

  it('D8: changes the key of a business system in service, once it is meant', async () => {
    await writeFile(file('next.key'), `${'Cw'.repeat(21)}A\n`);
    const named = await asked('developer-song', 'next-key', 'ledgers', '--key', file('next.key'));
    expect(named.json.nextKey).toMatchObject({ isProven: true });
    const unsure = await asked('administrator-lin', 'use-key', 'ledgers');
    expect([unsure.status, unsure.json.error.code]).toEqual([2, 'wrong_use']);
    const used = await asked('administrator-lin', 'use-key', 'ledgers', '--yes');
    expect(used.json).toMatchObject({
      kid: named.json.nextKey.kid,
      oldKey: { kid: named.json.kid },
    });
  });

  it('D7: says when the business system is away', async () => {
    const { status, json } = await asked('customer-chen', 'ask', 'bill.list');
    expect([status, json.error.code]).toEqual([2, 'business_unavailable']);
  });

  it('takes nothing for a token or a key that is none', async () => {
    await writeFile(file('none'), 'x.y');
    const read = await asked(undefined, 'inspect', file('none'));
    expect([read.status, read.json.error.code]).toEqual([2, 'token_refused']);
    const words = ['--key', file('none'), '--labels', 'NAME', '--purpose', 'x'];
    const made = await asked('developer-song', 'register', 'other', ...words);
    expect([made.status, made.json.error.code]).toEqual([2, 'bad_input']);
    expect(await readFile(file('none'), 'utf8')).toBe('x.y');
  });
});
