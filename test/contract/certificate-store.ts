import { expect, it } from 'vitest';
import type {
  CertificateStore,
  IssuerName,
  StoredCrl,
} from '../../src/domain/certificates/ports.ts';
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
    issuer: 1,
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

/** An issuing authority that no other test has. */
const freshIssuer = (): IssuerName => ({
  algorithm: 'sm2',
  generation: 1 + (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0),
});

const rowOf = ({ algorithm, generation }: IssuerName) => ({ algorithm, issuer: generation });

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
      notAfterMs: nowMs + 1,
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

  it('A7: adds one certificate over one key, whoever asks at once, and none over a stolen one', async () => {
    const store = await make();
    const found = async (items: readonly Certificate[]) => {
      const stored = await Promise.all(items.map((one) => store.findCertificate(one.serialHex)));
      return stored.filter((one) => one !== undefined);
    };
    const over = (key: Uint8Array, changes: Partial<Certificate> = {}) =>
      certificate(freshTenant(), { spki: key, ...changes });
    const key = spki();
    const rivals = Array.from({ length: 6 }, () => over(key));
    await Promise.all(rivals.map((one) => store.addCertificate(one)));
    const [first, ...more] = await found(rivals);
    if (!first) throw new Error('none was added');
    expect(more).toEqual([]);
    // The application's own row over the key is in nobody's way.
    const { tenant, applicationId } = first;
    const own = certificate(tenant, { spki: key, applicationId, purpose: 'encryption' });
    await store.addCertificate(own);
    // An id of an application counts with its tenant only.
    const stranger = over(key, { applicationId, purpose: 'encryption' });
    await store.addCertificate(stranger);
    expect(await found([own, stranger])).toEqual([own]);
    const reasons = ['superseded', 'keyCompromise'] as const;
    const gone = reasons.map((reason) => over(spki(), { state: 'revoked', reason }));
    const next = gone.map((one) => over(one.spki));
    for (const one of [...gone, ...next]) await store.addCertificate(one);
    expect(await found(next)).toEqual(next.slice(0, 1));
  });

  it('A6: an application that has a certificate is not closed, and a closed one gets none', async () => {
    const store = await make();
    const tenant = freshTenant();
    const [made, closed] = [
      application(tenant, { state: 'approved' }),
      application(tenant, { state: 'approved' }),
    ];
    for (const paper of [made, closed]) await store.addApplication(paper);
    await store.addCertificate(certificate(tenant, { applicationId: made.id }));
    for (const state of ['rejected', 'withdrawn'] as const) {
      const late = store.replaceApplication({ ...made, state, revision: 2 });
      await expect(late).rejects.toMatchObject({ code: 'application_changed' });
    }
    await store.replaceApplication({ ...made, state: 'issued', revision: 2 });
    await store.replaceApplication({ ...closed, state: 'rejected', revision: 2 });
    const none = certificate(tenant, { applicationId: closed.id });
    await store.addCertificate(none);
    expect(await store.findCertificate(none.serialHex)).toBeUndefined();
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
    expect(await ids({ ending: { fromMs: nowMs, beforeMs: nowMs + 11 } })).toEqual([active]);
    expect(await ids({ holder: 'customer-wu' })).toEqual([]);
    expect(await ids({ query: '思远' })).toEqual([active, frozen]);
    expect(await ids({ query: '%_tra' })).toEqual([trade]);
    const serialHex = made[1]?.serialHex ?? '';
    expect(await ids({ query: serialHex })).toEqual([active]);
    expect(await ids({ query: serialHex.slice(0, 20) })).toEqual([active]);
    expect(await ids({ query: serialHex.slice(9, 29) })).toEqual([]);
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
    // An issuer of its own for the test: rows of others are in the same table.
    const issuer = freshIssuer();
    const sinceMs = nowMs + 50_000_000 + 0;
    const at = { ...rowOf(issuer), changedAtMs: sinceMs, notAfterMs: sinceMs + 9 } as const;
    const held = certificate(tenant, { ...at, state: 'frozen' });
    const good = certificate(tenant, { ...at, state: 'active', delivery: 'thawed' });
    const pending = { action: 'suspend', requestId: 'x', atMs: sinceMs } as const;
    const leaving = certificate(tenant, { ...at, state: 'active', pending });
    const gone = certificate(tenant, { ...at, state: 'revoked', reason: 'superseded' });
    const ended = certificate(tenant, { ...at, state: 'revoked', notAfterMs: sinceMs - 1 });
    const stolen = certificate(freshTenant(), { state: 'revoked', reason: 'keyCompromise' });
    for (const item of [held, good, leaving, gone, ended, stolen]) await store.addCertificate(item);
    expect(await store.hasKey(held.spki)).toBe(true);
    expect(await store.hasKey(gone.spki)).toBe(false);
    expect(await store.hasKey(stolen.spki)).toBe(true);
    const own = new Set([held, good, leaving, gone, ended].map((item) => item.serialHex));
    const serials = (rows: readonly { serialHex: string }[]) =>
      rows.map(({ serialHex }) => serialHex).filter((serialHex) => own.has(serialHex));
    const sorted = (...rows: Certificate[]) => rows.map((item) => item.serialHex).sort();
    const notInForce = serials(await store.notInForce(issuer, sinceMs));
    expect(notInForce).toEqual(sorted(held, leaving, gone));
    expect(serials(await store.backInForce(issuer, 0))).toEqual(sorted(good));
    const other = freshIssuer();
    expect(await store.notInForce(other, sinceMs)).toEqual([]);
    expect(await store.backInForce(other, 0)).toEqual([]);
    const left = serials(await store.unfinished(sinceMs + 1, 1000));
    expect(left.sort()).toEqual(sorted(good, leaving));
    expect(serials(await store.unfinished(sinceMs, 1000))).toEqual([]);
  });

  it('A9: numbers each change of a status as it is written, whatever its time says', async () => {
    const store = await make();
    const tenant = freshTenant();
    const issuer = freshIssuer();
    expect(await store.newestChange(issuer)).toBe(0);
    const active = { ...rowOf(issuer), state: 'active', delivery: 'set' } as const;
    const [one, two] = [certificate(tenant, active), certificate(tenant, active)];
    for (const item of [one, two]) await store.addCertificate(item);
    expect(await store.newestChange(issuer)).toBe(2);
    // Begun long before it is written, as by a clock that is behind.
    const pending = { action: 'revoke', requestId: 'r', atMs: 0 } as const;
    const leaving: Certificate = { ...one, pending, revision: 2 };
    await store.replaceCertificate(leaving);
    expect(await store.newestChange(issuer)).toBe(3);
    expect(await store.notInForce(issuer, nowMs)).toMatchObject([{ pending, change: 3 }]);
    const rival = store.replaceCertificate({ ...one, state: 'suspended', revision: 2 });
    await expect(rival).rejects.toMatchObject({ code: 'certificate_changed' });
    // What does not touch the status makes no new list.
    await store.replaceCertificate({ ...two, delivery: 'delivered', revision: 2 });
    expect(await store.newestChange(issuer)).toBe(3);
    expect(await store.backInForce(issuer, 2)).toEqual([]);
    // Given up: nothing but the number tells that it is back.
    await store.replaceCertificate({ ...one, revision: 3 });
    expect(await store.backInForce(issuer, 3)).toMatchObject([
      { serialHex: one.serialHex, change: 4 },
    ]);
    const move = { action: 'revoke', requestId: 'a', reason: 'cACompromise', atMs: 0 } as const;
    await store.revokeAllUnder(issuer, move);
    const all = await store.notInForce(issuer, nowMs);
    expect(all.filter(({ change }) => change > 4)).toHaveLength(2);
    expect(await store.newestChange(freshIssuer())).toBe(0);
  });

  it('A6: lists what ends within, the earliest first, page by page, and no revoked ones', async () => {
    const store = await make();
    const tenant = freshTenant();
    const ends = [30, 10, 20, 10, 40, 5, 15];
    const made = ends.map((end, i) =>
      certificate(tenant, { state: i === 6 ? 'revoked' : 'active', notAfterMs: nowMs + end }),
    );
    for (const item of made) await store.addCertificate(item);
    const ending = { fromMs: nowMs + 10, beforeMs: nowMs + 40 };
    const seen: number[] = [];
    let before: string | undefined;
    for (;;) {
      const page = await store.listCertificates(
        tenant,
        { ending },
        { limit: 1, ...(before === undefined ? {} : { before }) },
      );
      const [item] = page;
      if (!item) break;
      seen.push(item.notAfterMs - nowMs);
      before = item.id;
    }
    expect(seen).toEqual([10, 10, 20, 30]);
  });

  it('A12: revokes all under an issuer in one step, but what is on the move or at its end', async () => {
    const store = await make();
    const tenant = freshTenant();
    const issuer = freshIssuer();
    const atMs = nowMs + 100;
    const of = (changes: Partial<Certificate>) =>
      certificate(tenant, { ...rowOf(issuer), ...changes });
    const frozen = of({ state: 'frozen' });
    const active = of({ state: 'active', delivery: 'delivered' });
    const suspended = of({ state: 'suspended' });
    const thawing = of({
      state: 'frozen',
      pending: { action: 'thaw', requestId: 't', atMs: nowMs },
    });
    const revoked = of({ state: 'revoked', reason: 'superseded' });
    const prepared = of({});
    const ended = of({ state: 'active', notAfterMs: atMs - 1 });
    const all = [frozen, active, suspended, thawing, revoked, prepared, ended];
    for (const item of all) await store.addCertificate(item);
    expect(await store.countUnder(issuer, nowMs)).toBe(5);
    const move = { action: 'revoke', requestId: 'a', reason: 'cACompromise', atMs } as const;
    await store.revokeAllUnder(issuer, move);
    await store.revokeAllUnder(issuer, { ...move, requestId: 'b' });
    const marked = [frozen, active, suspended].map((item) => ({
      ...item,
      pending: move,
      revision: 2,
    }));
    const byId = (items: readonly Certificate[]) =>
      [...items].sort((a, b) => (a.id < b.id ? -1 : 1));
    const { some, left } = await store.revocationsUnder(issuer, 9);
    expect(some).toEqual(byId(marked));
    expect(left).toBe(3);
    expect((await store.revocationsUnder(issuer, 1)).some).toEqual(byId(marked).slice(0, 1));
    for (const item of [thawing, revoked, prepared, ended]) {
      expect(await store.findCertificate(item.serialHex)).toEqual(item);
    }
    expect(await store.revocationsUnder(freshIssuer(), 9)).toEqual({ some: [], left: 0 });
  });

  it('A12: revokes an issuing authority only as it is known', async () => {
    const store = await make();
    const { algorithm, generation } = freshIssuer();
    const issuer = { algorithm, generation };
    const der = Uint8Array.of(0x30, 1);
    const row = { ...issuer, role: 'issuing', under: 0, keyId: 'k', der } as const;
    await store.addAuthority(row);
    const stored = async () =>
      (await store.listIssuing(algorithm)).find((one) => one.generation === generation);
    const first = { reason: 'superseded', proposedBy: 'ma', proposedAtMs: nowMs } as const;
    const second = { ...first, by: 'gao', atMs: nowMs + 1 };
    await store.setRevocation(issuer, undefined, first);
    expect(await stored()).toEqual({ ...row, revocation: first });
    const late = store.setRevocation(issuer, undefined, first);
    await expect(late).rejects.toMatchObject({ code: 'authority_changed' });
    await store.setRevocation(issuer, first, second);
    expect(await stored()).toEqual({ ...row, revocation: second });
    const none = store.setRevocation(freshIssuer(), undefined, first);
    await expect(none).rejects.toMatchObject({ code: 'authority_changed' });
  });

  it('keeps authorities and lists by number, and the first of each counts', async () => {
    const store = await make();
    const der = (byte: number) => Uint8Array.of(0x30, 1, byte);
    const under = freshIssuer().generation;
    const base = { algorithm: 'sm2', role: 'ocsp', under, keyId: 'k' } as const;
    const row = { ...base, generation: 1, der: der(1) };
    await store.addAuthority(row);
    await store.addAuthority({ ...row, der: der(2) });
    expect(await store.findAuthority('sm2', 'ocsp', under)).toEqual(row);
    const next = { ...row, generation: 2, der: der(3) };
    await store.addAuthority(next);
    expect(await store.findAuthority('sm2', 'ocsp', under)).toEqual(next);
    expect(await store.findAuthority('p256', 'ocsp', under)).toBeUndefined();
    expect(await store.findAuthority('sm2', 'ocsp', under + 1)).toBeUndefined();
    const issuer = freshIssuer();
    const list = (number: number): StoredCrl => ({
      issuer,
      number,
      thisUpdateMs: nowMs + number,
      nextUpdateMs: nowMs + 10 * number,
      throughChange: 7 * number,
      der: der(number),
    });
    expect(await store.addCrl(list(1))).toBe(true);
    expect(await store.addCrl({ ...list(1), der: der(9) })).toBe(false);
    expect(await store.addCrl(list(2))).toBe(true);
    expect(await store.newestCrl(issuer)).toEqual(list(2));
    const { der: _, ...first } = list(1);
    const { der: __, ...second } = list(2);
    expect(await store.oldestCrl(issuer, nowMs)).toEqual(first);
    expect(await store.oldestCrl(issuer, nowMs + 10)).toEqual(second);
    // One that nobody may go on from any more is forgotten.
    expect(await store.addCrl({ ...list(3), thisUpdateMs: nowMs + 15 })).toBe(true);
    expect(await store.oldestCrl(issuer, nowMs)).toEqual(second);
    expect(await store.newestCrl({ ...issuer, algorithm: 'p256' })).toBeUndefined();
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
