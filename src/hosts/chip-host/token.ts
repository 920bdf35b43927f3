import { randomBytes } from 'node:crypto';
import pkcs11 from 'pkcs11js';
import type { ChipVault } from '../../domain/chips/wrapping.ts';

type Handle = Buffer;
type Template = { type: number; value?: number | boolean | string | Buffer }[];

/** Which token it is, and what opens it. */
export interface TokenPlace {
  readonly label: string;
  readonly pin: string;
}

/** An open session with a token, logged in as its user. */
export interface TokenSession {
  readonly module: pkcs11.PKCS11;
  readonly session: Handle;
  /** A session of its own for making keys: that runs beside everything else. */
  readonly making: Handle;
}

const storageLabel = 'cinnabar chip storage';
const domainLabel = 'cinnabar cloning domain';
const aesBytes = 32;
const ivBytes = 12;
const tagBits = 128;

/** Loads a PKCS#11 library; a process may do so once. */
export function loadModule(library: string): pkcs11.PKCS11 {
  const module = new pkcs11.PKCS11();
  module.load(library);
  module.C_Initialize({ flags: pkcs11.CKF_OS_LOCKING_OK });
  return module;
}

/** @throws Error when there is no such token, or the PIN is wrong */
export function openToken(module: pkcs11.PKCS11, { label, pin }: TokenPlace): TokenSession {
  const slot = slotOf(module, label);
  if (!slot) throw new Error(`no token with the label ${label}`);
  const flags = pkcs11.CKF_RW_SESSION | pkcs11.CKF_SERIAL_SESSION;
  const session = module.C_OpenSession(slot, flags);
  try {
    module.C_Login(session, pkcs11.CKU_USER, pin);
  } catch (error) {
    // The login is the process's: another session of it may have logged in.
    if (!String(error).includes('CKR_USER_ALREADY_LOGGED_IN')) throw error;
  }
  return { module, session, making: module.C_OpenSession(slot, flags) };
}

function slotOf(module: pkcs11.PKCS11, label: string): Handle | undefined {
  return module
    .C_GetSlotList(true)
    .find((slot) => module.C_GetTokenInfo(slot).label.replace(/\0/g, '').trim() === label);
}

/** What a fresh token is to be. */
export interface NewToken extends TokenPlace {
  readonly securityOfficerPin: string;
  /** The wrapping key that all tokens of the domain share, 32 bytes. */
  readonly domainKey: Uint8Array;
}

/**
 * Makes the first uninitialised token ours: the domain's wrapping key, which only the security
 * officer can mark as trusted, and a storage key of its own that no token gives out.
 *
 * @throws Error when the label is taken or no slot is free
 */
export function initialiseToken(module: pkcs11.PKCS11, place: NewToken): void {
  const { label, pin, securityOfficerPin, domainKey } = place;
  if (slotOf(module, label)) throw new Error(`there is a token with the label ${label}`);
  const free = module.C_GetSlotList(true).find((slot) => {
    const { flags } = module.C_GetTokenInfo(slot);
    return (flags & pkcs11.CKF_TOKEN_INITIALIZED) === 0;
  });
  if (!free) throw new Error('no slot with an uninitialised token');
  module.C_InitToken(free, securityOfficerPin, label);
  const slot = slotOf(module, label);
  if (!slot) throw new Error('the token did not keep its label');
  const session = module.C_OpenSession(slot, pkcs11.CKF_RW_SESSION | pkcs11.CKF_SERIAL_SESSION);
  module.C_Login(session, pkcs11.CKU_SO, securityOfficerPin);
  module.C_InitPIN(session, pin);
  module.C_CreateObject(session, domainTemplate(Buffer.from(domainKey)));
  module.C_Logout(session);
  module.C_Login(session, pkcs11.CKU_USER, pin);
  module.C_GenerateKey(session, { mechanism: pkcs11.CKM_AES_KEY_GEN }, storageTemplate());
  module.C_Logout(session);
  module.C_CloseSession(session);
}

/** Public in the sense of PKCS#11: the security officer may make no private objects. */
function domainTemplate(value: Buffer): Template {
  return [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
    { type: pkcs11.CKA_KEY_TYPE, value: pkcs11.CKK_AES },
    { type: pkcs11.CKA_LABEL, value: domainLabel },
    { type: pkcs11.CKA_TOKEN, value: true },
    { type: pkcs11.CKA_PRIVATE, value: false },
    { type: pkcs11.CKA_SENSITIVE, value: true },
    { type: pkcs11.CKA_EXTRACTABLE, value: false },
    { type: pkcs11.CKA_WRAP, value: true },
    { type: pkcs11.CKA_UNWRAP, value: true },
    { type: pkcs11.CKA_ENCRYPT, value: false },
    { type: pkcs11.CKA_DECRYPT, value: false },
    { type: pkcs11.CKA_TRUSTED, value: true },
    { type: pkcs11.CKA_VALUE, value },
  ];
}

function storageTemplate(): Template {
  return [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
    { type: pkcs11.CKA_KEY_TYPE, value: pkcs11.CKK_AES },
    { type: pkcs11.CKA_VALUE_LEN, value: aesBytes },
    { type: pkcs11.CKA_LABEL, value: storageLabel },
    { type: pkcs11.CKA_TOKEN, value: true },
    { type: pkcs11.CKA_PRIVATE, value: true },
    { type: pkcs11.CKA_SENSITIVE, value: true },
    { type: pkcs11.CKA_EXTRACTABLE, value: false },
    { type: pkcs11.CKA_WRAP, value: false },
    { type: pkcs11.CKA_UNWRAP, value: false },
    { type: pkcs11.CKA_ENCRYPT, value: true },
    { type: pkcs11.CKA_DECRYPT, value: true },
  ];
}

/** The one object with these attributes. */
export function findOne({ module, session }: TokenSession, template: Template): Handle | undefined {
  module.C_FindObjectsInit(session, template);
  try {
    return module.C_FindObjects(session, 2)[0];
  } finally {
    module.C_FindObjectsFinal(session);
  }
}

/** @throws Error when the token was not made ours */
export function domainKeyOf(token: TokenSession): Handle {
  return secretNamed(token, domainLabel);
}

function secretNamed(token: TokenSession, label: string): Handle {
  const key = findOne(token, [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
    { type: pkcs11.CKA_LABEL, value: label },
  ]);
  if (!key) throw new Error(`the token has no key ${label}`);
  return key;
}

/**
 * Encrypts the chip's store in the token: AES-256-GCM with a random nonce (SP 800-38D §8.2.2, which
 * allows 2^32 of them under one key). The chip's name is bound in.
 */
export function tokenVault(token: TokenSession, chip: string): ChipVault {
  const { module, session } = token;
  const key = secretNamed(token, storageLabel);
  const mechanism = (iv: Buffer, context: Uint8Array) => ({
    mechanism: pkcs11.CKM_AES_GCM,
    parameter: {
      type: pkcs11.CK_PARAMS_AES_GCM,
      iv,
      ivBits: 8 * ivBytes,
      aad: Buffer.concat([Buffer.from(`${chip}\0`), context]),
      tagBits,
    },
  });
  return {
    chip,
    seal(context, plaintext) {
      // Not the generator of the domain: the nonce must be fresh even in a host that tests.
      const iv = randomBytes(ivBytes);
      module.C_EncryptInit(session, mechanism(iv, context), key);
      const room = Buffer.alloc(plaintext.length + tagBits / 8);
      return Buffer.concat([iv, module.C_Encrypt(session, Buffer.from(plaintext), room)]);
    },
    open(context, envelope) {
      if (envelope.length < ivBytes + tagBits / 8) return undefined;
      const iv = Buffer.from(envelope.subarray(0, ivBytes));
      const sealed = Buffer.from(envelope.subarray(ivBytes));
      try {
        module.C_DecryptInit(session, mechanism(iv, context), key);
        return new Uint8Array(module.C_Decrypt(session, sealed, Buffer.alloc(sealed.length)));
      } catch {
        // Tokens differ in what they say of a wrong tag.
        return undefined;
      }
    },
  };
}
