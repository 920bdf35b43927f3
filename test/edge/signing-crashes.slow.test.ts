import { hexToBytes } from '@noble/hashes/utils.js';
import { afterAll, describe, expect, test } from 'vitest';
import {
  activateOperation,
  type KeyTerminal,
  makePersonalKey,
  passkeyProtection,
  refreshPersonalKey,
  withPersonalKey,
} from '../../src/client/certificates.ts';
import { ApiError, createClient, newIdempotencyKey } from '../../src/client/index.ts';
import { loadGm } from '../../src/core/gm.ts';
import { grantsHash } from '../../src/core/grant-list.ts';
import { newId } from '../../src/domain/id.ts';
import { approveGrantChange, grantChangeBytes } from '../../src/domain/signing/grant-changes.ts';
import { type NewGrant, proposeGrant, revokeGrant } from '../../src/domain/signing/grants.ts';
import type { GrantChange } from '../../src/domain/signing/types.ts';
import { bankOverHttp } from '../helpers/documents.ts';
import { neverCalled } from '../helpers/dying.ts';
import { type Edge, startEdge } from '../helpers/edge.ts';
import { memoryVault } from '../helpers/key-people.ts';
import { atEveryMoment, type Mortal, mortal } from '../helpers/mortal.ts';
import { callerOf } from '../helpers/signing.ts';

const gm = await loadGm();

/** Everything that is written for signing. */
const writes = {
  audit: ['append'],
  signing: ['write'],
  ledger: ['append', 'appendNext'],
  objects: ['put'],
  keys: ['sign', 'changeGrants'],
  shares: ['keygenReply', 'keygenFinish', 'sign', 'refreshReply', 'refreshFinish', 'refreshCommit'],
} as const;

const called = new Set<string>();
afterAll(() => expect(neverCalled<typeof writes>(writes, called)).toEqual([]));

/** The service in a process that can die around each of the writes. */
async function mortalEdge(life: Mortal): Promise<Edge> {
  return startEdge((deps) => {
    const port = <N extends keyof typeof writes>(name: N) =>
      life.port(name, deps[name], writes[name], called);
    return {
      audit: port('audit'),
      signing: port('signing'),
      ledger: port('ledger'),
      objects: port('objects'),
      keys: port('keys'),
      shares: port('shares'),
    };
  });
}

const passkey = passkeyProtection('credential', async (_, salt) =>
  Uint8Array.from(salt, (byte) => byte ^ 0x5a),
);

function terminalOn(edge: Edge, identity: string) {
  const send: typeof fetch = async (input, init) => edge.app.request(String(input), init);
  const client = createClient({
    baseUrl: 'http://localhost',
    fetch: send,
    token: () => edge.tokenOf(identity),
    wait: async () => undefined,
  });
  const vault = memoryVault();
  const terminal: KeyTerminal = {
    client,
    tenant: 'beichen-bank',
    vault,
    protection: passkey,
    now: () => edge.clock.now(),
  };
  return { client, terminal, vault };
}

/** Longer than a signature that never came to its end keeps the key to itself. */
const signatureLifeMs = 61_000;

/** Whether the shares of terminal and chips fit together: a request that both sign. */
async function signs(edge: Edge, terminal: KeyTerminal, id: string): Promise<boolean> {
  edge.clock.advance(signatureLifeMs);
  const pem = await withPersonalKey(terminal, id, (session) => session.certificateRequest());
  return pem.includes('CERTIFICATE REQUEST');
}

describe('C9: a crash at every await', () => {
  test('of key generation leaves a key that signs, or none, and the next attempt makes one', async () => {
    const life = mortal();
    const moments = await atEveryMoment(
      life,
      async () => {
        const edge = await mortalEdge(life);
        kept = { edge, ...terminalOn(edge, 'customer-chen') };
        await makePersonalKey(kept.terminal, 'phone');
      },
      async (moment) => {
        const { edge, terminal, client } = kept;
        const { items } = await client.personalKeys.list();
        const active = items.filter(({ state }) => state === 'active');
        for (const { id } of active)
          expect(await signs(edge, terminal, id), `${moment}`).toBe(true);
        const next = await makePersonalKey(terminal, 'phone again');
        expect(await signs(edge, terminal, next.id), `${moment}`).toBe(true);
      },
    );
    expect(moments).toBeGreaterThan(10);
  }, 60_000);

  test('of a refresh leaves one pair of shares that sign, under the same public key', async () => {
    const life = mortal();
    const edge = await mortalEdge(life);
    const { terminal, client, vault } = terminalOn(edge, 'customer-chen');
    const { id, publicKeyHex } = await makePersonalKey(terminal, 'phone');
    const moments = await atEveryMoment(
      life,
      () => refreshPersonalKey(terminal, id),
      async (moment) => {
        expect(await signs(edge, terminal, id), `${moment}`).toBe(true);
        expect(vault.kept.get(id)?.next, `${moment}`).toBeUndefined();
        expect((await client.personalKeys.get(id)).publicKeyHex).toBe(publicKeyHex);
      },
    );
    expect(moments).toBeGreaterThan(20);
  }, 60_000);

  test('of a signature gives none or a good one, and the key goes on', async () => {
    const life = mortal();
    const edge = await mortalEdge(life);
    const { terminal } = terminalOn(edge, 'customer-chen');
    const { id } = await makePersonalKey(terminal, 'phone');
    const moments = await atEveryMoment(
      life,
      () => {
        edge.clock.advance(signatureLifeMs);
        return withPersonalKey(terminal, id, (session) => session.certificateRequest());
      },
      async (moment) => expect(await signs(edge, terminal, id), `${moment}`).toBe(true),
    );
    expect(moments).toBeGreaterThan(5);
  }, 60_000);

  test('of a use moves the key once, counts it once, and leaves one record', async () => {
    const life = mortal();
    const edge = await mortalEdge(life);
    const own = await bankOverHttp(edge);
    const { client } = terminalOn(edge, 'teller-zhou');
    const file = { bytes: new Blob(['guarantee 42']), name: 'guarantee.txt' };
    const key = { id: own.signing.id, publicKeyHex: own.signing.publicKeyHex };
    const session = {
      sign: (bytes: Uint8Array) => {
        edge.clock.advance(signatureLifeMs);
        return own.clerk.sign(bytes);
      },
    };
    let intention = '';
    let before = { used: 0, records: 0 };
    const counted = async () => {
      const grant = await own.deps.signing.find('beichen-bank', 'grant', own.signGrant);
      const records = await own.deps.ledger.history(`use/${key.id}`);
      return { used: grant?.used ?? 0, records: records.length };
    };
    const use = async () => {
      const asked = await client.operations.askDocument(
        key.id,
        {
          action: 'cms',
          file,
          grantId: own.signGrant,
          personalKeyId: own.clerk.key.id,
          documentType: 'guarantee',
          reason: 'crash',
        },
        { idempotencyKey: intention },
      );
      return activateOperation(client, session, key, await client.operations.get(asked.id));
    };
    const moments = await atEveryMoment(
      life,
      async () => {
        intention = newIdempotencyKey();
        before = await counted();
        edge.clock.advance(signatureLifeMs);
        await use();
      },
      async (moment) => {
        edge.clock.advance(signatureLifeMs);
        let done = await use().catch((error: ApiError) => error);
        if (done instanceof ApiError) {
          // Its statement ran out before the key moved: refused for good, and not counted.
          expect(['activation_refused', 'operation_state'], `${moment}`).toContain(done.code);
          expect(await counted(), `${moment}`).toEqual(before);
          intention = newIdempotencyKey();
          done = await use();
        }
        const { operation, record } = done;
        expect(operation.state, `${moment}`).toBe('completed');
        const message = await client.operations.document(operation.id);
        const verdict = await client.documents.verify('cms', { bytes: message, name: 'm' });
        expect(verdict.ok, `${moment}`).toBe(true);
        const { used, records } = await counted();
        expect({ used, records }, `${moment}`).toEqual({
          used: before.used + 1,
          records: before.records + 1,
        });
        const text = String((record.body as { statement: string }).statement);
        const signature = hexToBytes(
          String((record.body as { statementSignatureHex: string }).statementSignatureHex),
        );
        const person = hexToBytes(own.clerk.key.publicKeyHex);
        expect(gm.sm2.verify(person, new TextEncoder().encode(text), signature)).toBe(true);
      },
    );
    expect(moments).toBeGreaterThan(40);
  }, 120_000);

  test('of a right given and taken back ends with the chips, the rows and the ledger at one', async () => {
    const life = mortal();
    const edge = await mortalEdge(life);
    const own = await bankOverHttp(edge);
    const { deps, signing, clerk } = own;
    const lin = callerOf('administrator-lin', 'administrator');
    let id = '';
    const changeNow = async (grantId: string) => {
      const filter = { parent: signing.id, state: 'open' };
      const open = await deps.signing.list('beichen-bank', 'grant-change', filter, { limit: 50 });
      return open.find((one) => one.grantId === grantId);
    };
    const approveBoth = async (change: GrantChange | undefined) => {
      for (const officer of change ? own.officers.slice(0, 2) : []) {
        edge.clock.advance(signatureLifeMs);
        if (!change) continue;
        const signature = await officer.sign(grantChangeBytes(change));
        await approveGrantChange(deps, officer.caller, { id: change.id, signature });
      }
    };
    const terms = (): NewGrant => ({
      id,
      institutionKeyId: signing.id,
      actor: own.officers[2].caller.actor.id,
      personalKeyId: own.officers[2].key.id,
      operations: ['sign'],
      validFromMs: edge.clock.now(),
      validUntilMs: edge.clock.now() + 1_000_000_000,
      usesMax: 5,
      documentTypes: [],
      approvalsNeeded: 0,
    });
    let given: GrantChange | undefined;
    let taken: GrantChange | undefined;
    const giveAndTake = async () => {
      if (!(await deps.signing.find('beichen-bank', 'grant', id))) {
        given = (await proposeGrant(deps, lin, terms())).change;
      }
      given = (await changeNow(id)) ?? given;
      await approveBoth(given);
      taken = (await revokeGrant(deps, lin, id)).change ?? taken;
      await approveBoth(taken);
    };
    const moments = await atEveryMoment(
      life,
      async () => {
        id = newId(edge.deps);
        given = undefined;
        taken = undefined;
        await giveAndTake();
      },
      async (moment) => {
        await giveAndTake();
        const grant = await deps.signing.find('beichen-bank', 'grant', id);
        expect(grant?.state, `${moment}`).toBe('revoked');
        const key = await deps.signing.find('beichen-bank', 'institution-key', signing.id);
        const listed = key?.chipGrants.map(({ publicKeyHex }) => publicKeyHex);
        expect(listed, `${moment}`).toEqual([clerk.key.publicKeyHex]);
        const { epoch, policy } = await deps.keys.find('beichen-bank', signing.id);
        expect(policy.grantsHashHex, `${moment}`).toBe(grantsHash(gm, key?.chipGrants ?? []));
        expect(epoch, `${moment}`).toBe(key?.chipEpoch);
        const states = (await deps.ledger.history(`grant/${id}`)).map(({ event }) =>
          event.type === 'grant' ? event.state : '',
        );
        expect(states, `${moment}`).toEqual(['active', 'revoked']);
        expect(await changeNow(id), `${moment}`).toBeUndefined();
      },
    );
    expect(moments).toBeGreaterThan(20);
  }, 120_000);
});

let kept: { edge: Edge } & ReturnType<typeof terminalOn>;
