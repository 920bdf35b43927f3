import { concatBytes } from '@noble/hashes/utils.js';
import { loadGm } from '../../../core/gm.ts';
import { decryptAesGcm, unwrapAesKey } from '../../../core/p256.ts';
import { parseCertificate } from '../../../core/pki/certificate.ts';
import { DerError, type DerReader, readDer } from '../../../lib/der.ts';
import { CinnabarError } from '../../errors.ts';
import { envelopeAlgorithms, gcmTagBytes, keyFromAgreement } from './enveloped-data.ts';
import { contentTypes, readAlgorithm } from './identifiers.ts';
import { readReference, referenceTo } from './issuer-and-serial.ts';
import type { DocumentOpener } from './ports.ts';

/** Longer messages are refused before they are parsed. */
export const envelopeBytesMax = 32 * 1024 * 1024;
const recipientsMax = 64;

/**
 * Opens an envelope made for the opener's certificate.
 *
 * Every failure behind the parsing has one code, so that nobody learns from the answer where a
 * forged envelope broke: with SM4-CBC, repeated answers would otherwise give the content away.
 *
 * @throws CinnabarError `document_malformed`, `envelope_not_addressed` when the certificate is not
 * among the recipients, `envelope_unreadable`; whatever the opener throws of that class
 */
export async function openEnvelope(
  opener: DocumentOpener,
  envelope: Uint8Array,
): Promise<Uint8Array> {
  const { kind, recipients, content } = parseEnvelope(envelope);
  const reference = referenceTo(parseCertificate(opener.certificate));
  const recipient = recipients.find((one) => one.reference === reference);
  if (!recipient) throw new CinnabarError('envelope_not_addressed');
  try {
    return kind === 'sm2'
      ? await openSm2(opener, recipient, content)
      : await openP256(opener, recipient, content);
  } catch (cause) {
    // An outage of the chip is not the envelope's fault, and may be gone with the next attempt.
    if (cause instanceof CinnabarError) throw cause;
    throw new CinnabarError('envelope_unreadable', { cause });
  }
}

interface Recipient {
  readonly reference: string;
  readonly encryptedKey: Uint8Array;
  /** The sender's ephemeral point; of P-256 only. */
  readonly point?: Uint8Array;
}

interface EncryptedContent {
  /** IV of SM4-CBC or nonce of AES-GCM. */
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
}

interface ParsedEnvelope {
  readonly kind: 'sm2' | 'p256';
  readonly recipients: readonly Recipient[];
  readonly content: EncryptedContent;
}

async function openSm2(
  opener: DocumentOpener,
  { encryptedKey }: Recipient,
  { iv, ciphertext }: EncryptedContent,
): Promise<Uint8Array> {
  const [gm, key] = await Promise.all([loadGm(), opener.decryptSm2(encryptedKey)]);
  return gm.sm4.decrypt({ mode: 'cbc', key, iv }, ciphertext);
}

async function openP256(
  opener: DocumentOpener,
  { encryptedKey, point = new Uint8Array(0) }: Recipient,
  { iv, ciphertext }: EncryptedContent,
): Promise<Uint8Array> {
  const shared = await opener.agreeP256(point);
  const key = await unwrapAesKey(keyFromAgreement(shared), encryptedKey);
  return decryptAesGcm(key, iv, ciphertext);
}

function parseEnvelope(envelope: Uint8Array): ParsedEnvelope {
  try {
    if (envelope.length > envelopeBytesMax) throw new DerError('the envelope is too long');
    return readDer(envelope, readEnvelope);
  } catch (cause) {
    if (cause instanceof DerError) throw new CinnabarError('document_malformed', { cause });
    throw cause;
  }
}

function readEnvelope(reader: DerReader): ParsedEnvelope {
  const outer = reader.sequence();
  const type = outer.objectIdentifier();
  const explicit = outer.optionalExplicit(0);
  outer.end();
  const fields = explicit?.sequence();
  explicit?.end();
  if (!fields) throw new DerError('the message is no envelope');
  // 0 by RFC 5652 §6.1 and RFC 5083 §2.1; writers of GB/T 35275 also put 1.
  if (fields.smallInteger(2) > 1) throw new DerError('the version is wrong');
  const kind = kindOf(type);
  const recipients = readRecipients(fields.set(), kind === 'sm2' ? readTransport : readAgreement);
  const content = readContent(fields, kind);
  const mac = kind === 'p256' ? fields.octetString() : new Uint8Array(0);
  fields.end();
  if (kind === 'p256' && mac.length !== gcmTagBytes) throw new DerError('the tag has another size');
  return {
    kind,
    recipients,
    content: { iv: content.iv, ciphertext: concatBytes(content.ciphertext, mac) },
  };
}

function kindOf(type: string): ParsedEnvelope['kind'] {
  // Others put SM2 and SM4 under the identifier of RFC 5652 too.
  if (type === contentTypes.gbt35275.envelopedData) return 'sm2';
  if (type === contentTypes.rfc5652.envelopedData) return 'sm2';
  if (type === contentTypes.rfc5652.authEnvelopedData) return 'p256';
  throw new DerError('the message is no envelope');
}

function readRecipients(
  set: DerReader,
  read: (reader: DerReader) => readonly Recipient[],
): Recipient[] {
  const recipients: Recipient[] = [];
  while (!set.isAtEnd) {
    recipients.push(...read(set));
    if (recipients.length > recipientsMax) throw new DerError('there are too many recipients');
  }
  return recipients;
}

/** KeyTransRecipientInfo (RFC 5652 §6.2.1) with SM2. */
function readTransport(set: DerReader): Recipient[] {
  const fields = set.sequence();
  if (fields.smallInteger(2) > 1) throw new DerError('the version is wrong');
  const reference = readReference(fields);
  const algorithm = readAlgorithm(fields);
  const encryptedKey = fields.octetString();
  fields.end();
  if (algorithm !== envelopeAlgorithms.sm2Encryption) {
    throw new DerError('the key is encrypted in a way that is not offered');
  }
  return [{ reference, encryptedKey }];
}

/** KeyAgreeRecipientInfo (RFC 5652 §6.2.2) with an ephemeral key of the sender. */
function readAgreement(set: DerReader): Recipient[] {
  const fields = set.optionalExplicit(1);
  if (!fields) throw new DerError('the key is encrypted in a way that is not offered');
  if (fields.smallInteger(3) !== 3) throw new DerError('the version is wrong');
  const originator = fields.optionalExplicit(0);
  const key = originator?.optionalExplicit(1);
  if (!key) throw new DerError('the sender gave no key');
  const identifier = key.sequence();
  const type = identifier.objectIdentifier();
  const point = key.bitString();
  key.end();
  readScheme(fields.sequence());
  const list = fields.sequence();
  fields.end();
  if (type !== envelopeAlgorithms.ecPublicKey) throw new DerError('the sender has no such key');
  return readRecipients(list, (reader) => {
    const item = reader.sequence();
    const reference = readReference(item);
    const encryptedKey = item.octetString();
    item.end();
    return [{ reference, encryptedKey, point }];
  });
}

function readScheme(scheme: DerReader): void {
  const type = scheme.objectIdentifier();
  const wrap = readAlgorithm(scheme);
  scheme.end();
  const { ecdhSha256Kdf, aes256Wrap } = envelopeAlgorithms;
  if (type !== ecdhSha256Kdf || wrap !== aes256Wrap) {
    throw new DerError('the key is agreed in a way that is not offered');
  }
}

function readContent(fields: DerReader, kind: ParsedEnvelope['kind']): EncryptedContent {
  const info = fields.sequence();
  info.objectIdentifier();
  const algorithm = info.sequence();
  const type = algorithm.objectIdentifier();
  const iv = kind === 'sm2' ? algorithm.octetString() : readGcmParameters(algorithm.sequence());
  algorithm.end();
  const expected = kind === 'sm2' ? envelopeAlgorithms.sm4Cbc : envelopeAlgorithms.aes256Gcm;
  if (type !== expected)
    throw new DerError('the content is encrypted in a way that is not offered');
  const ciphertext = readCiphertext(info);
  info.end();
  return { iv, ciphertext };
}

/** [0] IMPLICIT OCTET STRING; some writers of GB/T 35275 make it explicit. */
function readCiphertext(info: DerReader): Uint8Array {
  const explicit = info.optionalExplicit(0);
  if (!explicit) return info.element(0x80);
  const ciphertext = explicit.octetString();
  explicit.end();
  return ciphertext;
}

function readGcmParameters(parameters: DerReader): Uint8Array {
  const nonce = parameters.octetString();
  // RFC 5084 §3.2: 12 when it is left out; only whole tags are taken.
  if (parameters.isAtEnd || parameters.smallInteger(gcmTagBytes) !== gcmTagBytes) {
    throw new DerError('the tag is shortened');
  }
  parameters.end();
  return nonce;
}
