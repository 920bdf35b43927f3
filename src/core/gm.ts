import { loadKernel } from './gm/kernel.ts';
import { createKeys } from './gm/keys.ts';
import { randomBytes } from './gm/random.ts';
import { createSm2 } from './gm/sm2.ts';
import { createSm3Functions } from './gm/sm3.ts';
import { createSm4 } from './gm/sm4.ts';
import { createTwoParty } from './gm/two-party.ts';

export { GmError, type GmErrorCode } from './gm/error.ts';
export type { KeyEncryption, PemLabel, Sm2Keys } from './gm/keys.ts';
export type {
  CiphertextFormat,
  KeyExchangeInput,
  PreparedKey,
  PrivateKey,
  PrivateKeyInput,
  PublicKeyInput,
  SignatureFormat,
  SignatureOptions,
  Sm2,
  Sm2KeyExchange,
  Sm2KeyPair,
  VerificationItem,
} from './gm/sm2.ts';
export type { Sm3Hash } from './gm/sm3.ts';
export type { Sm4Mode, Sm4Options } from './gm/sm4.ts';
export type { SignRun, TwoParty, TwoPartyState } from './gm/two-party.ts';

async function bind() {
  const kernel = await loadKernel();
  const sm3 = createSm3Functions(kernel);
  const sm4 = createSm4(kernel);
  const sm2 = createSm2(kernel, sm3);
  const keys = createKeys({ sm2, sm4, pbkdf2Sm3: sm3.pbkdf2Sm3, random: randomBytes });
  return { ...sm3, sm4, sm2, keys, twoParty: createTwoParty(kernel, sm3) };
}

/** The SM2, SM3 and SM4 of one module instance. */
export type Gm = Awaited<ReturnType<typeof bind>>;

let loading: Promise<Gm> | undefined;

/** Loads the module, compiling it once; later calls are free and give the same object. */
export function loadGm(): Promise<Gm> {
  loading ??= bind();
  // A failed download may succeed when asked again.
  loading.catch(() => {
    loading = undefined;
  });
  return loading;
}
