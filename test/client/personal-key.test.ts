import { bytesToHex } from '@noble/hashes/utils.js';
import { describe, expect, test, vi } from 'vitest';
import { createClient } from '../../src/client/api.ts';
import {
  CloudMisbehaved,
  judgeMisbehaviour,
  type KeptReport,
  type KeyTerminal,
  type KeyVault,
  makePersonalKey,
  passkeyProtection,
  pinProtection,
  refreshPersonalKey,
  ShareUnreadable,
  type StoredKey,
  withdrawPersonalKey,
  withPersonalKey,
} from '../../src/client/certificates.ts';
import { loadGm } from '../../src/core/gm.ts';
import { type Receipt, receiptBytes } from '../../src/core/usage/receipt.ts';
import type { ShareAttestation } from '../../src/core/usage/share-use.ts';
import { base64urlBytes, base64urlText } from '../../src/lib/base64url.ts';
import { type Edge, startEdge } from '../helpers/edge.ts';
import { opensslFolder } from '../helpers/openssl.ts';

const gm = await loadGm();

type Fetch = typeof fetch;

function memoryVault() {
  const kept = new Map<string, StoredKey>();
  const reports: KeptReport[] = [];
  return {
    kept,
    reports,
    keepReport: async (report: KeptReport) => void reports.push(report),
    load: async (id: string) => kept.get(id),
    save: async (id: string, key: StoredKey) => void kept.set(id, key),
    remove: async (id: string) => void kept.delete(id),
  } satisfies KeyVault & Record<string, unknown>;
}

/** A passkey that gives another secret for each salt. */
const passkey = passkeyProtection('credential', async (_, salt) =>
  Uint8Array.from(salt, (byte) => byte ^ 0x5a),
);

async function terminalOn(edge: Edge, change: (send: Fetch) => Fetch = (send) => send) {
  const send: Fetch = async (input, init) => edge.app.request(String(input), init);
  const token = () => edge.tokenOf('customer-chen');
  const client = createClient({ baseUrl: 'http://localhost', fetch: change(send), token });
  const vault = memoryVault();
  const now = () => edge.clock.now();
  const terminal: KeyTerminal = { client, tenant: 'beichen-bank', vault, protection: passkey, now };
  return { terminal, vault, client };
}

describe('a personal key from the terminal', () => {
  test('C2: is made by a second run where the chips forgot the first, with one look for the passkey', async () => {
    const edge = await startEdge();
    let forgotten = 0;
    // What a chip answers that was put to rest while the person looked for the passkey.
    const lost =
      (send: Fetch): Fetch =>
      async (input, init) => {
        const isEnd = /personal-keys\/[^/]+\/finish$/.test(String(input));
        if (!isEnd || forgotten++ > 0) return send(input, init);
        const body = JSON.stringify({ code: 'share_session_lost', status: 409 });
        return new Response(body, {
          status: 409,
          headers: { 'content-type': 'application/problem+json' },
        });
      };
    let looks = 0;
    const protection = passkeyProtection('credential', async (_, salt) => {
      looks += 1;
      return Uint8Array.from(salt, (byte) => byte ^ 0x5a);
    });
    const { terminal, vault } = await terminalOn(edge, lost);
    const key = await makePersonalKey({ ...terminal, protection }, '我的手机');
    expect([forgotten, looks, [...vault.kept.keys()]]).toEqual([2, 1, [key.id]]);
    expect(key.state).toBe('active');
    // The share that is kept is the one of the second run.
    await withPersonalKey(terminal, key.id, (one) => one.certificateRequest());
    const always =
      (send: Fetch): Fetch =>
      (input, init) => {
        forgotten = 0;
        return lost(send)(input, init);
      };
    const { terminal: unlucky } = await terminalOn(edge, always);
    await expect(makePersonalKey(unlucky, 'b')).rejects.toMatchObject({
      code: 'share_session_lost',
    });
  });

  test('C2 C3: is made, and OpenSSL accepts the request that both halves signed', async () => {
    const { terminal, vault } = await terminalOn(await startEdge());
    const key = await makePersonalKey(terminal, '我的电脑');
    expect(key).toMatchObject({ state: 'active', label: '我的电脑' });
    expect([...vault.kept.keys()]).toEqual([key.id]);
    const pem = await withPersonalKey(terminal, key.id, (one) => one.certificateRequest());
    const openssl = opensslFolder();
    try {
      openssl.write('joint.csr', pem);
      const command = 'req -verify -in joint.csr -noout -vfyopt distid:1234567812345678';
      expect(openssl.run(command)).toMatchObject({ ok: true, text: expect.stringMatching(/OK/) });
    } finally {
      openssl.remove();
    }
  });

  test('C9: a refresh changes the share and not the key, also when an answer is lost', async () => {
    const edge = await startEdge();
    let lost = '';
    const { terminal, vault } = await terminalOn(edge, (send) => async (input, init) => {
      const path = new URL(String(input)).pathname;
      if (lost.startsWith('before ') && path.endsWith(lost.slice(7))) throw new Error('away');
      const answer = await send(input, init);
      if (lost !== '' && path.endsWith(lost)) throw new Error('away');
      return answer;
    });
    const { id, publicKeyHex } = await makePersonalKey(terminal, 'laptop');
    const before = vault.kept.get(id);
    expect(await refreshPersonalKey(terminal, id)).toMatchObject({
      publicKeyHex,
      refreshing: false,
    });
    expect(vault.kept.get(id)).not.toEqual(before);
    for (const place of [
      '/refresh',
      'before /refresh/finish',
      '/refresh/finish',
      '/signatures',
      'before /refresh/commit',
      '/refresh/commit',
    ]) {
      lost = place;
      await expect(refreshPersonalKey(terminal, id), place).rejects.toMatchObject({
        code: 'network',
      });
      lost = '';
      const pem = await withPersonalKey(terminal, id, (one) => one.certificateRequest());
      expect(pem, place).toContain('CERTIFICATE REQUEST');
      expect(vault.kept.get(id)?.next, place).toBeUndefined();
    }
  });

  test('C2: an answer that is no half of a signature is kept as evidence', async () => {
    const edge = await startEdge();
    let isDeaf = false;
    const { terminal, vault, client } = await terminalOn(edge, (send) => async (input, init) => {
      if (isDeaf && String(input).endsWith('/misbehaviour')) throw new Error('away');
      const answer = await send(input, init);
      if (!String(input).endsWith('/signatures')) return answer;
      const { reply, ...rest } = (await answer.json()) as { reply: string };
      const bytes = base64urlBytes(reply) ?? new Uint8Array(1);
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      return Response.json({ ...rest, reply: base64urlText(bytes) });
    });
    const { id } = await makePersonalKey(terminal, 'laptop');
    const use = withPersonalKey(terminal, id, (one) => one.certificateRequest());
    const error = await use.catch((refusal: unknown) => refusal);
    expect(error).toBeInstanceOf(CloudMisbehaved);
    const { report } = error as CloudMisbehaved;
    // The chip signed another reply: what arrived was changed on the way.
    expect(judgeMisbehaviour(gm, report, undefined)).toBe('not_receipted');
    const reports = await edge.call('/v1/misbehaviour', { as: 'auditor-gao' });
    expect(await reports.json()).toMatchObject({
      items: [{ reportedBy: 'customer-chen', personalKeyId: id, verdict: 'not_receipted' }],
    });
    expect((await edge.call('/v1/misbehaviour', { as: 'customer-chen' })).status).toBe(403);
    // On the terminal before the service hears of it, which may not want to.
    expect(vault.reports).toMatchObject([
      { report, isTaken: false },
      { report, isTaken: true },
    ]);
    isDeaf = true;
    const again = withPersonalKey(terminal, id, (one) => one.certificateRequest());
    const { report: second } = (await again.catch((refusal) => refusal)) as CloudMisbehaved;
    expect(vault.reports.slice(2)).toMatchObject([{ report: second, isTaken: false }]);
    isDeaf = false;
    const told = await client.personalKeys.report(id, second.transcript);
    expect(await client.personalKeys.report(id, second.transcript)).toEqual(told);
  });

  test('C8: an attestation that an interruption left out is fetched at the next use, and checked', async () => {
    const edge = await startEdge();
    const { terminal, vault } = await terminalOn(edge);
    const { id } = await makePersonalKey(terminal, 'laptop');
    const { attestation, ...left } = vault.kept.get(id) ?? {};
    vault.kept.set(id, left as StoredKey);
    await withPersonalKey(terminal, id, (one) => one.certificateRequest());
    expect(attestation).toBeDefined();
    expect(vault.kept.get(id)?.attestation).toEqual(attestation);
    vault.kept.set(id, left as StoredKey);
    const row = await edge.deps.signing.find('beichen-bank', 'personal-key', id);
    const points = { ...attestation?.points, chipsHex: attestation?.points.terminalHex };
    const { find } = edge.deps.signing;
    vi.spyOn(edge.deps.signing, 'find').mockImplementation((async (...asked: never[]) => {
      const found = await (find as (...all: never[]) => Promise<object>)(...asked);
      return row && { ...found, attestation: { ...row.attestation, points } };
    }) as never);
    const refused = withPersonalKey(terminal, id, (one) => one.certificateRequest());
    await expect(refused).rejects.toMatchObject({ code: 'attestation_differs' });
    vi.restoreAllMocks();
    expect(vault.kept.get(id)?.attestation).toBeUndefined();
  });

  test('C8 C9: a chip that answers wrongly convicts itself, whoever judges; nobody else is convicted', async () => {
    const edge = await startEdge();
    const { shares } = edge.deps;
    const { sign } = shares;
    const { terminal, vault } = await terminalOn(edge);
    const { id } = await makePersonalKey(terminal, 'laptop');
    const { attestation } = vault.kept.get(id) ?? {};
    expect(attestation?.points).toMatchObject({ epoch: 0, jointHex: expect.stringMatching(/^04/) });
    // The cluster as its operator might turn it: it answers another message of the same terminal, and
    // has a chip sign that as the answer to this one.
    const liar = identityOf();
    const wrong = (reply: Uint8Array) => reply.map((byte, i) => (i === 64 ? byte ^ 1 : byte));
    const misbehaved = async (mend: (receipt: Receipt, reply: Uint8Array) => Receipt) => {
      vi.spyOn(shares, 'sign').mockImplementation(async (input) => {
        const answer = await sign.call(shares, input);
        const reply = wrong(answer.reply);
        return { reply, receipt: mend(answer.receipt, reply) };
      });
      const use = withPersonalKey(terminal, id, (one) => one.certificateRequest());
      const error = await use.catch((refusal: unknown) => refusal);
      vi.restoreAllMocks();
      expect(error).toBeInstanceOf(CloudMisbehaved);
      return (error as CloudMisbehaved).report;
    };
    const proof = await misbehaved((receipt, reply) => liar.signed(receipt, reply));
    const guilty = { ...proof, attestation: liar.attested(attestation) };
    const chips = [liar.publicKeyHex];
    expect(judgeMisbehaviour(gm, guilty, chips)).toBe('proved');
    expect(judgeMisbehaviour(gm, guilty, ['04ff'])).toBe('chip_untrusted');
    const { transcript } = guilty;
    const other = base64urlText(new Uint8Array(64).fill(3));
    for (const [name, changed, verdict] of [
      ['another reply', { reply: base64urlText(new Uint8Array(65).fill(2)) }, 'not_receipted'],
      ['another digest', { digest: base64urlText(new Uint8Array(32)) }, 'not_receipted'],
      ['another name', { requestId: 'other' }, 'not_receipted'],
      ['another context', { context: other }, 'not_receipted'],
      ['no receipt', { receipt: undefined }, 'not_receipted'],
      ['other nonces', { nonces: other }, 'nonces_differ'],
      ['no nonces', { nonces: undefined }, 'nonces_differ'],
    ] as const) {
      const report = { ...guilty, transcript: { ...transcript, ...changed } };
      expect(judgeMisbehaviour(gm, report, chips), name).toBe(verdict);
    }
    expect(judgeMisbehaviour(gm, { ...guilty, tenant: 'other-bank' }, chips)).toBe('not_attested');
    expect(judgeMisbehaviour(gm, { ...guilty, attestation: undefined }, chips)).toBe(
      'not_attested',
    );
    const points = {
      ...guilty.attestation.points,
      chipsHex: guilty.attestation.points.terminalHex,
    };
    const moved = { ...guilty.attestation, points };
    expect(judgeMisbehaviour(gm, { ...guilty, attestation: moved }, chips)).toBe('not_attested');
    // A right answer convicts nobody, whatever its terminal says: every chip's own, signed anew.
    let honest = new Uint8Array();
    vi.spyOn(shares, 'sign').mockImplementation(async (input) => {
      const answer = await sign.call(shares, input);
      honest = new Uint8Array(answer.reply);
      const reply = wrong(answer.reply);
      return { reply, receipt: liar.signed(answer.receipt, answer.reply) };
    });
    const use = withPersonalKey(terminal, id, (one) => one.certificateRequest());
    const error = (await use.catch((refusal: unknown) => refusal)) as CloudMisbehaved;
    vi.restoreAllMocks();
    const right = { ...error.report.transcript, reply: base64urlText(honest) };
    const innocent = { ...guilty, transcript: right };
    expect(judgeMisbehaviour(gm, innocent, chips)).toBe('answer_right');
    // With the nonces in the open the key goes on: they were of that one run.
    const pem = await withPersonalKey(terminal, id, (one) => one.certificateRequest());
    expect(pem).toContain('CERTIFICATE REQUEST');
  });

  test('C8: the attestation is kept anew with each refresh, and a false one is refused', async () => {
    const edge = await startEdge();
    const { terminal, vault } = await terminalOn(edge);
    const { id } = await makePersonalKey(terminal, 'laptop');
    const before = vault.kept.get(id)?.attestation;
    await refreshPersonalKey(terminal, id);
    const after = vault.kept.get(id)?.attestation;
    expect(after?.points).toMatchObject({ epoch: 1, jointHex: before?.points.jointHex });
    expect(after?.points.chipsHex).not.toBe(before?.points.chipsHex);
    const { shares } = edge.deps;
    const { attest } = shares;
    vi.spyOn(shares, 'attest').mockImplementation(async (tenant, keyId) => {
      const said = await attest.call(shares, tenant, keyId);
      return { ...said, points: { ...said.points, chipsHex: said.points.terminalHex } };
    });
    await expect(makePersonalKey(terminal, 'laptop')).rejects.toMatchObject({
      code: 'attestation_differs',
    });
    vi.restoreAllMocks();
  });

  test('C9: a session ends after a minute, and a withdrawn key is gone', async () => {
    const edge = await startEdge();
    const { terminal, vault } = await terminalOn(edge);
    const { id } = await makePersonalKey(terminal, 'laptop');
    const late = withPersonalKey(terminal, id, (one) => {
      edge.clock.advance(60_001);
      return one.certificateRequest();
    });
    await expect(late).rejects.toMatchObject({ code: 'session_over' });
    expect(await withdrawPersonalKey(terminal, id)).toMatchObject({ state: 'withdrawn' });
    expect(vault.kept.size).toBe(0);
  });

  test('C2: a PIN opens the share with the pepper; another PIN does not', async () => {
    const edge = await startEdge();
    const { terminal, client } = await terminalOn(edge);
    const withPin = (pin: string) => ({ ...terminal, protection: pinProtection(client, pin) });
    const { id } = await makePersonalKey(withPin('271828'), 'laptop');
    const request = (own: KeyTerminal) =>
      withPersonalKey(own, id, (one) => one.certificateRequest());
    expect(await request(withPin('271828'))).toContain('REQUEST');
    await expect(request(withPin('314159'))).rejects.toMatchObject({ code: 'pin_wrong' });
    await expect(request(terminal)).rejects.toThrow(ShareUnreadable);
  });
});

/** A chip whose identity key the test has: it signs what no chip of the product would. */
function identityOf() {
  const { privateKey, publicKey } = gm.sm2.generateKeyPair();
  const publicKeyHex = bytesToHex(publicKey);
  const sealed = (receipt: Receipt): Receipt => {
    const body = { ...receipt, chipPublicKeyHex: publicKeyHex };
    const signatureHex = bytesToHex(gm.sm2.sign(privateKey, receiptBytes(body)));
    return { ...body, signatureHex };
  };
  return {
    publicKeyHex,
    signed: (receipt: Receipt, reply: Uint8Array) =>
      sealed({ ...receipt, resultHashHex: bytesToHex(gm.sm3(reply)) }),
    attested: (attestation: ShareAttestation | undefined): ShareAttestation => {
      if (!attestation) throw new Error('no attestation');
      return { ...attestation, receipt: sealed(attestation.receipt) };
    },
  };
}
