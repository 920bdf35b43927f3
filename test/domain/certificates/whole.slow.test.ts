import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CertificateEvidence,
  checkEvidence,
  type EvidenceTrust,
} from '../../../src/core/pki/evidence.ts';
import type { StatusRow } from '../../../src/domain/certificates/ports.ts';
import { currentCrl, deltaCrl } from '../../../src/domain/certificates/revocation.ts';
import { examine, trustOf } from '../../../src/domain/certificates/verify.ts';
import { certificateDeps, frozenCertificate } from '../../helpers/certificates.ts';
import { opensslFolder } from '../../helpers/openssl.ts';

describe('A8 A9: every byte of what the ledger says', () => {
  const deps = certificateDeps();
  let evidence: CertificateEvidence;
  let trust: EvidenceTrust;
  beforeAll(async () => {
    const certificate = await frozenCertificate(deps, 'sm2');
    ({ evidence } = await examine(deps, certificate, 'entry'));
    ({ trust } = await trustOf(deps));
  });
  const verdictOf = (changed: Partial<CertificateEvidence>) =>
    checkEvidence({ ...evidence, ...changed }, trust, deps.clock.now());

  it('counts: an entry with one other byte is not included', async () => {
    const { bytes } = evidence.entry;
    for (let at = 0; at < bytes.length; at++) {
      const flipped = bytes.slice();
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      const { ok, code } = await verdictOf({ entry: { ...evidence.entry, bytes: flipped } });
      expect({ ok, code }, `byte ${at}`).toEqual({ ok: false, code: 'inclusion_failed' });
    }
  });

  it('counts: a checkpoint with one other character proves nothing, or what it proved', async () => {
    const { checkpoint } = evidence;
    const refused = new Map<string, number>();
    for (let at = 0; at < checkpoint.length; at++) {
      const other = checkpoint[at] === 'A' ? 'B' : 'A';
      const changed = `${checkpoint.slice(0, at)}${other}${checkpoint.slice(at + 1)}`;
      const { ok, code } = await verdictOf({ checkpoint: changed });
      // A character in the line of one witness leaves a quorum of the two others.
      if (!ok) refused.set(code ?? '', (refused.get(code ?? '') ?? 0) + 1);
      else expect(isOfOneWitness(checkpoint, at), `character ${at}`).toBe(true);
    }
    expect(refused.size).toBeGreaterThan(1);
  });
});

/** Whether the character stands in a cosignature: the lines after the log's own two. */
function isOfOneWitness(checkpoint: string, at: number): boolean {
  const signatures = checkpoint.indexOf('\n\n') + 2;
  return at >= signatures && checkpoint.slice(signatures, at).split('\n').length > 2;
}

describe('A12: a revocation list at its end', () => {
  const issuer = { algorithm: 'p256', generation: 1 } as const;
  const files = opensslFolder();
  afterAll(() => files.remove());

  /** So many certificates on hold, beside the store's own rows. */
  async function listOf(count: number) {
    const made = certificateDeps();
    await frozenCertificate(made, 'p256');
    const rows = Array.from({ length: count }, (_, i): StatusRow => {
      const serialHex = (2n ** 158n + BigInt(i)).toString(16).padStart(40, '0');
      return { serialHex, state: 'revoked', reason: 'superseded', changedAtMs: 0, change: 1 };
    });
    const certificates = { ...made.certificates, notInForce: async () => rows };
    return { ...made, certificates };
  }

  it('names 35,000 certificates in one row, as OpenSSL reads it', async () => {
    const deps = await listOf(35_000);
    const { der } = await currentCrl(deps, issuer);
    // What a row of D1 holds.
    expect(der.length).toBeLessThan(2_000_000);
    files.write('full.der', der);
    files.run('crl -inform DER -in full.der -noout -text -out full.txt');
    const text = new TextDecoder().decode(files.read('full.txt'));
    expect(text.split('Serial Number: ')).toHaveLength(35_001);
  });

  it('is refused rather than shortened with one more, and so is the delta', async () => {
    const deps = await listOf(35_001);
    const full = { code: 'revocation_list_full' };
    await expect(currentCrl(deps, issuer)).rejects.toMatchObject(full);
    await expect(deltaCrl(deps, issuer)).rejects.toMatchObject(full);
    expect(await deps.certificates.newestCrl(issuer)).toBeUndefined();
  });
});
