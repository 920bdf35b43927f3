import { constants, createPublicKey, publicEncrypt, verify } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadGm } from '../../src/core/gm.ts';
import { verifyReceipt } from '../../src/core/usage/receipt.ts';
import { callsOf } from '../../src/domain/chips/calls.ts';
import { channelCaller } from '../../src/domain/chips/channel.ts';
import { chipCalls, type OwnedChip } from '../../src/domain/chips/chip.ts';
import { clusterKeys } from '../../src/domain/chips/cluster.ts';
import { unpack } from '../../src/domain/chips/faults.ts';
import type { KeyAlgorithm, KeyUse } from '../../src/domain/chips/keys.ts';
import { openTools } from '../../src/domain/chips/tools.ts';
import { uuidV7 } from '../../src/lib/uuid.ts';
import { type MemoryCluster, memoryCluster } from '../../src/platform/memory/chip-cluster.ts';
import { systemClock, systemRandom, timerWaits } from '../../src/platform/system.ts';
import {
  backedUp,
  consented,
  emptiedAndBack,
  fiveOfficers,
  takenBack,
} from '../helpers/backups.ts';
import { freshTokens, softHsm } from '../helpers/soft-hsm.ts';

const library = softHsm();
const names = ['vault-1', 'vault-2', 'vault-3'];
const pin = 'user-pin-0';
const message = new TextEncoder().encode('to be signed');

/** Three chips in three tokens of SoftHSM2, reached over HTTP on this machine, beside software chips. */
async function threeHosts() {
  const folder = freshTokens();
  const { initialiseToken, loadModule, openToken } = await import(
    '../../src/hosts/chip-host/token.ts'
  );
  const { openChipHost, serveChip, listening } = await import('../../src/hosts/chip-host/host.ts');
  const { openJournal } = await import('../../src/hosts/chip-host/journal.ts');
  const module = loadModule(library ?? '');
  const tools = await openTools(crypto.subtle);
  const { sodium } = tools;
  const worker = sodium.crypto_box_keypair();
  const domainKey = systemRandom.bytes(32);
  const officers = await fiveOfficers();
  const { backupKey } = officers;
  const servers = new Map<string, Server>();
  const links = new Map<string, OwnedChip>();
  const failures: unknown[] = [];
  const cluster: MemoryCluster = await memoryCluster({
    clock: systemClock,
    random: systemRandom,
    waits: timerWaits,
    backupKey,
    link: (chip, target) => links.get(chip) ?? target(),
  });

  async function start(chip: string, label = chip): Promise<void> {
    const token = openToken(module, { label, pin });
    const journal = openJournal(join(folder, `${label}.journal`));
    const host = await openChipHost({
      chip,
      token,
      journal,
      build: 'a test',
      linkKey: worker.publicKey,
      rootKey: cluster.rootPublicKey,
      backupKey,
    });
    const server = serveChip(host.answerer, (cause) => failures.push(cause));
    const port = await listening(server, 0, '127.0.0.1');
    servers.set(chip, server);
    const call = channelCaller({
      sodium,
      own: worker,
      peer: host.publicKey,
      chip,
      clock: systemClock,
      carry: (what, body) => posted(`http://127.0.0.1:${port}/${what}`, body),
    });
    links.set(
      chip,
      callsOf<OwnedChip>(chipCalls, (name, input) => unpack(() => call(name, input))),
    );
  }

  function stop(chip: string): Promise<void> {
    return new Promise((done) => {
      servers.get(chip)?.close(() => done());
      servers.get(chip)?.closeAllConnections();
    });
  }

  /** Another token of the domain, and an empty state, for a chip that has lost both. */
  async function replace(chip: string): Promise<void> {
    await stop(chip);
    const label = `new-${chip}`;
    initialiseToken(module, { label, pin, securityOfficerPin: 'so-pin-0', domainKey });
    await start(chip, label);
  }

  for (const chip of names) {
    initialiseToken(module, { label: chip, pin, securityOfficerPin: 'so-pin-0', domainKey });
    await start(chip);
    const zone = `zone-${chip}`;
    await cluster.directory.add({ chip, zone, pool: 'shared' });
  }
  return { folder, cluster, servers, links, failures, module, tools, officers, stop, replace };
}

async function posted(url: string, body: Uint8Array): Promise<Uint8Array> {
  const response = await fetch(url, { method: 'POST', body: new Uint8Array(body) });
  if (!response.ok) throw new Error(String(response.status));
  return new Uint8Array(await response.arrayBuffer());
}

describe.skipIf(!library)('chips in hardware tokens, in SoftHSM2', () => {
  let hosts: Awaited<ReturnType<typeof threeHosts>>;
  const keys = () => clusterKeys(hosts.cluster.guardOf);
  beforeAll(async () => {
    hosts = await threeHosts();
  });
  afterAll(() => {
    for (const server of hosts?.servers.values() ?? []) server.close();
    if (hosts) rmSync(hosts.folder, { recursive: true, force: true });
  });

  async function made(algorithm: KeyAlgorithm, use: KeyUse, protection: 'hsm' | 'hsm-wrapped') {
    const id = uuidV7(Date.now(), systemRandom.bytes(10));
    const input = { tenant: 'bank', id, algorithm, uses: [use], policy: { protection } };
    return keys().create(input);
  }

  const request = (keyId: string) => ({ tenant: 'bank', keyId, requestId: `r-${keyId}` });

  it('E1: P-256 keys are made, copied and used inside tokens, and say so', async () => {
    const key = await made('p256', 'sign', 'hsm');
    expect(key).toMatchObject({ protection: 'hsm', state: 'active' });
    expect([...key.replicas].sort()).toEqual(names);
    const { signature, receipt } = await keys().sign({
      ...request(key.id),
      scheme: 'ecdsa-p256-sha256',
      message,
    });
    const publicKey = createPublicKey({
      key: Buffer.from(key.publicKey),
      format: 'der',
      type: 'spki',
    });
    expect(verify('sha256', message, publicKey, signature)).toBe(true);
    expect(verifyReceipt(await loadGm(), chipKeyOf(receipt.chipPublicKeyHex), receipt)).toBe(true);
    expect(hosts.failures).toEqual([]);
  });

  it('E1: RSA keys decrypt inside tokens what OpenSSL encrypted, and nothing that was changed', async () => {
    const key = await made('rsa3072', 'decrypt', 'hsm');
    expect(key.protection).toBe('hsm');
    const spki = createPublicKey({ key: Buffer.from(key.publicKey), format: 'der', type: 'spki' });
    const oaep = { key: spki, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
    const ciphertext = new Uint8Array(publicEncrypt(oaep, message));
    const { plaintext } = await keys().decrypt({
      ...request(key.id),
      scheme: 'rsa-oaep-256',
      ciphertext,
    });
    expect(plaintext).toEqual(message);
    const changed = ciphertext.map((byte, i) => (i === 200 ? byte ^ 1 : byte));
    const other = { ...request(key.id), requestId: 'changed' };
    await expect(
      keys().decrypt({ ...other, scheme: 'rsa-oaep-256', ciphertext: changed }),
    ).rejects.toMatchObject({ code: 'decryption_failed' });
  });

  it('E1: an SM2 key decrypts by agreement inside the token; every altered part is refused', async () => {
    const gm = await loadGm();
    const { openToken } = await import('../../src/hosts/chip-host/token.ts');
    const { tokenKeys } = await import('../../src/hosts/chip-host/token-keys.ts');
    const keys = tokenKeys(openToken(hosts.module, { label: 'vault-3', pin }), hosts.tools);
    const kind = {
      tenant: 'bank',
      keyId: 'x',
      algorithm: 'sm2' as const,
      uses: ['decrypt' as const],
    };
    const { reference, publicKey } = await keys.generate({ ...kind, policy: {} });
    const point = gm.keys.decodeSpki(publicKey);
    const scheme = 'sm2' as const;
    for (const format of ['der', 'raw'] as const) {
      const ciphertext = gm.sm2.encrypt(point, message, { format });
      expect(await keys.decrypt(reference, { scheme, format, ciphertext })).toEqual(message);
    }
    const whole = gm.sm2.encrypt(point, message, { format: 'raw' });
    for (const at of [0, 1, 40, 64, 65, 96, 97, whole.length - 1]) {
      const ciphertext = whole.map((byte, i) => (i === at ? byte ^ 1 : byte));
      const asked = keys.decrypt(reference, { scheme, format: 'raw', ciphertext });
      await expect(asked).rejects.toMatchObject({ code: 'decryption_failed' });
    }
    keys.destroy(reference);
    const gone = keys.decrypt(reference, { scheme, ciphertext: gm.sm2.encrypt(point, message) });
    await expect(gone).rejects.toMatchObject({ code: 'not_held' });
  });

  it('E1: SM2 keys for decryption: wrapped, or refused where tokens cannot keep two copies', async () => {
    const gm = await loadGm();
    const key = await made('sm2', 'decrypt', 'hsm-wrapped');
    expect(key.protection).toBe('hsm-wrapped');
    const ciphertext = gm.sm2.encrypt(gm.keys.decodeSpki(key.publicKey), message);
    const opened = await keys().decrypt({ ...request(key.id), scheme: 'sm2', ciphertext });
    expect(opened.plaintext).toEqual(message);
    // SoftHSM unwraps no SM2 key, so the second chip never gets one and nobody hears of the key.
    await expect(made('sm2', 'decrypt', 'hsm')).rejects.toMatchObject({
      code: 'chips_unavailable',
    });
  });

  it('E1: SM2 and Ed25519 signing keys are wrapped by the token, and nothing claims more', async () => {
    const gm = await loadGm();
    const key = await made('sm2', 'sign', 'hsm-wrapped');
    expect(key.protection).toBe('hsm-wrapped');
    const signed = await keys().sign({ ...request(key.id), scheme: 'sm2-sm3', message });
    expect(gm.sm2.verify(gm.keys.decodeSpki(key.publicKey), message, signed.signature)).toBe(true);
    await expect(made('sm2', 'sign', 'hsm')).rejects.toMatchObject({
      code: 'protection_unavailable',
    });
    expect((await made('ed25519', 'sign', 'hsm-wrapped')).protection).toBe('hsm-wrapped');
  });

  it('E1: a key that asks for no protection stays on software chips', async () => {
    const id = uuidV7(Date.now(), systemRandom.bytes(10));
    const key = await keys().create({ tenant: 'bank', id, algorithm: 'p256', uses: ['sign'] });
    expect(key.protection).toBe('software');
    expect(key.replicas.filter((chip) => names.includes(chip))).toEqual([]);
  });

  it('E2: all tokens lost: their keys come back into new tokens of the domain', async () => {
    const { cluster, officers, replace } = hosts;
    const inToken = await made('p256', 'sign', 'hsm');
    const wrapped = await made('sm2', 'sign', 'hsm-wrapped');
    const file = await backedUp(cluster.backups);
    expect(file.missed).toBe(0);
    for (const chip of names) await replace(chip);
    await cluster.directory.tick(0);
    for (const chip of names) await emptiedAndBack(cluster.directory, chip);
    const opening = { manifest: file.manifest, by: 'operator', chip: 'vault-2' };
    const view = await cluster.backups.openRestore(opening);
    await consented(cluster.backups, view, officers.shares.slice(1, 4));
    const tally = await takenBack(cluster.backups, view.offer.id, file);
    expect(tally).toMatchObject({ outdated: 0, conflict: 0, elsewhere: 0 });
    expect(tally.restored).toBeGreaterThanOrEqual(2);
    await cluster.backups.closeRestore(view.offer.id);
    for (const { id, publicKey, protection } of [inToken, wrapped]) {
      const found = await keys().find('bank', id);
      expect(found).toMatchObject({ publicKey, protection });
      expect(found.replicas.length).toBe(3);
    }
    const scheme = 'ecdsa-p256-sha256' as const;
    const { signature } = await keys().sign({ ...request(inToken.id), scheme, message });
    const key = Buffer.from(inToken.publicKey);
    const spki = createPublicKey({ key, format: 'der', type: 'spki' });
    expect(verify('sha256', message, spki, signature)).toBe(true);
  });

  it('E2: while a chip host is stopped, the others sign', async () => {
    const key = await made('p256', 'sign', 'hsm');
    const [first = ''] = key.replicas;
    hosts.links.delete(first);
    await hosts.stop(first);
    const scheme = 'ecdsa-p256-sha256' as const;
    for (const requestId of ['a', 'b', 'c', 'd']) {
      const { receipt } = await keys().sign({ ...request(key.id), requestId, scheme, message });
      expect(receipt.chip).not.toBe(first);
    }
  });

  it('E1: the token gives its keys to no wrapping key but the trusted one of its domain', async () => {
    const pkcs11 = (await import('pkcs11js')).default;
    const { module } = hosts;
    const slot = module
      .C_GetSlotList(true)
      .find((candidate) => module.C_GetTokenInfo(candidate).label.startsWith('vault-2'));
    if (!slot) throw new Error('the token is gone');
    const session = module.C_OpenSession(slot, pkcs11.CKF_RW_SESSION | pkcs11.CKF_SERIAL_SESSION);
    module.C_FindObjectsInit(session, [{ type: pkcs11.CKA_CLASS, value: pkcs11.CKO_PRIVATE_KEY }]);
    const held = module.C_FindObjects(session, 100);
    module.C_FindObjectsFinal(session);
    expect(held.length).toBeGreaterThan(1);
    const mine = module.C_GenerateKey(session, { mechanism: pkcs11.CKM_AES_KEY_GEN }, [
      { type: pkcs11.CKA_VALUE_LEN, value: 32 },
      { type: pkcs11.CKA_TOKEN, value: false },
      { type: pkcs11.CKA_WRAP, value: true },
    ]);
    for (const handle of held) {
      expect(() =>
        module.C_GetAttributeValue(session, handle, [{ type: pkcs11.CKA_PRIVATE_EXPONENT }]),
      ).toThrow();
      const mechanism = { mechanism: pkcs11.CKM_AES_KEY_WRAP_PAD };
      expect(() => module.C_WrapKey(session, mechanism, mine, handle, Buffer.alloc(4_096))).toThrow(
        'CKR_KEY_NOT_WRAPPABLE',
      );
    }
    module.C_CloseSession(session);
  });
});

function chipKeyOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}
