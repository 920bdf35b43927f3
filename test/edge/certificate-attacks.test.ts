import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CertificateStore } from '../../src/domain/certificates/ports.ts';
import type { Ledger } from '../../src/domain/ledger/ports.ts';
import { encodePem } from '../../src/lib/pem.ts';
import { memoryLedger } from '../../src/platform/memory/ledger.ts';
import { localSigner } from '../helpers/certificate-keys.ts';
import { certificateRequest, requestedSettings } from '../helpers/certificates.ts';
import { bodyOf, type Edge, startEdge } from '../helpers/edge.ts';

const base = '/v1/certificates';
const administrator = { as: 'administrator-lin', method: 'POST' };

describe('A9: a thaw over HTTP is refused, and says why', () => {
  let edge: Edge;
  let serial: string;
  let ledger: Ledger;
  let store: CertificateStore;
  /** What this service is shown in place of its ledger and of its rows. */
  let shown: { ledger?: Partial<Ledger>; certificates?: Partial<CertificateStore> } = {};

  beforeAll(async () => {
    edge = await startEdge((deps) => {
      ({ ledger, certificates: store } = deps);
      return {
        ledger: throughNow(ledger, () => shown.ledger),
        certificates: throughNow(store, () => shown.certificates),
      };
    });
    const request = await certificateRequest(await localSigner('sm2'));
    const json = {
      kind: 'person',
      algorithm: 'sm2',
      subject: { commonName: '陈思远', country: 'CN' },
      request: encodePem('CERTIFICATE REQUEST', request),
      requested: requestedSettings,
    };
    const made = await edge.call(`${base}/applications`, { as: 'customer-chen', json });
    const one = `${base}/applications/${(await bodyOf(made)).id}`;
    const finding = { passed: true, reference: 'RA-1' };
    await edge.call(`${one}/identity`, { as: 'reviewer-he', json: finding });
    const issued = await bodyOf(await edge.call(`${one}/approve`, administrator));
    [serial = ''] = issued.certificates as string[];
  });
  afterEach(() => {
    shown = {};
  });

  async function refusal(): Promise<{ code: unknown; steps: Record<string, string> }> {
    const response = await edge.call(`${base}/${serial}/thaw`, administrator);
    const { code, errors = [] } = (await bodyOf(response)) as {
      code?: string;
      errors?: { pointer: string; code: string }[];
    };
    expect(response.status).toBe(409);
    expect((await store.findCertificate(serial))?.state).toBe('frozen');
    return {
      code,
      steps: Object.fromEntries(errors.map((one) => [one.pointer.split('/').at(-1), one.code])),
    };
  }

  it('for a flipped byte anywhere in the certificate, always by its hash', async () => {
    const certificate = await store.findCertificate(serial);
    const der = certificate?.der ?? new Uint8Array(0);
    for (let at = 0; at < der.length; at += Math.ceil(der.length / 24)) {
      const flipped = Uint8Array.from(der);
      flipped[at] = (flipped[at] ?? 0) ^ 0x04;
      shown.certificates = {
        findCertificate: async () => certificate && { ...certificate, der: flipped },
      };
      const { code, steps } = await refusal();
      expect(code).toBe('thaw_refused');
      expect(steps.hash, `byte ${at}`).toBe('hash_differs');
    }
  });

  it('for a swapped key in the entry, a foreign log, a shortened and a forked one', async () => {
    shown.ledger = {
      entry: async (index) => {
        const entry = await ledger.entry(index);
        const text = new TextDecoder().decode(entry.bytes);
        const swapped = text.replace(/"issuerSpki":"[^"]{8}/, (head) => `${head.slice(0, -1)}_`);
        return { ...entry, bytes: new TextEncoder().encode(swapped) };
      },
    };
    expect((await refusal()).steps).toMatchObject({ inclusion: 'inclusion_failed' });
    const other = memoryLedger(edge.clock);
    shown.ledger = { checkpoint: () => other.checkpoint() };
    expect((await refusal()).steps).toMatchObject({ checkpoint: 'checkpoint_unsigned' });
    const note = await ledger.checkpoint();
    shown.ledger = {};
    for (const [size, wanted] of [
      [1000, 'log_truncated'],
      [1, 'checkpoint_forked'],
    ] as const) {
      const root = size === 1 ? Buffer.alloc(32, 7).toString('base64') : '$1';
      const remembered = note.replace(/\n\d+\n(.*)\n/, `\n${size}\n${root}\n`);
      shown.certificates = { rememberedCheckpoint: async () => ({ size, note: remembered }) };
      expect((await refusal()).steps).toMatchObject({ consistency: wanted });
    }
  });

  it('for a stale checkpoint, and a second time', async () => {
    const note = await ledger.checkpoint();
    const status = await ledger.status((await store.findCertificate(serial))?.ledgerSubject ?? '');
    edge.clock.advance(3 * 24 * 3_600_000);
    shown.ledger = { checkpoint: async () => note, status: async () => status };
    expect((await refusal()).steps).toMatchObject({ checkpoint: 'checkpoint_stale' });
    shown.ledger = {};
    const thawed = await edge.call(`${base}/${serial}/thaw`, administrator);
    expect(await bodyOf(thawed)).toMatchObject({ state: 'active', delivery: 'delivered' });
    const again = await edge.call(`${base}/${serial}/thaw`, administrator);
    expect(again.status).toBe(409);
    expect(await bodyOf(again)).toMatchObject({ code: 'certificate_state' });
  });
});

/** The port, but for what `change` puts in place of its methods at each call. */
function throughNow<T extends object>(port: T, change: () => Partial<T> | undefined): T {
  return new Proxy(port, {
    get: (target, name: string & keyof T) => change()?.[name] ?? target[name],
  });
}
