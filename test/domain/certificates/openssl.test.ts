import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCertificate } from '../../../src/core/pki/certificate.ts';
import { verifyCertificateChain } from '../../../src/core/pki/chain.ts';
import { verifySignature } from '../../../src/core/pki/public-key.ts';
import {
  loadAuthority,
  loadResponder,
  rootList,
} from '../../../src/domain/certificates/authority.ts';
import { ocspResponder } from '../../../src/domain/certificates/ocsp.ts';
import { currentCrl, deltaCrl } from '../../../src/domain/certificates/revocation.ts';
import { freezeCertificate, revokeCertificate } from '../../../src/domain/certificates/status.ts';
import { thawCertificate } from '../../../src/domain/certificates/thaw.ts';
import { serviceTenant } from '../../../src/domain/chips/keys.ts';
import { readDer } from '../../../src/lib/der.ts';
import { encodePem } from '../../../src/lib/pem.ts';
import { memoryCertificateStore } from '../../../src/platform/memory/certificate-store.ts';
import { certificateDeps, frozenCertificate, people } from '../../helpers/certificates.ts';
import { opensslFolder } from '../../helpers/openssl.ts';

// OpenSSL judges by the real time, so what it judges is made at the real time.
const startMs = Date.now();
/** The first issuing authority of a hierarchy. */
const first = (algorithm: 'sm2' | 'p256') => ({ algorithm, generation: 1 }) as const;
// Its default identity is empty; GM/T 0009 §10 has this one.
const identity = '-vfyopt distid:1234567812345678';

const files = opensslFolder();
afterAll(() => files.remove());

async function issued(algorithm: 'sm2' | 'p256') {
  const deps = certificateDeps(startMs);
  const certificate = await frozenCertificate(deps, algorithm);
  const authority = await loadAuthority(deps, algorithm);
  const { der } = certificate;
  if (!der) throw new Error('not signed');
  const pem = (bytes: Uint8Array) => encodePem('CERTIFICATE', bytes);
  files.write(`${algorithm}-leaf.pem`, pem(der));
  files.write(`${algorithm}-issuing.pem`, pem(authority.issuing));
  files.write(`${algorithm}-root.pem`, pem(authority.root));
  files.write(`${algorithm}-chain.pem`, pem(authority.issuing) + pem(authority.root));
  return { deps, certificate, authority, der, respond: ocspResponder(deps) };
}

type Issued = Awaited<ReturnType<typeof issued>>;

async function isTrustedByOurs({ deps, authority, der }: Issued): Promise<boolean> {
  const chain = [der, authority.issuing, authority.root].map(parseCertificate);
  return (await verifyCertificateChain(chain, [authority.root], deps.clock.now())).ok;
}

/** Has OpenSSL ask, and our responder answer into `response.der`. */
async function answered({ respond }: Pick<Issued, 'respond'>, question: string): Promise<void> {
  files.run(`ocsp ${question} -reqout request.der`);
  files.write('response.der', (await respond(files.read('request.der'))).der);
}

describe('A11: OpenSSL and issued chains', () => {
  it('reads an SM2 certificate and verifies its chain link by link', async () => {
    const made = await issued('sm2');
    const { text } = files.run('x509 -in sm2-leaf.pem -noout -text -nameopt utf8');
    expect(text).toContain('SM2-with-SM3');
    expect(text).toContain('ASN1 OID: SM2');
    expect(text).toContain('CN=陈思远');
    expect(text).toContain('http://localhost:8787/pki/ocsp');
    expect(
      files.run(`verify ${identity} -partial_chain -CAfile sm2-issuing.pem sm2-leaf.pem`),
    ).toEqual({ ok: true, text: 'sm2-leaf.pem: OK\n' });
    expect(files.run(`verify ${identity} -CAfile sm2-root.pem sm2-issuing.pem`)).toEqual({
      ok: true,
      text: 'sm2-issuing.pem: OK\n',
    });
    expect(await isTrustedByOurs(made)).toBe(true);
  });

  it('verifies an ECDSA chain whole', async () => {
    const made = await issued('p256');
    const chain = '-CAfile p256-root.pem -untrusted p256-issuing.pem';
    expect(files.run(`verify -x509_strict ${chain} p256-leaf.pem`)).toEqual({
      ok: true,
      text: 'p256-leaf.pem: OK\n',
    });
    expect(await isTrustedByOurs(made)).toBe(true);
  });
});

describe('A7 A12: OpenSSL on the status of an ECDSA certificate', () => {
  const about = '-sha256 -issuer p256-issuing.pem -cert p256-leaf.pem';
  let made: Issued;
  beforeAll(async () => {
    made = await issued('p256');
  });

  /** What `openssl ocsp` and `openssl verify -crl_check` say now. */
  async function opinions(): Promise<{ ocsp: string; crl: string }> {
    await answered(made, `${about} -no_nonce`);
    const ocsp = files.run(
      `ocsp ${about} -no_nonce -respin response.der -CAfile p256-root.pem -verify_other p256-issuing.pem`,
    );
    expect(ocsp.text).toContain('Response verify OK');
    files.write('crl.pem', encodePem('X509 CRL', (await currentCrl(made.deps, first('p256'))).der));
    const crl = files.run(
      'verify -crl_check -CAfile p256-root.pem -untrusted p256-issuing.pem -CRLfile crl.pem p256-leaf.pem',
    );
    return { ocsp: ocsp.text, crl: crl.text };
  }

  it('is on hold while frozen, good when thawed, on hold again, then revoked', async () => {
    const { deps, certificate } = made;
    const { serialHex } = certificate;
    const frozen = await opinions();
    expect(frozen.ocsp).toContain('p256-leaf.pem: revoked');
    expect(frozen.ocsp).toContain('Reason: certificateHold');
    expect(frozen.crl).toContain('certificate revoked');

    await thawCertificate(deps, people.approver, { serialHex, id: 'thaw' });
    const thawed = await opinions();
    expect(thawed.ocsp).toContain('p256-leaf.pem: good');
    expect(thawed.crl).toBe('p256-leaf.pem: OK\n');
    files.write('delta.pem', encodePem('X509 CRL', await deltaCrl(deps, first('p256'))));
    const delta = files.run('crl -in delta.pem -noout -text').text;
    expect(delta).toContain('X509v3 Delta CRL Indicator: critical');
    expect(delta).toContain('Remove From CRL');

    await freezeCertificate(deps, people.approver, { serialHex, id: 'freeze' });
    expect((await opinions()).ocsp).toContain('Reason: certificateHold');

    const reason = 'keyCompromise';
    await revokeCertificate(deps, people.approver, { serialHex, id: 'revoke', reason });
    const revoked = await opinions();
    expect(revoked.ocsp).toContain('p256-leaf.pem: revoked');
    expect(revoked.ocsp).toContain('Reason: keyCompromise');
    expect(revoked.crl).toContain('certificate revoked');
    const list = files.run('crl -in crl.pem -noout -text').text;
    expect(list).toContain('Key Compromise');
    expect(list).toMatch(/X509v3 CRL Number: \s*4\n/);
  });

  it('sends the nonce back, and does not speak for other issuers', async () => {
    const trust = '-CAfile p256-root.pem -verify_other p256-issuing.pem';
    await answered(made, `${about} -nonce`);
    const answer = files.run(`ocsp -reqin request.der -respin response.der ${trust}`).text;
    expect(answer).toContain('Response verify OK');
    expect(answer).not.toContain('WARNING');
    const unknown = '-issuer p256-issuing.pem -serial 0x99 -no_nonce';
    await answered(made, unknown);
    expect(files.run(`ocsp ${unknown} -respin response.der ${trust}`).text).toContain(
      '0x99: unknown',
    );
    await answered(made, '-issuer p256-root.pem -serial 0x99');
    // OCSPResponse with the status unauthorized (6), then malformedRequest (1), and nothing else.
    expect([...files.read('response.der')]).toEqual([0x30, 3, 0x0a, 1, 6]);
    const malformed = await made.respond(Uint8Array.of(0x30, 0));
    expect([...malformed.der]).toEqual([0x30, 3, 0x0a, 1, 1]);
  });
});

describe('A12: an OCSP answer that is given out again', () => {
  const about = '-sha256 -issuer p256-issuing.pem -cert p256-leaf.pem';

  /** Two isolates over the same stores, and how often they had something signed. */
  async function isolates() {
    const { deps, certificate } = await issued('p256');
    const { serialHex } = certificate;
    await thawCertificate(deps, people.approver, { serialHex, id: 'thaw' });
    const signed = { times: 0 };
    const keys: typeof deps.keys = {
      ...deps.keys,
      sign: (input) => {
        signed.times += 1;
        return deps.keys.sign(input);
      },
    };
    const looks = { times: 0 };
    const certificates: typeof deps.certificates = {
      ...deps.certificates,
      listIssuing: (algorithm) => {
        looks.times += 1;
        return deps.certificates.listIssuing(algorithm);
      },
    };
    const own = { ...deps, keys, certificates };
    const both = [ocspResponder(own), ocspResponder(own)] as const;
    // The first answer of all has the responder's certificate made.
    await both[0](question(`${about} -nonce`));
    signed.times = 0;
    return { deps, serialHex, signed, looks, both };
  }

  function question(options: string): Uint8Array {
    files.run(`ocsp ${options} -reqout request.der`);
    return files.read('request.der');
  }

  function said(der: Uint8Array): string {
    files.write('again.der', der);
    const { text } = files.run(`ocsp ${about} -respin again.der -noverify -resp_text`);
    const [, status] = /Cert Status: (.+)/.exec(text) ?? [];
    const [, reason = ''] = /Revocation Reason: (\w+)/.exec(text) ?? [];
    return `${status} ${reason}`.trim();
  }

  it('is signed once in half its life in each isolate, for whoever sends no nonce', async () => {
    const { deps, signed, looks, both } = await isolates();
    const asked = question(`${about} -no_nonce`);
    await both[1](asked);
    looks.times = 0;
    for (const respond of both) {
      const answers = await Promise.all(Array.from({ length: 20 }, () => respond(asked)));
      expect(new Set(answers).size).toBe(1);
      expect(said((await respond(asked)).der)).toBe('good');
    }
    expect([signed.times, looks.times]).toEqual([2, 0]);
    const { shared } = await both[0](asked);
    expect((shared?.nextUpdateMs ?? 0) - (shared?.thisUpdateMs ?? 0)).toBe(60_000);
    deps.clock.advance(28_000);
    expect((await both[0](asked)).shared).toEqual(shared);
    deps.clock.advance(2_000);
    const later = (await both[0](asked)).shared?.thisUpdateMs ?? 0;
    expect(later).toBeGreaterThanOrEqual((shared?.thisUpdateMs ?? 0) + 30_000);
    expect(signed.times).toBe(3);
  });

  it('is nobody else’s with a nonce, and none is kept of what was never issued', async () => {
    const { signed, both } = await isolates();
    const nonce = question(`${about} -nonce`);
    const madeUp = question('-sha256 -issuer p256-issuing.pem -serial 0x99 -no_nonce');
    for (const asked of [nonce, nonce, madeUp, madeUp]) await both[0](asked);
    expect(signed.times).toBe(4);
    expect((await both[0](nonce)).shared).toBeUndefined();
  });

  it('is not given out after a hold, a thaw or a revocation, in either isolate', async () => {
    const { deps, serialHex, both } = await isolates();
    const asked = question(`${about} -no_nonce`);
    const heard = () => Promise.all(both.map(async (respond) => said((await respond(asked)).der)));
    const reason = 'keyCompromise';
    expect(await heard()).toEqual(['good', 'good']);
    await freezeCertificate(deps, people.approver, { serialHex, id: 'freeze' });
    expect(await heard()).toEqual(Array(2).fill('revoked certificateHold'));
    await thawCertificate(deps, people.approver, { serialHex, id: 'release' });
    expect(await heard()).toEqual(['good', 'good']);
    await revokeCertificate(deps, people.approver, { serialHex, id: 'revoke', reason });
    expect(await heard()).toEqual(Array(2).fill('revoked keyCompromise'));
  });
});

describe('A7 A12: OpenSSL on the status of an SM2 certificate', () => {
  it('reads list and answer; their signatures are verified by our own core', async () => {
    const made = await issued('sm2');
    const { deps, certificate, authority } = made;
    const about = '-issuer sm2-issuing.pem -cert sm2-leaf.pem -no_nonce';
    // OpenSSL 3.0 cannot be told the identity for the signature of an answer or of a list.
    const read = `ocsp ${about} -respin response.der -noverify -resp_text`;
    await answered(made, about);
    const frozen = files.run(read).text;
    expect(frozen).toContain('sm2-leaf.pem: revoked');
    expect(frozen).toContain('Signature Algorithm: SM2-with-SM3');
    await thawCertificate(deps, people.approver, { serialHex: certificate.serialHex, id: 'thaw' });
    await answered(made, about);
    expect(files.run(read).text).toContain('sm2-leaf.pem: good');
    const { der } = await currentCrl(deps, first('sm2'));
    expect(await isSignedBy(der, authority.spki)).toBe(true);
    expect(await isSignedBy(der.with(40, (der[40] ?? 0) ^ 1), authority.spki)).toBe(false);
  });
});

/** A list is a SEQUENCE of what is signed, the algorithm and the signature, like a certificate. */
function isSignedBy(crl: Uint8Array, spki: Uint8Array): Promise<boolean> {
  const { signed, signature } = readDer(crl, (reader) => {
    const list = reader.sequence();
    const signed = list.any().whole;
    list.sequence();
    return { signed, signature: list.bitString() };
  });
  return verifySignature(spki, 'sm2-sm3', signed, signature);
}

describe('A7 A12: the root of a hierarchy', () => {
  it('is believed with its chain by the lists of issuer and root, and not without both', async () => {
    const { deps, certificate } = await issued('p256');
    const { serialHex } = certificate;
    await thawCertificate(deps, people.approver, { serialHex, id: 'thaw' });
    const lists = [(await currentCrl(deps, first('p256'))).der, await rootList(deps, 'p256')];
    const pem = lists.map((der) => encodePem('X509 CRL', der));
    const chain = '-CAfile p256-root.pem -untrusted p256-issuing.pem p256-leaf.pem';
    files.write('all.pem', pem.join(''));
    expect(files.run(`verify -crl_check_all -CRLfile all.pem ${chain}`).text).toContain('OK');
    // Without the root's list nobody can tell whether the issuing authority still stands.
    files.write('one.pem', pem[0] ?? '');
    expect(files.run(`verify -crl_check_all -CRLfile one.pem ${chain}`)).toMatchObject({
      ok: false,
      text: expect.stringContaining('unable to get certificate CRL'),
    });
    const issuing = files.run('x509 -in p256-issuing.pem -noout -ext crlDistributionPoints').text;
    expect(issuing).toContain('/pki/crl?algorithm=p256&role=root');
  });

  it('rests once the hierarchy stands, and is woken for its list after a year', async () => {
    const deps = certificateDeps();
    await Promise.all(Array.from({ length: 8 }, () => loadAuthority(deps, 'p256')));
    const root = await deps.certificates.findAuthority('p256', 'root');
    if (!root) throw new Error('no root');
    const key = () => deps.keys.find(serviceTenant, root.keyId);
    expect(await key()).toMatchObject({ state: 'frozen', policy: { usesMax: 256 } });
    const theft = deps.keys.sign({
      tenant: serviceTenant,
      keyId: root.keyId,
      requestId: 'theft',
      scheme: 'ecdsa-p256-sha256',
      message: new Uint8Array(8),
    });
    await expect(theft).rejects.toMatchObject({ code: 'key_not_active' });
    const first = await rootList(deps, 'p256');
    deps.clock.advance(330 * 24 * 60 * 60 * 1000);
    expect(await rootList(deps, 'p256')).toEqual(first);
    deps.clock.advance(20 * 24 * 60 * 60 * 1000);
    files.write('next.pem', encodePem('X509 CRL', await rootList(deps, 'p256')));
    const text = files.run('crl -in next.pem -noout -text').text;
    expect(text).toMatch(/X509v3 CRL Number: \s*2\n/);
    expect((await key()).state).toBe('frozen');
    // The responder's certificate is made anew over a key of its own.
    const authority = await loadAuthority(deps, 'p256');
    const before = await loadResponder(deps, authority);
    deps.clock.advance(25 * 24 * 60 * 60 * 1000);
    const after = await loadResponder(deps, authority);
    expect(after.signer.spki).not.toEqual(before.signer.spki);
  });

  it('puts a key to rest that an earlier build or a broken ceremony left awake', async () => {
    const deps = certificateDeps();
    const before = await loadAuthority(deps, 'sm2');
    const certificates = memoryCertificateStore();
    for (const role of ['root', 'issuing'] as const) {
      const row = await deps.certificates.findAuthority('sm2', role);
      if (row) await certificates.addAuthority(row);
    }
    const keyId = (await certificates.findAuthority('sm2', 'root'))?.keyId ?? '';
    await deps.keys.setState(serviceTenant, keyId, 'active');
    const left = { ...deps, certificates };
    const lists = await Promise.all(Array.from({ length: 4 }, () => rootList(left, 'sm2')));
    expect(new Set(lists.map((list) => encodePem('X509 CRL', list))).size).toBe(1);
    expect((await deps.keys.find(serviceTenant, keyId)).state).toBe('frozen');
    const { root, issuing } = await loadAuthority(left, 'sm2');
    expect({ root, issuing }).toEqual({ root: before.root, issuing: before.issuing });
    expect(await isSignedBy(lists[0] ?? new Uint8Array(), parseCertificate(root).spki)).toBe(true);
  });
});
