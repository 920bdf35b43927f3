import { leafHash } from '../../core/ledger/merkle.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';

// What may be written into the ledger. It is public and for ever, so an event holds random ids,
// digests, public keys and codes: never a name, a number of a document, a score, an amount.

/** A value of an event, and whether it may be absent. */
interface Field<T> {
  readonly isOptional: boolean;
  readonly accepts: (value: unknown) => boolean;
  /** Carries the type only. */
  readonly type?: T;
}

function text(pattern: RegExp): Field<string> {
  return {
    isOptional: false,
    accepts: (value) => typeof value === 'string' && pattern.test(value),
  };
}

function optional<T>(field: Field<T>): Field<T | undefined> {
  return { isOptional: true, accepts: field.accepts };
}

const count: Field<number> = {
  isOptional: false,
  accepts: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
};

/** A hash of 32 bytes in lower-case hex: SHA-256 or SM3. */
const hash = text(/^[0-9a-f]{64}$/);
/** A DER SubjectPublicKeyInfo in base64url without padding. */
const spki = text(/^[0-9A-Za-z_-]{40,2400}$/);
/** A word of the trade: a reason, an algorithm, a state. */
const code = text(/^[a-z0-9][a-z0-9._-]{0,63}$/i);

const certificate = { certSha256: hash };

const shapes = {
  /** A certificate was signed and is on hold. `renews` is the subject of the one it follows. */
  frozen: {
    ...certificate,
    certSm3: hash,
    issuerSpki: spki,
    issuerSpkiSha256: hash,
    subjectSpkiSha256: hash,
    renews: optional(text(/^cert\/[0-9A-Za-z._-]{1,64}$/)),
  },
  /** A verification against the ledger passed; the certificate is active from now on. */
  thawed: certificate,
  /** Permissions and limits were bound to the certificate by a signed statement. */
  settings: {
    ...certificate,
    settingsSha256: hash,
    policySha256: optional(hash),
    modelSha256: optional(hash),
  },
  /** The finished certificate was delivered. */
  issued: { ...certificate, bundleSha256: optional(hash) },
  suspended: { ...certificate, reason: code },
  resumed: certificate,
  revoked: { ...certificate, reason: code },
  /** A person changed what the policy had decided; the first decision stays. */
  overridden: { decisionSha256: hash, overrideSha256: hash },
  /** A federated decision, by the hash of its sealed form. */
  decision: {
    decisionSha256: hash,
    modelSha256: hash,
    policySha256: hash,
    partiesSha256: optional(hash),
  },
  /** A federated model, a policy table, a software manifest came into force. */
  model: { modelSha256: hash, version: code },
  policy: { policySha256: hash, version: code },
  software: { manifestSha256: hash, version: code },
  /** A key was made in the chips, or changed its state. */
  key: { keySpkiSha256: hash, algorithm: code, state: code },
  /** What somebody did with an institution's key: the hash of the signed record. */
  key_usage: { recordSha256: hash, recordSm3: optional(hash) },
  /** A person's right to use an institution's key was given or taken. */
  grant: { grantSha256: hash, state: code },
  /** A person decided about a seal that the vendors could not. */
  seal_review: { recordSha256: hash },
  /** A payment ended: the hash of its signed receipt. */
  payment: { recordSha256: hash },
  /** The newest record of a tenant's audit chain. */
  audit_head: { position: count, headSha256: hash },
  /** The newest record of a chip's log. */
  chip_log: { position: count, headSha256: hash },
} satisfies Readonly<Record<string, Readonly<Record<string, Field<unknown>>>>>;

type Shapes = typeof shapes;
export type LedgerEventType = keyof Shapes;
export const ledgerEventTypes = Object.keys(shapes) as readonly LedgerEventType[];

type ValueOf<F> = F extends Field<infer T> ? T : never;
type Flat<T> = { readonly [Name in keyof T]: T[Name] };
type Payload<Shape> = Flat<
  {
    [Name in keyof Shape as undefined extends ValueOf<Shape[Name]> ? never : Name]: ValueOf<
      Shape[Name]
    >;
  } & {
    [Name in keyof Shape as undefined extends ValueOf<Shape[Name]> ? Name : never]?: ValueOf<
      Shape[Name]
    >;
  }
>;

/** The issuer's own signature over the event, so that it need not trust whoever keeps the log. */
export type EventSignature = {
  readonly scheme: 'sm2-sm3' | 'ecdsa-p256-sha256' | 'ed25519';
  readonly spkiSha256: string;
  /** Base64url. */
  readonly value: string;
};

interface Common {
  readonly v: 1;
  /** What it is about, as KIND/ID with an id that tells nothing: `cert/4f0c…`. */
  readonly subject: string;
  /** The leaf hash of the subject's event before this one; `null` for its first. */
  readonly prev: string | null;
  /** RFC 3339 in UTC with milliseconds. */
  readonly at: string;
  readonly signature?: EventSignature;
}

export type LedgerEventOf<Type extends LedgerEventType> = Flat<
  Common & { readonly type: Type } & Payload<Shapes[Type]>
>;

/** Everything that can happen, as it is written. */
export type LedgerEvent = { [Type in LedgerEventType]: LedgerEventOf<Type> }[LedgerEventType];

type WithoutPrev<T> = T extends unknown ? Omit<T, 'prev'> : never;
/** An event that the log itself puts behind the newest one of its subject. */
export type UnplacedEvent = WithoutPrev<LedgerEvent>;

const common = {
  v: { isOptional: false, accepts: (value) => value === 1 },
  type: { isOptional: false, accepts: (value) => ledgerEventTypes.includes(value as never) },
  subject: text(/^[a-z]{2,16}\/[0-9A-Za-z._-]{1,64}$/),
  prev: { isOptional: false, accepts: (value) => value === null || hash.accepts(value) },
  at: text(
    /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3])(?::[0-5]\d){2}\.\d{3}Z$/,
  ),
  signature: { isOptional: true, accepts: isSignature },
} satisfies Readonly<Record<string, Field<unknown>>>;

function isSignature(value: unknown): boolean {
  return hasShape(value, {
    scheme: text(/^(?:sm2-sm3|ecdsa-p256-sha256|ed25519)$/),
    spkiSha256: hash,
    value: text(/^[0-9A-Za-z_-]{80,120}$/),
  });
}

function hasShape(value: unknown, shape: Readonly<Record<string, Field<unknown>>>): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  const isKnown = Object.keys(fields).every((name) => Object.hasOwn(shape, name));
  return (
    isKnown &&
    Object.entries(shape).every(([name, field]) =>
      fields[name] === undefined ? field.isOptional : field.accepts(fields[name]),
    )
  );
}

/** Whether the value is an event: exactly the fields of its type, each in its form. */
export function isLedgerEvent(value: unknown): value is LedgerEvent {
  const type = (value as { type?: unknown } | null | undefined)?.type;
  if (typeof type !== 'string' || !Object.hasOwn(shapes, type)) return false;
  return hasShape(value, { ...common, ...shapes[type as LedgerEventType] });
}

const utf8 = new TextEncoder();

/** The bytes of the entry: canonical JSON (RFC 8785). */
export function eventBytes(event: LedgerEvent): Uint8Array {
  return utf8.encode(canonicalJson(event));
}

/** What an issuer signs: the event without its signature. */
export function eventBytesToSign({ signature: _, ...event }: LedgerEvent): Uint8Array {
  return utf8.encode(canonicalJson(event));
}

/** The leaf hash of the event, which the next event of its subject names as `prev`. */
export function eventHash(event: LedgerEvent): Uint8Array {
  return leafHash(eventBytes(event));
}

/** Reads an entry. `undefined` for bytes that are not the canonical text of an event. */
export function parseEntry(bytes: Uint8Array): LedgerEvent | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    return isLedgerEvent(value) && canonicalJson(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}
