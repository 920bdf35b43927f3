import { afterAll, describe, expect, it } from 'vitest';
import { verifyDelivery } from '../../../src/client/certificates.ts';
import type { Caller } from '../../../src/domain/actor.ts';
import {
  authorityOf,
  loadAuthority,
  rootList,
} from '../../../src/domain/certificates/authority.ts';
import { deliveryBundle } from '../../../src/domain/certificates/bundle.ts';
import { certificateStateOf } from '../../../src/domain/certificates/find.ts';
import { issueCertificates } from '../../../src/domain/certificates/issue.ts';
import { ocspResponder } from '../../../src/domain/certificates/ocsp.ts';
import { currentCrl } from '../../../src/domain/certificates/revocation.ts';
import { freezeCertificate } from '../../../src/domain/certificates/status.ts';
import {
  finishRevocations,
  listIssuing,
  openIssuing,
  revokeIssuing,
} from '../../../src/domain/certificates/succession.ts';
import { thawCertificate } from '../../../src/domain/certificates/thaw.ts';
import type { Certificate } from '../../../src/domain/certificates/types.ts';
import { verifyCertificate } from '../../../src/domain/certificates/verify.ts';
import { serviceTenant } from '../../../src/domain/chips/keys.ts';
import { CinnabarError } from '../../../src/domain/errors.ts';
import { encodePem } from '../../../src/lib/pem.ts';
import {
  approvedApplication,
  certificateDeps,
  frozenCertificate,
  people,
} from '../../helpers/certificates.ts';
import { opensslFolder } from '../../helpers/openssl.ts';

// OpenSSL judges by the real time, so what it judges is made at the real time.
const startMs = Date.now();
const dayMs = 24 * 60 * 60 * 1000;
const files = opensslFolder();
afterAll(() => files.remove());

const one = { algorithm: 'p256', generation: 1 } as const;
const two = { algorithm: 'p256', generation: 2 } as const;

function operator(id: string): Caller {
  const actor = {
    id,
    tenant: 'beichen-bank',
    branch: '0101',
    roles: ['operator'] as const,
    name: id,
  };
  return { actor, requestId: `request-of-${id}` };
}
const [ma, gao] = [operator('operator-ma'), operator('operator-gao')];

type Deps = ReturnType<typeof certificateDeps>;

async function activeCertificate(deps: Deps): Promise<Certificate> {
  const { serialHex } = await frozenCertificate(deps, 'p256');
  return thawCertificate(deps, people.approver, { serialHex, id: `thaw-${serialHex}` });
}

/** A certificate of the first issuing authority, and one of the second. */
async function bothGenerations() {
  const deps = certificateDeps(startMs);
  const old = await activeCertificate(deps);
  await openIssuing(deps, ma, two);
  const fresh = await activeCertificate(deps);
  return { deps, old, fresh };
}

const pem = (der: Uint8Array | undefined) => encodePem('CERTIFICATE', der ?? new Uint8Array());

/** What OpenSSL says of a certificate: its chain with all lists, and our OCSP answer. */
async function opinionOf(deps: Deps, certificate: Certificate) {
  const { issuing, root, generation } = await authorityOf(deps, certificate);
  files.write('root.pem', pem(root));
  files.write('issuing.pem', pem(issuing));
  files.write('leaf.pem', pem(certificate.der));
  const own = (await currentCrl(deps, { algorithm: 'p256', generation })).der;
  const lists = [own, await rootList(deps, 'p256')];
  files.write('lists.pem', lists.map((der) => encodePem('X509 CRL', der)).join(''));
  const chain = '-CAfile root.pem -untrusted issuing.pem';
  const about = '-sha256 -issuer issuing.pem -cert leaf.pem -no_nonce';
  files.run(`ocsp ${about} -reqout request.der`);
  files.write('response.der', (await ocspResponder(deps)(files.read('request.der'))).der);
  const respin = `ocsp ${about} -respin response.der -CAfile root.pem -verify_other issuing.pem`;
  return {
    chain: files.run(`verify -x509_strict ${chain} leaf.pem`).text,
    lists: files.run(`verify -crl_check_all -CRLfile lists.pem ${chain} leaf.pem`).text,
    ocsp: files.run(respin).text,
  };
}

const good = {
  chain: 'leaf.pem: OK\n',
  lists: 'leaf.pem: OK\n',
  ocsp: expect.stringMatching(/leaf.pem: good[\s\S]*Response verify OK/),
};

describe('the next issuing authority', () => {
  it('A11 A12: issues, while the one before signs its list and answers; OpenSSL takes both', async () => {
    const { deps, old, fresh } = await bothGenerations();
    expect([old.issuer, fresh.issuer]).toEqual([1, 2]);
    expect(await opinionOf(deps, old)).toEqual(good);
    expect(await opinionOf(deps, fresh)).toEqual(good);
    const text = files.run('x509 -in leaf.pem -noout -text').text;
    expect(text).toContain('Issuer: C = CN, O = Cinnabar, CN = Cinnabar P-256 Issuing Authority 2');
    expect(text).toContain('/pki/crl?algorithm=p256&generation=2');
    // Neither list is about the other's certificates.
    const { serialHex } = old;
    await freezeCertificate(deps, people.approver, { serialHex, id: 'hold' });
    expect((await opinionOf(deps, old)).lists).toContain('certificate revoked');
    expect(await opinionOf(deps, fresh)).toEqual(good);
    await thawCertificate(deps, people.approver, { serialHex, id: 'release' });
    deps.clock.advance(40 * dayMs);
    const responder = await ocspResponder(deps)(files.read('request.der'));
    expect(responder.der.length).toBeGreaterThan(500);
  });

  it('A11: one frozen before is verified, thawed, set and delivered under its own issuer', async () => {
    const deps = certificateDeps(startMs);
    const frozen = await frozenCertificate(deps, 'p256');
    await openIssuing(deps, ma, two);
    const { verdict } = await verifyCertificate(deps, people.approver, frozen.serialHex);
    expect(verdict.ok).toBe(true);
    const { serialHex } = frozen;
    await thawCertificate(deps, people.approver, { serialHex, id: 'thaw' });
    const bundle = await deliveryBundle(deps, people.applicant, serialHex);
    const { root } = await loadAuthority(deps, 'p256');
    const trust = { ledger: await deps.ledger.trust(), roots: [pem(root)] };
    expect(await verifyDelivery(bundle, trust, deps.clock.now())).toMatchObject({ ok: true });
  });

  it('A12: is one, however many ask at once; the root rests after; no other number is taken', async () => {
    const deps = certificateDeps();
    await loadAuthority(deps, 'sm2');
    const name = { algorithm: 'sm2', generation: 2 } as const;
    const asked = Array.from({ length: 6 }, () => openIssuing(deps, ma, name));
    const views = await Promise.all(asked);
    expect(new Set(views.map(({ serialHex }) => serialHex)).size).toBe(1);
    expect((await listIssuing(deps)).map(({ algorithm, state }) => [algorithm, state])).toEqual([
      ['sm2', 'retired'],
      ['sm2', 'issuing'],
      ['p256', 'issuing'],
    ]);
    const root = await deps.certificates.findAuthority('sm2', 'root');
    const key = await deps.keys.find(serviceTenant, root?.keyId ?? '');
    expect(key.state).toBe('frozen');
    for (const generation of [1, 4]) {
      const other = openIssuing(deps, ma, { algorithm: 'sm2', generation });
      await expect(other).rejects.toMatchObject({ code: 'authority_changed' });
    }
  });

  it('A7: takes over what was numbered and not yet signed', async () => {
    const plain = certificateDeps(startMs);
    const id = await approvedApplication(plain, 'p256');
    await loadAuthority(plain, 'p256');
    let isDead = true;
    const keys: typeof plain.keys = {
      ...plain.keys,
      sign: (request) =>
        isDead ? Promise.reject(new CinnabarError('chips_unavailable')) : plain.keys.sign(request),
    };
    const issue = () => issueCertificates({ ...plain, keys }, people.approver, id);
    await expect(issue()).rejects.toMatchObject({ code: 'chips_unavailable' });
    isDead = false;
    await openIssuing(plain, ma, two);
    const [certificate] = await issue();
    expect(certificate).toMatchObject({ issuer: 2, state: 'frozen' });
    if (certificate) expect((await opinionOf(plain, certificate)).chain).toBe('leaf.pem: OK\n');
  });
});

describe('an issuing authority that is revoked', () => {
  const reason = 'cACompromise';

  it('A12: takes two people, and never the one that issues', async () => {
    const { deps } = await bothGenerations();
    const current = revokeIssuing(deps, ma, { ...two, reason });
    await expect(current).rejects.toMatchObject({ code: 'authority_in_use' });
    const none = revokeIssuing(deps, ma, { ...one, generation: 7, reason });
    await expect(none).rejects.toMatchObject({ code: 'authority_not_found' });
    expect(await revokeIssuing(deps, ma, { ...one, reason })).toMatchObject({ state: 'retired' });
    const alone = revokeIssuing(deps, ma, { ...one, reason });
    await expect(alone).rejects.toMatchObject({ code: 'same_person' });
    const other = revokeIssuing(deps, gao, { ...one, reason: 'superseded' });
    await expect(other).rejects.toMatchObject({ code: 'authority_changed' });
    // A proposal that nobody took up in a day is none; whoever comes then proposes anew.
    deps.clock.advance(dayMs + 1);
    expect(await revokeIssuing(deps, gao, { ...one, reason })).toMatchObject({ state: 'retired' });
    expect(await revokeIssuing(deps, ma, { ...one, reason })).toMatchObject({ state: 'revoked' });
  });

  it('A12: stands in the list of the root, and all under it counts as revoked; OpenSSL agrees', async () => {
    const { deps, old, fresh } = await bothGenerations();
    await revokeIssuing(deps, ma, { ...one, reason });
    expect(await opinionOf(deps, old)).toEqual(good);
    const done = await revokeIssuing(deps, gao, { ...one, reason });
    expect(done).toMatchObject({ state: 'revoked', certificates: 0, revocationsLeft: 0 });
    const after = await opinionOf(deps, old);
    expect(after.ocsp).toContain('leaf.pem: revoked');
    expect(after.ocsp).toContain('Reason: cACompromise');
    // In the list of the root at depth 1, and in its own last lists at depth 0.
    expect(after.lists).toMatch(/depth lookup: certificate revoked/);
    expect(files.run('crl -in lists.pem -noout -text').text).toContain('CA Compromise');
    expect(await opinionOf(deps, fresh)).toEqual(good);
    expect(await certificateStateOf(deps, old.serialHex)).toBe('revoked');
    const history = await deps.ledger.history(old.ledgerSubject);
    expect(history.at(-1)?.event).toMatchObject({ type: 'revoked', reason });
  });

  it('A9: thaws nothing, releases nothing, and what was on the move ends by the sweep', async () => {
    const deps = certificateDeps(startMs);
    const frozen = await frozenCertificate(deps, 'p256');
    const held = await activeCertificate(deps);
    await freezeCertificate(deps, people.approver, { serialHex: held.serialHex, id: 'hold' });
    await openIssuing(deps, ma, two);
    await revokeIssuing(deps, ma, { ...one, reason });
    // Dead between the word and everything that follows from it.
    const dying = { ...deps.certificates, revokeAllUnder: () => Promise.reject(new Error('dead')) };
    const dead = revokeIssuing({ ...deps, certificates: dying }, gao, { ...one, reason });
    await expect(dead).rejects.toThrow('dead');
    for (const { serialHex } of [frozen, held]) {
      const thaw = thawCertificate(deps, people.approver, { serialHex, id: 'again' });
      await expect(thaw).rejects.toMatchObject({
        code: expect.stringMatching(/^(thaw_refused|authority_revoked)$/),
      });
    }
    await finishRevocations(deps);
    await finishRevocations(deps);
    for (const { serialHex } of [frozen, held]) {
      expect(await certificateStateOf(deps, serialHex)).toBe('revoked');
    }
    files.write('root-list.pem', encodePem('X509 CRL', await rootList(deps, 'p256')));
    expect(files.run('crl -in root-list.pem -noout -text').text).toContain('CA Compromise');
  });
});
