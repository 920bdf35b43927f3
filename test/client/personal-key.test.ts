import { describe, expect, test } from 'vitest';
import { createClient } from '../../src/client/api.ts';
import {
  CloudMisbehaved,
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
import { base64urlBytes, base64urlText } from '../../src/lib/base64url.ts';
import { type Edge, startEdge } from '../helpers/edge.ts';
import { opensslFolder } from '../helpers/openssl.ts';

type Fetch = typeof fetch;

function memoryVault(): KeyVault & { readonly kept: Map<string, StoredKey> } {
  const kept = new Map<string, StoredKey>();
  return {
    kept,
    load: async (id) => kept.get(id),
    save: async (id, key) => void kept.set(id, key),
    remove: async (id) => void kept.delete(id),
  };
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
    const { terminal } = await terminalOn(edge, (send) => async (input, init) => {
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
    expect(Object.keys((error as CloudMisbehaved).transcript)).toEqual([
      'keyId',
      'requestId',
      'digest',
      'context',
      'message',
      'reply',
      'receipt',
    ]);
    const reports = await edge.call('/v1/misbehaviour', { as: 'auditor-gao' });
    // The chip signed another reply: what arrived was changed on the way.
    expect(await reports.json()).toMatchObject({
      items: [{ reportedBy: 'customer-chen', personalKeyId: id, isReceipted: false }],
    });
    expect((await edge.call('/v1/misbehaviour', { as: 'customer-chen' })).status).toBe(403);
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
