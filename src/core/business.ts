import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { base64urlText } from '../lib/base64url.ts';
import { assertEvent, type BehaviourEvent, type BehaviourLog } from './business/event.ts';
import type { Intended } from './business/hints.ts';
import { type BehaviourRules, type KeyData, keyDataOf } from './business/key-data.ts';
import type { OpenedToken, ReaderOptions, TokenReader } from './business/reader.ts';
import { tokenReader } from './business/reader.ts';

export {
  type Amount,
  assertEvent,
  type BehaviourEvent,
  type BehaviourLog,
  isActionName,
  type Outcome,
  outcomes,
} from './business/event.ts';
export {
  type HandlingHint,
  type Intended,
  type LimitHint,
  type RiskCode,
  type RiskHint,
  riskCodes,
} from './business/hints.ts';
export {
  type BehaviourRules,
  type KeyData,
  keyDataOf,
  type Preference,
  referenceBehaviourRules,
} from './business/key-data.ts';
export {
  type KeySet,
  parseKeySet,
  pinnedKeys,
  type RemoteKeys,
  remoteKeys,
} from './business/key-set.ts';
export { memoryBehaviourLog } from './business/memory-log.ts';
export { type ActionChain, actionChain, type Likely, visitEnd } from './business/next.ts';
export {
  answerChallenge,
  type SystemCurve,
  type SystemKeys,
  systemKeys,
} from './business/opening-key.ts';
export {
  type OpenedToken,
  type Presented,
  type ReaderOptions,
  type SeenOnce,
  type TokenReader,
  tokenReader,
} from './business/reader.ts';
export type { UsualPath } from './business/visits.ts';
export type { Permit, PermitLimit, PublicIdentity, TokenClaims } from './token/claims.ts';
export { TokenError } from './token/error.ts';
export { type PublicJwk, thumbprintOf } from './token/jwk.ts';
export {
  type LiteralToken,
  type LiteralTrust,
  openLiteral,
  type RecoveryJwk,
} from './token/literal.ts';
export { type SealableLabel, type SensitiveFact, sealableLabels } from './token/open.ts';
export { type ProfileName, profileNames } from './token/profiles.ts';
export type { OpeningKey } from './token/sealing.ts';

export interface BusinessOptions extends ReaderOptions {
  readonly log: BehaviourLog;
  readonly rules: BehaviourRules;
  /** 32 bytes of this system's own: the log names people under it, and tokens do not tell how. */
  readonly pseudonymKey: Uint8Array;
  /** Events are kept this long. 400 days when left out. */
  readonly retentionDays?: number;
}

/** What is known of somebody, in the form in which they may take it along. */
export interface BehaviourExport {
  readonly v: 1;
  readonly system: string;
  readonly pseudonym: string;
  readonly exportedAtMs: number;
  readonly retentionDays: number;
  readonly events: readonly BehaviourEvent[];
}

/** A business system: reads tokens, remembers what was done, and says what that means. */
export interface BusinessSystem extends TokenReader {
  /** @throws RangeError for an event that is none */
  record(holder: OpenedToken, event: BehaviourEvent): Promise<void>;
  keyData(
    holder: OpenedToken,
    about?: { readonly session?: string; readonly intended?: Intended },
  ): Promise<KeyData>;
  export(holder: OpenedToken): Promise<BehaviourExport>;
  /** Forgets a person's events, and says how many they were. */
  erase(holder: OpenedToken): Promise<number>;
}

const dayMs = 24 * 60 * 60 * 1000;
const eventsMax = 5_000;
const pseudonymKeyBytes = 32;

/** @throws RangeError for a pseudonym key that is not 32 bytes long */
export function businessSystem(options: BusinessOptions): BusinessSystem {
  const { log, rules, pseudonymKey, retentionDays = 400, name, now } = options;
  if (pseudonymKey.length !== pseudonymKeyBytes) throw new RangeError('pseudonym key: 32 bytes');
  const reader = tokenReader(options);
  const nameOf = ({ subject }: OpenedToken) =>
    base64urlText(hmac(sha256, pseudonymKey, utf8ToBytes(subject)));
  const eventsOf = async (pseudonym: string) => {
    await log.prune(pseudonym, now() - retentionDays * dayMs);
    return log.read(pseudonym, eventsMax);
  };
  return {
    open: reader.open,
    async record(holder, event) {
      assertEvent(event);
      await log.append(nameOf(holder), event, retentionDays * dayMs);
    },
    async keyData(holder, about = {}) {
      return keyDataOf(await eventsOf(nameOf(holder)), rules, { nowMs: now(), ...about });
    },
    async export(holder) {
      const pseudonym = nameOf(holder);
      const events = await eventsOf(pseudonym);
      return { v: 1, system: name, pseudonym, exportedAtMs: now(), retentionDays, events };
    },
    erase: (holder) => log.erase(nameOf(holder)),
  };
}
