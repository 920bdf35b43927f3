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

/** A maker of telephones: a root, and what a telephone would send along with a key. */
export async function telephoneMaker(from: { readonly isCa: boolean; readonly crl: string }) {
  const newKeys = () => crypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);
  const [root, middle] = await Promise.all([newKeys(), newKeys()]);
  const certificate = async (
    [subject, issuer]: readonly [string, string],
    [publicKey, signingKey]: readonly [CryptoKey, CryptoKey],
    extensions: Extension[],
  ) => {
    const made = await X509CertificateGenerator.create({
      serialNumber: '01',
      subject: `CN=${subject}`,
      issuer: `CN=${issuer}`,
      notBefore: new Date('2020-01-01'),
      notAfter: new Date('2049-01-01'),
      signingAlgorithm: ecdsa,
      publicKey,
      signingKey,
      extensions,
    });
    return new Uint8Array(made.rawData);
  };
  const isCa = (is: boolean) => new BasicConstraintsExtension(is, undefined, true);
  const rootDer = await certificate(
    ['root', 'root'],
    [root.publicKey, root.privateKey],
    [isCa(true)],
  );
  const middleDer = await certificate(
    ['middle', 'root'],
    [middle.publicKey, root.privateKey],
    [isCa(from.isCa)],
  );

  /** Of the format `android-key` (WebAuthn §8.4). */
  async function attest({ keys, authData, clientDataHash }: Attested): Promise<Uint8Array> {
    const leaf = await certificate(
      ['key', 'middle'],
      [keys.publicKey, middle.privateKey],
      [
        new Extension(keyDescription, false, descriptionOf(clientDataHash)),
        new Extension(crlDistributionPoints, false, pointTo(from.crl)),
      ],
    );
    const signed = Uint8Array.from([...authData, ...clientDataHash]);
    const raw = new Uint8Array(await crypto.subtle.sign(ecdsa, keys.privateKey, signed));
    const statement = new Map<string, unknown>([
      ['alg', coseEs256],
      ['sig', derSequence(derUnsigned(raw.subarray(0, 32)), derUnsigned(raw.subarray(32)))],
      ['x5c', [leaf, middleDer, rootDer]],
    ]);
    const parts = new Map<string, unknown>([
      ['fmt', 'android-key'],
      ['attStmt', statement],
      ['authData', authData],
    ]);
    return isoCBOR.encode(parts as never);
  }

  return { root: rootDer, attest };
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
