import { createHash, randomBytes } from 'node:crypto';
import pkcs11 from 'pkcs11js';
import { ChipFault } from '../../domain/chips/faults.ts';
import { type DecryptInput, derSignature } from '../../domain/chips/key-material.ts';
import { algorithmOf } from '../../domain/chips/keys.ts';
import type { KeyToken } from '../../domain/chips/ports.ts';
import type { ChipTools } from '../../domain/chips/tools.ts';
import type { KeyKind } from '../../domain/chips/types.ts';
import { CinnabarError } from '../../domain/errors.ts';
import { derBitString, derSequence, derUnsigned } from '../../lib/der.ts';
import { decodeOaep } from './oaep.ts';
import { openSm2 } from './sm2-by-agreement.ts';
import { domainKeyOf, findOne, type TokenSession } from './token.ts';

const idBytes = 16;
const rsaBytes = 384;
/** CKZ_DATA_SPECIFIED (PKCS#11 2.40 §2.1.7). */
const dataSpecified = 1;
const wrappedBytesMax = 4_096;
/** OIDs of the curves, DER: prime256v1, and sm2p256v1 (GB/T 33560). */
const p256Curve = Buffer.from('06082a8648ce3d030107', 'hex');
const sm2Curve = Buffer.from('06082a811ccf5501822d', 'hex');
/** id-ecPublicKey with P-256 (RFC 5480 §2.1.1). */
const p256Algorithm = Buffer.from('301306072a8648ce3d020106082a8648ce3d030107', 'hex');
/** rsaEncryption (RFC 3279 §2.3.1). */
const rsaAlgorithm = Buffer.from('300d06092a864886f70d0101010500', 'hex');

/** The keys that a token makes and uses itself. */
export function tokenKeys(token: TokenSession, tools: ChipTools): KeyToken {
  const { module, session } = token;
  const domain = domainKeyOf(token);
  const handles = new Map<string, Buffer>();

  /** @throws ChipFault `not_held` */
  function handleOf(reference: Uint8Array): Buffer {
    const name = Buffer.from(reference).toString('hex');
    const handle = handles.get(name) ?? privateKey(reference);
    if (!handle) throw new ChipFault('not_held');
    handles.set(name, handle);
    return handle;
  }

  function privateKey(reference: Uint8Array): Buffer | undefined {
    return findOne(token, [
      { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_PRIVATE_KEY },
      { type: pkcs11.CKA_ID, value: Buffer.from(reference) },
    ]);
  }

  function signed(reference: Uint8Array, mechanism: pkcs11.Mechanism, data: Uint8Array) {
    module.C_SignInit(session, mechanism, handleOf(reference));
    return new Uint8Array(module.C_Sign(session, Buffer.from(data), Buffer.alloc(rsaBytes)));
  }

  /** The x-coordinate of the shared point (SP 800-56A §5.7.1.2). */
  function agreed(reference: Uint8Array, point: Uint8Array): Uint8Array {
    const parameter = {
      type: pkcs11.CK_PARAMS_EC_DH,
      kdf: pkcs11.CKD_NULL,
      publicData: Buffer.from(point),
    };
    const mechanism = { mechanism: pkcs11.CKM_ECDH1_DERIVE, parameter };
    const secret = module.C_DeriveKey(session, mechanism, handleOf(reference), agreedTemplate());
    try {
      const [value] = module.C_GetAttributeValue(session, secret, [{ type: pkcs11.CKA_VALUE }]);
      if (!(value?.value instanceof Buffer)) throw new Error('the token shows no agreed value');
      return new Uint8Array(value.value);
    } finally {
      module.C_DestroyObject(session, secret);
    }
  }

  function rsaDecrypted(reference: Uint8Array, ciphertext: Uint8Array): Uint8Array {
    if (ciphertext.length !== rsaBytes) throw new CinnabarError('decryption_failed');
    const handle = handleOf(reference);
    const input = Buffer.from(ciphertext);
    try {
      module.C_DecryptInit(session, oaep, handle);
    } catch {
      // SoftHSM has OAEP with SHA-1 only. The private operation stays in the token all the same.
      module.C_DecryptInit(session, { mechanism: pkcs11.CKM_RSA_X_509 }, handle);
      return decodeOaep(module.C_Decrypt(session, input, Buffer.alloc(rsaBytes)));
    }
    return new Uint8Array(module.C_Decrypt(session, input, Buffer.alloc(rsaBytes)));
  }

  async function decrypted(reference: Uint8Array, input: DecryptInput): Promise<Uint8Array> {
    if (input.scheme === 'rsa-oaep-256') return rsaDecrypted(reference, input.ciphertext);
    if (input.scheme === 'sm2') {
      const { ciphertext, format = 'der' } = input;
      return openSm2(tools.gm, ciphertext, format, (point) => agreed(reference, point));
    }
    const ecdh = { name: 'ECDH', namedCurve: 'P-256' };
    // The import refuses a point that is not on the curve (SP 800-56A §5.6.2.3).
    const point = Uint8Array.from(input.peerPublicKey);
    await tools.subtle.importKey('raw', point, ecdh, false, []);
    return agreed(reference, point);
  }

  return {
    async generate(kind) {
      const id = randomBytes(idBytes);
      const { mechanism, publicTemplate } = makingOf(kind.algorithm, id);
      const pair = await module.C_GenerateKeyPairAsync(
        token.making,
        { mechanism },
        publicTemplate,
        privateTemplate(kind.algorithm, id),
      );
      const publicKey = publicKeyOf(kind.algorithm, pair.publicKey);
      module.C_DestroyObject(session, pair.publicKey);
      handles.set(id.toString('hex'), pair.privateKey);
      return { reference: new Uint8Array(id), publicKey };
    },
    async sign(reference, input) {
      const { scheme, message, format = 'der' } = input;
      if (!message || algorithmOf(scheme) === 'sm2') throw new CinnabarError('key_use_refused');
      if (scheme === 'rsa-pkcs1-sha256') {
        return signed(reference, { mechanism: pkcs11.CKM_SHA256_RSA_PKCS }, message);
      }
      if (scheme === 'rsa-pss-sha256') return signed(reference, pss, message);
      const digest = createHash('sha256').update(message).digest();
      const raw = signed(reference, { mechanism: pkcs11.CKM_ECDSA }, digest);
      return format === 'raw' ? raw : derSignature(raw);
    },
    async decrypt(reference, input) {
      try {
        return await decrypted(reference, input);
      } catch (cause) {
        if (cause instanceof ChipFault || cause instanceof CinnabarError) throw cause;
        throw new CinnabarError('decryption_failed', { cause });
      }
    },
    wrap(reference) {
      const mechanism = { mechanism: pkcs11.CKM_AES_KEY_WRAP_PAD };
      const room = Buffer.alloc(wrappedBytesMax);
      return new Uint8Array(
        module.C_WrapKey(session, mechanism, domain, handleOf(reference), room),
      );
    },
    unwrap(kind, wrapped) {
      const id = randomBytes(idBytes);
      const mechanism = { mechanism: pkcs11.CKM_AES_KEY_WRAP_PAD };
      const template = [...keyTypeOf(kind.algorithm), ...privateTemplate(kind.algorithm, id)];
      try {
        const handle = module.C_UnwrapKey(
          session,
          mechanism,
          domain,
          Buffer.from(wrapped),
          template,
        );
        handles.set(id.toString('hex'), handle);
      } catch (cause) {
        throw new ChipFault('not_for_us', { cause });
      }
      return new Uint8Array(id);
    },
    destroy(reference) {
      handles.delete(Buffer.from(reference).toString('hex'));
      const handle = privateKey(reference);
      if (handle) module.C_DestroyObject(session, handle);
    },
    isWell() {
      try {
        return module.C_GenerateRandom(session, Buffer.alloc(16)).length === 16;
      } catch {
        return false;
      }
    },
  };

  /** SubjectPublicKeyInfo, DER. */
  function publicKeyOf(algorithm: KeyKind['algorithm'], handle: Buffer): Uint8Array {
    if (algorithm === 'rsa3072') {
      const [modulus, exponent] = module.C_GetAttributeValue(session, handle, [
        { type: pkcs11.CKA_MODULUS },
        { type: pkcs11.CKA_PUBLIC_EXPONENT },
      ]);
      return rsaSpki(bytesOf(modulus), bytesOf(exponent));
    }
    const [point] = module.C_GetAttributeValue(session, handle, [{ type: pkcs11.CKA_EC_POINT }]);
    // DER of an OCTET STRING of 65 bytes: two bytes before the point (PKCS#11 2.40 §2.3.3).
    const bytes = bytesOf(point).subarray(2);
    if (algorithm === 'sm2') return tools.gm.keys.encodeSpki(new Uint8Array(bytes));
    return derSequence(p256Algorithm, derBitString(new Uint8Array(bytes)));
  }
}

const pssParameters: pkcs11.RsaPSS = {
  type: pkcs11.CK_PARAMS_RSA_PSS,
  hashAlg: pkcs11.CKM_SHA256,
  mgf: pkcs11.CKG_MGF1_SHA256,
  saltLen: 32,
};
const pss = { mechanism: pkcs11.CKM_SHA256_RSA_PKCS_PSS, parameter: pssParameters };

const oaepParameters: pkcs11.RsaOAEP = {
  type: pkcs11.CK_PARAMS_RSA_OAEP,
  hashAlg: pkcs11.CKM_SHA256,
  mgf: pkcs11.CKG_MGF1_SHA256,
  source: dataSpecified,
};
const oaep = { mechanism: pkcs11.CKM_RSA_PKCS_OAEP, parameter: oaepParameters };

function bytesOf(attribute: { value?: unknown } | undefined): Buffer {
  if (!(attribute?.value instanceof Buffer)) throw new Error('the token shows no public key');
  return attribute.value;
}

function makingOf(algorithm: KeyKind['algorithm'], id: Buffer) {
  const common = [
    { type: pkcs11.CKA_TOKEN, value: false },
    { type: pkcs11.CKA_ID, value: id },
  ];
  if (algorithm === 'rsa3072') {
    const publicTemplate = [
      ...common,
      { type: pkcs11.CKA_MODULUS_BITS, value: 8 * rsaBytes },
      { type: pkcs11.CKA_PUBLIC_EXPONENT, value: Buffer.of(1, 0, 1) },
    ];
    return { mechanism: pkcs11.CKM_RSA_PKCS_KEY_PAIR_GEN, publicTemplate };
  }
  const curve = algorithm === 'sm2' ? sm2Curve : p256Curve;
  const publicTemplate = [...common, { type: pkcs11.CKA_EC_PARAMS, value: curve }];
  return { mechanism: pkcs11.CKM_EC_KEY_PAIR_GEN, publicTemplate };
}

/** Leaves the token only under a wrapping key that the security officer marked as trusted. */
function privateTemplate(algorithm: KeyKind['algorithm'], id: Buffer) {
  const isRsa = algorithm === 'rsa3072';
  return [
    { type: pkcs11.CKA_TOKEN, value: true },
    { type: pkcs11.CKA_PRIVATE, value: true },
    { type: pkcs11.CKA_SENSITIVE, value: true },
    { type: pkcs11.CKA_EXTRACTABLE, value: true },
    { type: pkcs11.CKA_WRAP_WITH_TRUSTED, value: true },
    { type: pkcs11.CKA_ID, value: id },
    { type: pkcs11.CKA_SIGN, value: algorithm !== 'sm2' },
    { type: isRsa ? pkcs11.CKA_DECRYPT : pkcs11.CKA_DERIVE, value: true },
  ];
}

function keyTypeOf(algorithm: KeyKind['algorithm']) {
  return [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_PRIVATE_KEY },
    {
      type: pkcs11.CKA_KEY_TYPE,
      value: algorithm === 'rsa3072' ? pkcs11.CKK_RSA : pkcs11.CKK_EC,
    },
  ];
}

/** A secret that lives for one call and may be read. */
function agreedTemplate() {
  return [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
    { type: pkcs11.CKA_KEY_TYPE, value: pkcs11.CKK_GENERIC_SECRET },
    { type: pkcs11.CKA_TOKEN, value: false },
    { type: pkcs11.CKA_SENSITIVE, value: false },
    { type: pkcs11.CKA_EXTRACTABLE, value: true },
    { type: pkcs11.CKA_VALUE_LEN, value: 32 },
  ];
}

/** RSAPublicKey of RFC 8017 A.1.1 in its SubjectPublicKeyInfo. */
function rsaSpki(modulus: Buffer, exponent: Buffer): Uint8Array {
  const key = derSequence(derUnsigned(modulus), derUnsigned(exponent));
  return derSequence(rsaAlgorithm, derBitString(key));
}
