import type { Certificate, CertificateApplication, PersonalKey } from '../../client/index.ts';
import { loadGm } from '../../core/gm.ts';
import { client, identity } from '../session.ts';

/** How far the certificate of a key has come. */
export interface KeyCertificate {
  readonly application?: CertificateApplication;
  readonly certificate?: Certificate;
}

const applicationsLooked = 100;

/**
 * The application and the certificate over a key. Once the certificate exists the key is told its
 * serial: from then on payments and uses can be limited by its settings.
 */
export async function certificateOf(key: PersonalKey): Promise<KeyCertificate> {
  if (key.certificateSerial !== null) {
    return { certificate: await client.certificates.get(key.certificateSerial) };
  }
  if (key.publicKeyHex === '') return {};
  const name = await keyName(key.publicKeyHex);
  const { items } = await client.certificates.applications.list({ limit: applicationsLooked });
  const own = items.filter(({ applicant }) => applicant === identity.value?.id);
  const application = own.find(({ keys }) => keys.includes(name));
  if (!application) return {};
  const [serial] = application.certificates;
  if (serial === undefined) return { application };
  await client.personalKeys.bind(key.id, serial);
  return { application, certificate: await client.certificates.get(serial) };
}

/** SHA-256 of the SubjectPublicKeyInfo, as applications name keys. */
async function keyName(publicKeyHex: string): Promise<string> {
  const bytes = Uint8Array.from(publicKeyHex.match(/../g) ?? [], (pair) =>
    Number.parseInt(pair, 16),
  );
  const spki = (await loadGm()).keys.encodeSpki(bytes);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(spki)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
