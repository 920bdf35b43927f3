import { expect, it } from 'vitest';
import type { CertificateStore, StoredCrl } from '../../src/domain/certificates/ports.ts';
import type { Application, Certificate } from '../../src/domain/certificates/types.ts';
import { freshId, freshTenant } from './fresh.ts';

const nowMs = 1_767_225_600_123;
const spki = () => crypto.getRandomValues(new Uint8Array(91));
const serial = () => freshId().replaceAll('-', '');

export function application(tenant: string, changes: Partial<Application> = {}): Application {
  return {
    id: freshId(),
    tenant,
    kind: 'person',
    algorithm: 'sm2',
    subject: { commonName: '陈思远', country: 'CN' },
    dnsNames: [],
    keys: [{ purpose: 'signature', spki: spki() }],
    requested: { role: 'maker', permissions: ['view'], limits: [] },
    state: 'submitted',
    applicant: 'customer-chen',
    branch: '0102',
    createdAtMs: nowMs,
    changedAtMs: nowMs,
    revision: 1,
    ...changes,
  };
}

export function certificate(tenant: string, changes: Partial<Certificate> = {}): Certificate {
  return {
    id: freshId(),
    serialHex: serial(),
    tenant,
    holder: 'customer-chen',
    ledgerSubject: `cert/${serial()}`,
    applicationId: freshId(),
    kind: 'person',
    purpose: 'signature',
    algorithm: 'sm2',
    subject: { commonName: '陈思远', organization: 'Beichen Bank', country: 'CN' },
    spki: spki(),
    notBeforeMs: nowMs,
    notAfterMs: nowMs + 1_000_000,
    state: 'prepared',
    delivery: 'none',
    createdAtMs: nowMs,
    changedAtMs: nowMs,
    revision: 1,
    ...changes,
  };
}

const full: Partial<Certificate> = {
  keyId: '019aa3c1-5c00-7a31-9c2b-8f3f0d6f1a10',
  der: Uint8Array.of(0x30, 0, 255),
  sha256Hex: '12'.repeat(32),
  sm3Hex: 'ab'.repeat(32),
  state: 'active',
  delivery: 'set',
  pending: { action: 'revoke', requestId: 'r-1', reason: 'keyCompromise', atMs: nowMs + 5 },
  headHash: 'cd'.repeat(32),
  frozenIndex: 7,
  reason: 'certificateHold',
  movedBy: 't-1',
  statement: {
    payload: '{"v":1}',
    signatures: [{ scheme: 'sm2-sm3', spkiSha256: 'ef'.repeat(32), value: 'MEUC' }],
  },
  renewsSubject: 'cert/00',
};

/** What every certificate store must do. */
export function certificateStoreContract(
  make: () => CertificateStore | Promise<CertificateStore>,
): void {
  it('gives back applications and certificates as they were added and replaced', async () => {
    const store = await make();
    const tenant = freshTenant();
    const plain = application(tenant);
    const whole = application(tenant, {
      keys: [{ purpose: 'encryption', spki: spki(), keyId: freshId() }],
      scored: { statement: '{}', signature: 'AAAA', nameKey: 'AAAA' },
      override: {
        fromTier: 4,
        tier: 3,
        reason: 'long known to the branch',
        maker: 'reviewer-qin',
        proposedAtMs: 2,
        statement: '{}',
        signatures: [{ by: 'reviewer-qin', publicKey: 'AAAA', value: 'AAAA' }],
      },
      identity: { method: 'officer', passed: true, reference: 'F-1', by: 'he', atMs: nowMs },
      decidedBy: 'lin',
      reason: 'identity_failed',
      renews: serial(),
    });
    for (const item of [plain, whole]) {
      await store.addApplication(item);
      expect(await store.findApplication(tenant, item.id)).toEqual(item);
    }
    const first = certificate(tenant);
    await store.addCertificate(first);
    expect(await store.findCertificate(first.serialHex)).toEqual(first);
    const second = { ...first, ...full, revision: 2 };
    await store.replaceCertificate(second);
    expect(await store.findCertificate(first.serialHex)).toEqual(second);
    expect(await store.findApplication(freshTenant(), plain.id)).toBeUndefined();
  });

  it('adds once: an application by its id, a certificate by application and purpose', async () => {
    const store = await make();
    const tenant = freshTenant();
    const first = application(tenant);
    await store.addApplication(first);
    await store.addApplication({ ...first, applicant: 'another' });
    expect(await store.findApplication(tenant, first.id)).toEqual(first);
    const made = certificate(tenant);
    await store.addCertificate(made);
    const again = certificate(tenant, { applicationId: made.applicationId });
    await store.addCertificate(again);
    expect(await store.findCertificate(again.serialHex)).toBeUndefined();
    const pair = certificate(tenant, { applicationId: made.applicationId, purpose: 'encryption' });
    await store.addCertificate(pair);
    const filter = { applicationId: made.applicationId };
    expect(await store.listCertificates(tenant, filter, { limit: 9 })).toEqual([pair, made]);
  });

  it('A9: commits exactly one of many changes of one revision', async () => {
    const store = await make();
    const tenant = freshTenant();
    const made = certificate(tenant);
    await store.addCertificate(made);
    const attempts = Array.from({ length: 8 }, (_, i) => ({
      ...made,
      movedBy: `t-${i}`,
      revision: 2,
    }));
    const results = await Promise.allSettled(attempts.map((one) => store.replaceCertificate(one)));
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(7);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'certificate_changed' });
    const paper = application(tenant);
    await store.addApplication(paper);
    await store.replaceApplication({ ...paper, state: 'withdrawn', revision: 2 });
    await expect(
      store.replaceApplication({ ...paper, state: 'rejected', revision: 2 }),
    ).rejects.toMatchObject({ code: 'application_changed' });
  });

  it('lists newest first, page by page, by words, state and end', async () => {
    const store = await make();
    const tenant = freshTenant();
    const made = [
      certificate(tenant, { state: 'frozen' }),
      certificate(tenant, { state: 'active', notAfterMs: nowMs + 10 }),
      certificate(tenant, { subject: { commonName: '100%_Trade' } }),
    ];
    for (const item of made) await store.addCertificate(item);
    const ids = async (filter: Parameters<CertificateStore['listCertificates']>[1]) =>
      (await store.listCertificates(tenant, filter, { limit: 9 })).map(({ id }) => id);
    const [frozen, active, trade] = made.map(({ id }) => id);
    expect(await ids({})).toEqual([trade, active, frozen]);
    expect(await ids({ state: 'frozen' })).toEqual([frozen]);
    expect(await ids({ endsBeforeMs: nowMs + 11 })).toEqual([active]);
    expect(await ids({ holder: 'customer-wu' })).toEqual([]);
    expect(await ids({ query: '思远' })).toEqual([active, frozen]);
    expect(await ids({ query: '%_tra' })).toEqual([trade]);
    expect(await ids({ query: made[1]?.serialHex ?? '' })).toEqual([active]);
    const rest = await store.listCertificates(tenant, {}, { limit: 1, before: trade ?? '' });
    expect(rest.map(({ id }) => id)).toEqual([active]);
    const papers = [application(tenant), application(tenant, { state: 'issued', applicant: 'wu' })];
    for (const item of papers) await store.addApplication(item);
    const states = ['issued', 'rejected'] as const;
    expect(await store.listApplications(tenant, { states }, { limit: 9 })).toEqual([papers[1]]);
    const applicant = 'customer-chen';
    expect(await store.listApplications(tenant, { applicant }, { limit: 9 })).toEqual([papers[0]]);
  });

  it('knows whose key is in use, what is unfinished, and what is not in force', async () => {
    const store = await make();
    const tenant = freshTenant();
    // A hierarchy of its own for the test: rows of others are in the same table.
    const algorithm = 'p256';
    const sinceMs = nowMs + 50_000_000 + 0;
    const at = { algorithm, changedAtMs: sinceMs, notAfterMs: sinceMs + 9 } as const;
    const held = certificate(tenant, { ...at, state: 'frozen' });
    const good = certificate(tenant, { ...at, state: 'active', delivery: 'thawed' });
    const pending = { action: 'suspend', requestId: 'x', atMs: sinceMs } as const;
    const leaving = certificate(tenant, { ...at, state: 'active', pending });
    const gone = certificate(tenant, { ...at, state: 'revoked', reason: 'superseded' });
    const ended = certificate(tenant, { ...at, state: 'revoked', notAfterMs: sinceMs - 1 });
    for (const item of [held, good, leaving, gone, ended]) await store.addCertificate(item);
    expect(await store.hasKey(held.spki)).toBe(true);
    expect(await store.hasKey(gone.spki)).toBe(false);
    const own = new Set([held, good, leaving, gone, ended].map((item) => item.serialHex));
    const serials = (rows: readonly { serialHex: string }[]) =>
      rows.map(({ serialHex }) => serialHex).filter((serialHex) => own.has(serialHex));
    const sorted = (...rows: Certificate[]) => rows.map((item) => item.serialHex).sort();
    const notInForce = serials(await store.notInForce(algorithm, sinceMs));
    expect(notInForce).toEqual(sorted(held, leaving, gone));
    expect(serials(await store.backInForce(algorithm, sinceMs))).toEqual(sorted(good));
    expect(await store.hasChanges(algorithm, sinceMs)).toBe(true);
    expect(await store.hasChanges(algorithm, sinceMs + 1e12)).toBe(false);
    const left = serials(await store.unfinished(sinceMs + 1, 1000));
    expect(left.sort()).toEqual(sorted(good, leaving));
    expect(serials(await store.unfinished(sinceMs, 1000))).toEqual([]);
  });

  it('keeps authorities and lists by number, and the first of each counts', async () => {
    const store = await make();
    const der = (byte: number) => Uint8Array.of(0x30, 1, byte);
    const row = { algorithm: 'sm2', role: 'ocsp', generation: 1, keyId: 'k', der: der(1) } as const;
    await store.addAuthority(row);
    await store.addAuthority({ ...row, der: der(2) });
    expect(await store.findAuthority('sm2', 'ocsp')).toEqual(row);
    const next = { ...row, generation: 2, der: der(3) };
    await store.addAuthority(next);
    expect(await store.findAuthority('sm2', 'ocsp')).toEqual(next);
    expect(await store.findAuthority('p256', 'ocsp')).toBeUndefined();
    const list = (number: number): StoredCrl => ({
      algorithm: 'sm2',
      number,
      thisUpdateMs: nowMs + number,
      nextUpdateMs: nowMs + 10 * number,
      der: der(number),
    });
    expect(await store.addCrl(list(1))).toBe(true);
    expect(await store.addCrl({ ...list(1), der: der(9) })).toBe(false);
    expect(await store.addCrl(list(2))).toBe(true);
    expect(await store.newestCrl('sm2')).toEqual(list(2));
    expect(await store.oldestCrl('sm2', nowMs)).toEqual(list(1));
    expect(await store.oldestCrl('sm2', nowMs + 10)).toEqual(list(2));
    expect(await store.newestCrl('p256')).toBeUndefined();
  });

  it('A8: remembers the largest checkpoint only', async () => {
    const store = await make();
    const size = 1000;
    await store.rememberCheckpoint({ size, note: 'a' });
    await store.rememberCheckpoint({ size: size - 1, note: 'b' });
    await store.rememberCheckpoint({ size, note: 'c' });
    expect(await store.rememberedCheckpoint()).toEqual({ size, note: 'a' });
    await store.rememberCheckpoint({ size: size + 1, note: 'd' });
    expect(await store.rememberedCheckpoint()).toEqual({ size: size + 1, note: 'd' });
  });
}
