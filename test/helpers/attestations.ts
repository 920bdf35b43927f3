import 'reflect-metadata';
import { BasicConstraintsExtension, Extension, X509CertificateGenerator } from '@peculiar/x509';
import { isoCBOR } from '@simplewebauthn/server/helpers';
import {
  derElement,
  derExplicit,
  derInteger,
  derOctetString,
  derSequence,
  derUnsigned,
} from '../../src/lib/der.ts';
import type { Attested } from './soft-authenticator.ts';

const ecdsa = { name: 'ECDSA', hash: 'SHA-256', namedCurve: 'P-256' };
const keyDescription = '1.3.6.1.4.1.11129.2.1.17';
const crlDistributionPoints = '2.5.29.31';
const coseEs256 = -7;
const utf8 = (text: string) => new TextEncoder().encode(text);

const newKeys = () => crypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);
const isCa = (is: boolean) => new BasicConstraintsExtension(is, undefined, true);

async function certificate(
  [subject, issuer]: readonly [string, string],
  [publicKey, signingKey]: readonly [CryptoKey, CryptoKey],
  extensions: Extension[],
): Promise<Uint8Array> {
  const made = await X509CertificateGenerator.create({
    serialNumber: '01',
    subject,
    issuer,
    notBefore: new Date('2020-01-01'),
    notAfter: new Date('2049-01-01'),
    signingAlgorithm: ecdsa,
    publicKey,
    signingKey,
    extensions,
  });
  return new Uint8Array(made.rawData);
}

/** An attestation object whose statement `key` signs. */
async function attestationBy(
  key: CryptoKey,
  format: string,
  { authData, clientDataHash }: Attested,
  chain: readonly Uint8Array[],
): Promise<Uint8Array> {
  const signed = Uint8Array.from([...authData, ...clientDataHash]);
  const raw = new Uint8Array(await crypto.subtle.sign(ecdsa, key, signed));
  const statement = new Map<string, unknown>([
    ['alg', coseEs256],
    ['sig', derSequence(derUnsigned(raw.subarray(0, 32)), derUnsigned(raw.subarray(32)))],
    ...(chain.length === 0 ? [] : [['x5c', chain] as const]),
  ]);
  const parts = new Map<string, unknown>([
    ['fmt', format],
    ['attStmt', statement],
    ['authData', authData],
  ]);
  return isoCBOR.encode(parts as never);
}

/** Of the format `packed` (WebAuthn §8.2), by the key itself. */
export const attestsItself = (about: Attested) =>
  attestationBy(about.keys.privateKey, 'packed', about, []);

/** Of the format `packed`, by a maker's key that nobody here knows. */
export async function attestedByNobody(about: Attested): Promise<Uint8Array> {
  const maker = await newKeys();
  const name = 'C=CN, O=Maker, OU=Authenticator Attestation, CN=key';
  const own = await certificate([name, name], [maker.publicKey, maker.privateKey], [isCa(false)]);
  return attestationBy(maker.privateKey, 'packed', about, [own]);
}

/** A maker of telephones: a root, and what a telephone would send along with a key. */
export async function telephoneMaker(from: {
  readonly isCa: boolean;
  readonly crl: string;
  /** How many issue between the root and the key. */
  readonly between?: number;
}) {
  const root = await newKeys();
  const chain = [
    await certificate(['CN=0', 'CN=0'], [root.publicKey, root.privateKey], [isCa(true)]),
  ];
  let issuing = root;
  for (let place = 1; place <= (from.between ?? 1); place++) {
    const next = await newKeys();
    chain.unshift(
      await certificate(
        [`CN=${place}`, `CN=${place - 1}`],
        [next.publicKey, issuing.privateKey],
        [isCa(from.isCa)],
      ),
    );
    issuing = next;
  }

  /** Of the format `android-key` (WebAuthn §8.4). */
  async function attest(about: Attested): Promise<Uint8Array> {
    const leaf = await certificate(
      ['CN=key', `CN=${chain.length - 1}`],
      [about.keys.publicKey, issuing.privateKey],
      [
        new Extension(keyDescription, false, descriptionOf(about.clientDataHash)),
        new Extension(crlDistributionPoints, false, pointTo(from.crl)),
      ],
    );
    return attestationBy(about.keys.privateKey, 'android-key', about, [leaf, ...chain]);
  }

  return { root: new Uint8Array(chain.at(-1) ?? []), attest };
}

/** Versions and levels of a trusted environment, the challenge, and no more. */
function descriptionOf(challenge: Uint8Array): Uint8Array<ArrayBuffer> {
  const environment = derElement(0x0a, Uint8Array.of(1));
  const version = derInteger(4);
  return Uint8Array.from(
    derSequence(
      ...[version, environment, version, environment],
      derOctetString(challenge),
      derOctetString(new Uint8Array(0)),
      derSequence(),
      derSequence(),
    ),
  );
}

/** RFC 5280 §4.2.1.13: one distribution point, by its address. */
function pointTo(address: string): Uint8Array<ArrayBuffer> {
  const name = derElement(0x86, utf8(address));
  return Uint8Array.from(derSequence(derSequence(derExplicit(0, derElement(0xa0, name)))));
}
