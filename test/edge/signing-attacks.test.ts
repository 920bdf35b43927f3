import { bytesToHex } from '@noble/hashes/utils.js';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { loadGm } from '../../src/core/gm.ts';
import { keygenContext, signContext } from '../../src/core/two-party-context.ts';
import { newId } from '../../src/domain/id.ts';
import type { Operation } from '../../src/domain/signing/types.ts';
import { base64urlText } from '../../src/lib/base64url.ts';
import {
  askDocument,
  bankOverHttp,
  type HttpBank,
  okOf,
  signedStep,
} from '../helpers/documents.ts';
import { bodyOf, type Edge, startEdge } from '../helpers/edge.ts';
import {
  base,
  bytesOf,
  flipped,
  hour,
  infoOf,
  type Key,
  makeKey,
  refreshChanged,
  rowOf,
  send,
  signing,
  signsNow,
  tenant,
} from '../helpers/key-attacks.ts';

const gm = await loadGm();

describe('C9: attacks on the signing protocol over HTTP', () => {
  let edge: Edge;
  let key: Key;
  let other: Key;
  beforeAll(async () => {
    edge = await startEdge();
    key = await makeKey(edge, 'customer-chen');
    other = await makeKey(edge, 'customer-chen');
  });

  test('every byte of the first message, changed: refused, a strike, and nothing else', async () => {
    const before = await rowOf(edge, key);
    const { message, json } = signing(edge, key);
    for (let at = 0; at < message.length; at++) {
      // Three strikes lock the key for an hour: this is what an attacker meets.
      edge.clock.advance(hour);
      const changed = {
        ...json,
        requestId: newId(edge.deps),
        message: base64urlText(flipped(message, at)),
      };
      const answer = await send(edge, key, changed);
      expect({ at, ok: answer.ok }).toEqual({ at, ok: false });
      expect((await bodyOf(answer)).reply).toBeUndefined();
    }
    expect(await rowOf(edge, key)).toEqual(before);
    edge.clock.advance(hour);
    expect(await signsNow(edge, key)).toBe(true);
  });

  test('the third failed run within ten minutes locks the key for an hour', async () => {
    edge.clock.advance(hour);
    const { message, json } = signing(edge, key);
    const bad = () =>
      send(edge, key, {
        ...json,
        requestId: newId(edge.deps),
        message: base64urlText(flipped(message, 7)),
      });
    for (let i = 0; i < 3; i++) expect((await bad()).status).toBeLessThan(500);
    const locked = await send(edge, key, signing(edge, key).json);
    expect(await bodyOf(locked)).toMatchObject({ code: 'personal_key_locked' });
    edge.clock.advance(hour + 1);
    expect(await signsNow(edge, key)).toBe(true);
  });

  test('a field dropped, doubled, of another form or unknown is refused before the chips', async () => {
    const { json } = signing(edge, key);
    const cases: object[] = [
      ...Object.keys(json).map((name) => ({ ...json, [name]: undefined })),
      { ...json, message: json.message + json.message },
      { ...json, message: json.message.slice(0, -4) },
      { ...json, message: '' },
      { ...json, message: [json.message] },
      { ...json, epoch: -1 },
      { ...json, epoch: 1.5 },
      { ...json, requestId: '../../other' },
      { ...json, purpose: 'anything' },
      { ...json, more: 1 },
    ];
    const before = await edge.deps.signing.find(tenant, 'personal-key', key.id);
    for (const [i, one] of cases.entries()) {
      edge.clock.advance(hour);
      const answer = await send(edge, key, one);
      expect({ i, status: answer.status }).toEqual({
        i,
        status: expect.toSatisfy((s: number) => s >= 400 && s < 500),
      });
    }
    const after = await edge.deps.signing.find(tenant, 'personal-key', key.id);
    expect(after?.publicKeyHex).toBe(before?.publicKeyHex);
  });

  test('of another session, epoch, key, person or tenant: refused', async () => {
    const { json } = signing(edge, key);
    const strange = signing(edge, other).json;
    for (const [name, answer] of [
      ['session', send(edge, key, { ...json, requestId: newId(edge.deps) })],
      ['epoch', send(edge, key, { ...json, epoch: 1 })],
      ['key', send(edge, key, { ...strange, request: json.request })],
      ['message of another key', send(edge, key, { ...json, message: strange.message })],
      ['person', send(edge, key, json, 'teller-zhou')],
      ['tenant', send(edge, key, json, 'teller-wu')],
      ['request over another key', send(edge, key, { ...json, request: strange.request })],
    ] as const) {
      const { ok, status } = await answer;
      expect({ name, ok, isOurs: status < 500 }).toEqual({ name, ok: false, isOurs: true });
      edge.clock.advance(hour);
    }
    expect(await signsNow(edge, key)).toBe(true);
  });

  test('a message again gets the same reply; another under its name gets none', async () => {
    const { json } = signing(edge, key);
    const first = await okOf(await send(edge, key, json));
    expect(await okOf(await send(edge, key, json))).toEqual(first);
    const second = { ...signing(edge, key).json, requestId: json.requestId };
    expect((await send(edge, key, second)).ok).toBe(false);
    edge.clock.advance(hour);
  });

  test('points that are none: at infinity, off the curve, not canonical, in the place of D, E and T', async () => {
    const { message, json } = signing(edge, key);
    const p = 'fffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff';
    const points = [
      new Uint8Array(33),
      Uint8Array.from([2, ...new Uint8Array(32)]),
      Uint8Array.from([2, ...Buffer.from(p, 'hex')]),
      Uint8Array.from([2, ...new Uint8Array(32).fill(0xff)]),
      Uint8Array.from([4, ...new Uint8Array(32).fill(1)]),
    ];
    for (const offset of [0, 33, 66]) {
      for (const point of points) {
        edge.clock.advance(hour);
        const changed = message.slice();
        changed.set(point, offset);
        const answer = await send(edge, key, {
          ...json,
          requestId: newId(edge.deps),
          message: base64urlText(changed),
        });
        expect(answer.ok).toBe(false);
      }
    }
    edge.clock.advance(hour);
    expect(await signsNow(edge, key)).toBe(true);
  });

  test('256 sessions at once: while the chips are at one, each of the others hears that the key is busy', async () => {
    edge.clock.advance(hour);
    const { shares } = edge.deps;
    const { sign } = shares;
    const calls: string[] = [];
    let refused = 0;
    let goOn = () => {};
    const othersAnswered = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    // Whoever else gets as far as this is counted, and fails the test below.
    const settle = () => refused + calls.length === 256 && goOn();
    vi.spyOn(shares, 'sign').mockImplementation(async (input) => {
      calls.push(input.requestId);
      settle();
      await othersAnswered;
      return sign.call(shares, input);
    });
    const runs = Array.from({ length: 256 }, () => signing(edge, key));
    const answers = await Promise.all(
      runs.map(async (run) => {
        const answer = await send(edge, key, run.json);
        const body = await bodyOf(answer);
        if (!answer.ok) {
          refused++;
          settle();
        }
        return { run, body, isOk: answer.ok };
      }),
    );
    vi.restoreAllMocks();
    const served = answers.filter(({ isOk }) => isOk);
    expect(served.map(({ run }) => run.json.requestId)).toEqual(calls);
    expect(served).toHaveLength(1);
    for (const { run, body } of served) {
      const signature = gm.twoParty.sign.clientFinish(run.state, bytesOf(body.reply));
      expect(gm.sm2.verifyDigest(key.publicKey, run.e, signature)).toBe(true);
    }
    const codes = answers.flatMap(({ isOk, body }) => (isOk ? [] : [body.code]));
    expect(codes).toEqual(Array(255).fill('personal_key_busy'));
    expect(await signsNow(edge, key)).toBe(true);
  });

  test('256 sessions at once in the chips: each has a nonce of its own, and one name is answered once', async () => {
    const { shares } = edge.deps;
    const text = infoOf(key);
    const begin = (requestId: string) => {
      const { e, json, state, message } = signing(edge, key, key.share, requestId);
      const ctx = signContext({ tenant, keyId: key.id }, json.epoch, requestId);
      const names = { tenant, keyId: key.id, requestId, epoch: json.epoch };
      return { e, state, ask: () => shares.sign({ ...names, text, ctx, message }) };
    };
    const runs = Array.from({ length: 256 }, () => begin(newId(edge.deps)));
    // A chip has so many in its queue and refuses the rest, which ask again.
    const replies = new Map<(typeof runs)[number], { readonly reply: Uint8Array }>();
    while (replies.size < runs.length) {
      const left = runs.filter((run) => !replies.has(run));
      const round = await Promise.allSettled(left.map(({ ask }) => ask()));
      for (const [i, result] of round.entries()) {
        const run = left[i];
        if (result.status === 'fulfilled' && run) replies.set(run, result.value);
        else expect(result).toMatchObject({ reason: { code: 'chips_busy' } });
      }
      expect(round.some(({ status }) => status === 'fulfilled')).toBe(true);
    }
    // All are over one text, so equal nonces would give equal points, and equal r.
    const points = new Set<string>();
    const rs = new Set<string>();
    for (const [{ e, state }, { reply }] of replies) {
      const signature = gm.twoParty.sign.clientFinish(state, reply, { format: 'raw' });
      expect(gm.sm2.verifyDigest(key.publicKey, e, signature, { format: 'raw' })).toBe(true);
      points.add(bytesToHex(reply.subarray(0, 33)));
      rs.add(bytesToHex(signature.subarray(0, 32)));
    }
    expect({ points: points.size, rs: rs.size }).toEqual({ points: 256, rs: 256 });
    // Two answers under one name would be two equations in one nonce, were it drawn by the name.
    const name = newId(edge.deps);
    const rivals = Array.from({ length: 256 }, () => begin(name));
    const answered = await Promise.allSettled(rivals.map(({ ask }) => ask()));
    const won = answered.flatMap(({ status }, i) => (status === 'fulfilled' ? [rivals[i]] : []));
    expect(won).toHaveLength(1);
    const again = await Promise.allSettled(rivals.map(({ ask }) => ask()));
    const first = answered.find(({ status }) => status === 'fulfilled');
    expect(again.filter(({ status }) => status === 'fulfilled')).toEqual([first]);
  });

  test('key generation: no changed byte of the opening makes a key', async () => {
    const as = 'customer-chen';
    const id = newId(edge.deps);
    let length = 1;
    for (let at = 0; at < length; at++) {
      const sessionId = newId(edge.deps);
      const started = gm.twoParty.keygen.clientStart(
        keygenContext({ tenant, keyId: id }, sessionId),
      );
      const commitment = base64urlText(started.commitment);
      const { message } = await okOf(
        await edge.call(base, { as, json: { id, label: 'phone', sessionId, commitment } }),
      );
      const { opening } = gm.twoParty.keygen.clientFinish(started.state, bytesOf(message));
      length = opening.length;
      const answer = await edge.call(`${base}/${id}/finish`, {
        as,
        json: { sessionId, opening: base64urlText(flipped(opening, at)) },
      });
      expect({ at, ok: answer.ok }).toEqual({ at, ok: false });
      expect(await okOf(await edge.call(`${base}/${id}`, { as }))).toMatchObject({
        state: 'pending',
        publicKeyHex: '',
      });
    }
    expect(length).toBeGreaterThan(64);
  });

  test('refresh: with any byte of the opening changed the old share goes on, and no unproved one replaces it', async () => {
    let length = 1;
    for (let at = 0; at < length; at++) length = await refreshChanged(edge, key, at);
    expect(length).toBe(64);
  });
});

describe('C7 C9: attacks on the use of an institution’s key over HTTP', () => {
  let edge: Edge;
  let own: HttpBank;
  beforeAll(async () => {
    edge = await startEdge();
    own = await bankOverHttp(edge);
  });
  const file = new TextEncoder().encode('guarantee 42');

  async function prepared() {
    const { id } = await okOf(await askDocument(edge, own, { action: 'cms', file }));
    const path = `/v1/operations/${id}`;
    const { statement } = await okOf(await edge.call(`${path}/activation`, { method: 'POST' }));
    return { id: String(id), path, statement: String(statement) };
  }

  test('no changed byte of the signature over the statement moves the key', async () => {
    const { id, path, statement } = await prepared();
    const signature = await own.clerk.signText(statement);
    const before = await edge.deps.signing.find(tenant, 'operation', id);
    for (let at = 0; at < signature.length; at++) {
      const json = { signature: base64urlText(flipped(signature, at)) };
      const answer = await edge.call(`${path}/execute`, { json });
      expect({ at, status: answer.status }).toEqual({ at, status: 422 });
    }
    expect(await edge.deps.signing.find(tenant, 'operation', id)).toEqual(before);
    const json = { signature: base64urlText(signature) };
    expect((await edge.call(`${path}/execute`, { json })).status).toBe(200);
  });

  test('the signature of another use, of another person or over the outcome is none', async () => {
    const [first, second] = [await prepared(), await prepared()];
    const foreign = await signedStep(edge, own, first.id, 'execute', second.statement);
    expect(foreign.ok).toBe(false);
    const officer = await own.officers[0].signText(first.statement);
    const json = { signature: base64urlText(officer) };
    expect((await edge.call(`${first.path}/execute`, { json })).ok).toBe(false);
    expect((await edge.call(`${first.path}/execute`, { json, as: 'developer-song' })).status).toBe(
      404,
    );
    const early = await signedStep(edge, own, first.id, 'complete', first.statement);
    expect(early.ok).toBe(false);
    expect((await okOf(await edge.call(first.path))).state).toBe('approved');
  });

  test('a store that is set back gives the same signature again, never a second one', async () => {
    const { id, path, statement } = await prepared();
    const old = (await edge.deps.signing.find(tenant, 'operation', id)) as Operation;
    const executed = await okOf(await signedStep(edge, own, id, 'execute', statement));
    const { outcome } = executed;
    const done = await okOf(await signedStep(edge, own, id, 'complete', outcome));
    const result = async () =>
      new Uint8Array(await (await edge.call(`${path}/document`)).arrayBuffer());
    const first = await result();
    const { revision = 0 } = (await edge.deps.signing.find(tenant, 'operation', id)) ?? {};
    const row = { ...old, revision: revision + 1 };
    const places = { owner: old.actor, parent: old.institutionKeyId, state: old.state };
    await edge.deps.signing.write(tenant, [{ kind: 'operation', row, ...places }]);
    expect((await okOf(await edge.call(path))).state).toBe('approved');
    const again = await signedStep(edge, own, id, 'execute', statement);
    expect((await okOf(again)).outcome).toBe(outcome);
    const completed = await okOf(await signedStep(edge, own, id, 'complete', outcome));
    expect(completed.record).toEqual(done.record);
    expect(await result()).toEqual(first);
    const history = await own.deps.ledger.history(`use/${own.signing.id}`);
    const hashes = history.map(({ event }) =>
      event.type === 'key_usage' ? event.recordSha256 : '',
    );
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  test('64 executions of one use at once move the key once', async () => {
    const { id, path, statement } = await prepared();
    const grantBefore = await edge.deps.signing.find(tenant, 'grant', own.signGrant);
    const json = { signature: base64urlText(await own.clerk.signText(statement)) };
    const answers = await Promise.all(
      Array.from({ length: 64 }, () => edge.call(`${path}/execute`, { json })),
    );
    const outcomes = new Set<unknown>();
    for (const answer of answers) if (answer.ok) outcomes.add((await bodyOf(answer)).outcome);
    expect(outcomes.size).toBe(1);
    const grant = await edge.deps.signing.find(tenant, 'grant', own.signGrant);
    expect(grant?.used).toBe((grantBefore?.used ?? 0) + 1);
    expect((await okOf(await edge.call(`/v1/operations/${id}`))).state).toBe('executed');
  });
});
