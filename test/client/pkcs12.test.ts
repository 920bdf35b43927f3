import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeP256Request, makePkcs12 } from '../../src/client/certificates.ts';
import { loadAuthority } from '../../src/domain/certificates/authority.ts';
import { readCertificateRequest } from '../../src/domain/certificates/x509/request.ts';
import { decodePem, encodePem } from '../../src/lib/pem.ts';
import { certificateDeps, frozenCertificate } from '../helpers/certificates.ts';
import { opensslFolder } from '../helpers/openssl.ts';

const password = '北京-correct-horse';

describe('a PKCS#12 file of a key that was made here', () => {
  const deps = certificateDeps();
  const openssl = opensslFolder();
  let made: Awaited<ReturnType<typeof makeP256Request>>;
  let certificate: string;
  let chain: string[];

  beforeAll(async () => {
    made = await makeP256Request(password);
    const request = decodePem('CERTIFICATE REQUEST', made.request);
    expect(await readCertificateRequest(request)).toMatchObject({ ok: true, algorithm: 'p256' });
    const { der } = await frozenCertificate(deps, 'p256', request);
    if (!der) throw new Error('nothing was issued');
    const { issuing, root } = await loadAuthority(deps, 'p256');
    certificate = encodePem('CERTIFICATE', der);
    chain = [issuing, root].map((each) => encodePem('CERTIFICATE', each));
  });
  afterAll(() => openssl.remove());

  const file = (changed: Partial<Parameters<typeof makePkcs12>[0]> = {}) =>
    makePkcs12({
      encryptedKey: made.encryptedKey,
      password,
      certificate,
      chain,
      name: '陈思远',
      ...changed,
    });

  it('A11: OpenSSL opens it with the password, and finds the key of the certificate', async () => {
    openssl.write('key.pem', made.encryptedKey);
    openssl.write('all.p12', await file());
    const read = (words: string) =>
      openssl.run(`pkcs12 -in all.p12 -passin pass:${password} ${words}`);
    expect(read('-nodes -nocerts -out opened.pem').ok).toBe(true);
    expect(read('-nokeys -clcerts -out leaf.pem').ok).toBe(true);
    const keyOf = (words: string) => openssl.run(words).text;
    expect(keyOf('pkey -in opened.pem -pubout')).toBe(keyOf('x509 -in leaf.pem -noout -pubkey'));
    expect(keyOf('pkey -in opened.pem -pubout')).toBe(
      keyOf(`pkey -in key.pem -passin pass:${password} -pubout`),
    );
    expect(read('-nokeys -cacerts').text.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(openssl.run('pkcs12 -in all.p12 -passin pass:another -nodes').text).toContain(
      'invalid password',
    );
  });

  it('A11: any changed byte of it is refused by OpenSSL', async () => {
    const whole = await file();
    for (let at = 30; at < whole.length; at += Math.floor(whole.length / 12)) {
      const changed = Uint8Array.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      openssl.write('changed.p12', changed);
      expect(
        openssl.run(`pkcs12 -in changed.p12 -passin pass:${password} -nodes`).ok,
        `${at}`,
      ).toBe(false);
    }
  });

  it('A11: another password, another certificate and another file are refused', async () => {
    await expect(file({ password: 'another password' })).rejects.toMatchObject({
      code: 'key_file_locked',
    });
    await expect(file({ certificate: chain[0] ?? '' })).rejects.toMatchObject({
      code: 'key_file_differs',
    });
    await expect(file({ encryptedKey: certificate })).rejects.toMatchObject({
      code: 'key_file_malformed',
    });
    const foreign = encodePem('ENCRYPTED PRIVATE KEY', Uint8Array.of(0x30, 0));
    await expect(file({ encryptedKey: foreign })).rejects.toMatchObject({
      code: 'key_file_malformed',
    });
  });
});
