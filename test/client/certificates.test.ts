import { beforeAll, describe, expect, it } from 'vitest';
import {
  type DeliveryBundle,
  makeSm2Request,
  type TrustFile,
  verifyDelivery,
  verifyEvidence,
} from '../../src/client/certificates.ts';
import { loadAuthority } from '../../src/domain/certificates/authority.ts';
import { deliveryBundle } from '../../src/domain/certificates/bundle.ts';
import { thawCertificate } from '../../src/domain/certificates/thaw.ts';
import { readCertificateRequest } from '../../src/domain/certificates/x509/request.ts';
import { decodePem, encodePem } from '../../src/lib/pem.ts';
import { certificateDeps, frozenCertificate, people } from '../helpers/certificates.ts';
import { opensslFolder } from '../helpers/openssl.ts';

describe('cinnabar/certificates', () => {
  const deps = certificateDeps();
  let bundle: DeliveryBundle;
  let trust: { ledger: TrustFile; roots: string[] };

  beforeAll(async () => {
    const { serialHex } = await frozenCertificate(deps, 'sm2');
    await thawCertificate(deps, people.approver, { serialHex, id: 'thaw' });
    bundle = await deliveryBundle(deps, people.applicant, serialHex);
    const { root } = await loadAuthority(deps, 'sm2');
    trust = { ledger: await deps.ledger.trust(), roots: [encodePem('CERTIFICATE', root)] };
  });

  const codeOf = async (changed: Partial<DeliveryBundle>, trusted = trust) =>
    (await verifyDelivery({ ...bundle, ...changed }, trusted, deps.clock.now())).code;

  it('A11: verifies a delivered bundle offline', async () => {
    expect(await codeOf({})).toBeUndefined();
  });

  it('A11: says what was changed in one', async () => {
    const { settings, ledger, chain } = bundle;
    const other = await loadAuthority(deps, 'p256');
    const roots = [encodePem('CERTIFICATE', other.root)];
    expect(await codeOf({}, { ...trust, roots })).toBe('chain_untrusted');
    expect(await codeOf({ certificate: chain[0] ?? '' })).toBe('chain_incomplete');
    const payload = settings.payload.replace('"tier":3', '"tier":1');
    expect(await codeOf({ settings: { ...settings, payload } })).toBe('settings_signature_invalid');
    expect(await codeOf({ settings: { ...settings, signatures: [] } })).toBe('settings_unsigned');
    const cut = { ...ledger, entries: ledger.entries.slice(0, 2) };
    expect(await codeOf({ ledger: cut })).toBe('not_delivered');
    const gap = { ...ledger, entries: ledger.entries.toSpliced(1, 1) };
    expect(await codeOf({ ledger: gap })).toBe('chain_broken');
    const moved = ledger.entries.map((entry) => ({ ...entry, index: entry.index + 1 }));
    expect(await codeOf({ ledger: { ...ledger, entries: moved } })).toBe('inclusion_failed');
    expect(await codeOf({ chain: ['no PEM'] })).toBe('bundle_malformed');
  });

  it('A2 C2: makes a key and a request that the authority and OpenSSL accept', async () => {
    const { request, encryptedKey } = await makeSm2Request('correct horse battery');
    const read = await readCertificateRequest(decodePem('CERTIFICATE REQUEST', request));
    expect(read).toMatchObject({ ok: true, algorithm: 'sm2' });
    expect(encryptedKey).toContain('BEGIN ENCRYPTED PRIVATE KEY');
    const files = opensslFolder();
    files.write('r.pem', request);
    const { text } = files.run('req -in r.pem -noout -verify -vfyopt distid:1234567812345678');
    files.remove();
    expect(text).toContain('OK');
  });

  it('A8: refuses to trust keys that are none', async () => {
    const none = { ...trust.ledger, log: 'nothing' };
    const evidence = {
      certificate: bundle.certificate,
      entry: { index: 0, entry: '', proof: [] },
      checkpoint: '',
      status: '',
      issuers: [],
    };
    await expect(verifyEvidence(evidence, none, deps.clock.now())).rejects.toMatchObject({
      code: 'key_malformed',
    });
  });
});
