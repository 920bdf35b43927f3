import type { Grant as ChipGrant, GrantTerms } from '../../core/grant-list.ts';
import type { MisbehaviourVerdict, Transcript } from '../../core/usage/judge.ts';
import type { Receipt } from '../../core/usage/receipt.ts';
import type { UsageApproval } from '../../core/usage/record.ts';
import type { ShareAttestation } from '../../core/usage/share-use.ts';
import type { SubjectName } from '../certificates/x509/build.ts';
import type { Activation, Protection, SignScheme } from '../chips/keys.ts';
import type { Row } from '../row-store.ts';
import type { OperationState } from './states.ts';
import type { Strikes } from './strikes.ts';

/**
 * A person's SM2 key in two shares, one on the terminal, one in the chips (C2).
 *
 * `pending` until both sides hold their share; `withdrawn` is final, its share is wiped.
 */
export interface PersonalKey extends Row {
  readonly state: 'pending' | 'active' | 'withdrawn';
  /** The actor that alone may use it. */
  readonly owner: string;
  /** The device it lives on, in the owner's words. */
  readonly label: string;
  /** 04 || x || y, 130 hex digits; empty while `pending`. */
  readonly publicKeyHex: string;
  /** Of the run of key generation. */
  readonly sessionId: string;
  /** What a chip signed about both public shares; of the epoch of now. */
  readonly attestation?: ShareAttestation;
  readonly certificateSerial?: string;
  readonly strikes: Strikes;
  /** The one signature that is being made, and until when it keeps others waiting. */
  readonly busy?: { readonly requestId: string; readonly untilMs: number };
  /** A refresh that was begun; its proof is signed before the old share goes. */
  readonly refresh?: { readonly sessionId: string; readonly fromEpoch: number };
  readonly createdAtMs: number;
  readonly withdrawnAtMs?: number;
}

/** An institution, and the people who together decide who may use its keys. */
export interface Institution extends Row {
  /** As its certificates have it. */
  readonly subject: SubjectName;
  readonly officers: readonly Officer[];
  readonly threshold: number;
  readonly registeredBy: string;
  readonly createdAtMs: number;
}

/** An institution's key in the chips, and who governs it. */
export interface InstitutionKey extends Row {
  readonly institutionId: string;
  readonly algorithm: 'sm2' | 'p256';
  readonly purpose: 'signature' | 'encryption';
  /** Of the chips; the row has the same id. */
  readonly publicKeyHex: string;
  /** What protects it in the chips; rows of before it was noted have none. */
  readonly protection?: Protection;
  /** Under which its certificate was asked for. */
  readonly applicationId: string;
  /** Personal keys of those who together decide who may use it. */
  readonly officers: readonly Officer[];
  readonly threshold: number;
  /** What the chips enforce now, and in which epoch of the key. */
  readonly chipGrants: readonly ChipGrant[];
  readonly chipEpoch: number;
  readonly createdAtMs: number;
  /** The key that this one follows. */
  readonly renews?: string;
  /** The newest renewal: under which application, and what the chips were told for its keys. */
  readonly renewal?: {
    readonly applicationId: string;
    readonly officers: readonly Officer[];
    readonly threshold: number;
    readonly list: readonly ChipGrant[];
  };
}

export interface Officer {
  readonly actor: string;
  readonly personalKeyId: string;
  readonly publicKeyHex: string;
}

export const grantedOperations = ['sign', 'decrypt'] as const;
export type GrantedOperation = (typeof grantedOperations)[number];

/**
 * A person's right to use an institution's key (C5).
 *
 * The chips enforce who and which operations; the service enforces the rest before it lets the
 * person activate the key. `proposed` until enough officers signed; `revoked` holds at once, also
 * while the chips' list still waits for the officers.
 */
export interface Grant extends Row {
  readonly state: 'proposed' | 'active' | 'revoked';
  readonly institutionKeyId: string;
  readonly actor: string;
  readonly personalKeyId: string;
  readonly publicKeyHex: string;
  readonly operations: readonly GrantedOperation[];
  readonly validFromMs: number;
  readonly validUntilMs: number;
  readonly usesMax: number;
  readonly used: number;
  /** Empty when the document may be of any type. */
  readonly documentTypes: readonly string[];
  /** Largest amount of one document; absent when it may name none. */
  readonly amountMax?: Amount;
  /** How many other persons must approve each use. */
  readonly approvalsNeeded: number;
  readonly grantedBy: string;
  readonly createdAtMs: number;
  readonly revokedBy?: string;
  /** The same right at the key that follows; it is taken back with this one. */
  readonly successor?: string;
}

export interface Amount {
  readonly currency: string;
  readonly minor: number;
}

/** A change of the chips' grant list or of its officers, and the officers' signatures over it. */
export interface GrantChange extends Row {
  readonly state: 'open' | 'done' | 'outdated';
  readonly institutionKeyId: string;
  /** Empty when the officers change. */
  readonly grantId: string;
  readonly action: 'give' | 'take' | 'officers';
  /** Who decides from then on. */
  readonly officers?: { readonly members: readonly Officer[]; readonly threshold: number };
  /** What the right allows that is given, as the officers sign it. */
  readonly terms?: GrantTerms;
  readonly termsHashHex?: string;
  readonly list: readonly ChipGrant[];
  readonly listHashHex: string;
  readonly chipEpoch: number;
  readonly approvals: readonly {
    readonly actor: string;
    readonly publicKeyHex: string;
    readonly signatureHex: string;
  }[];
  readonly createdAtMs: number;
}

/** What the key shall do, as it is asked for. */
export type NewRequest =
  | {
      readonly kind: 'sign';
      readonly scheme: Extract<SignScheme, 'sm2-sm3' | 'ecdsa-p256-sha256'>;
      /** What is signed, at most 1 MiB; larger documents are signed by their attributes. */
      readonly messageB64: string;
    }
  | {
      readonly kind: 'sign';
      /** e = SM3(Z || M) of GB/T 32918.2 §6.1, of who computes it elsewhere; 32 bytes. */
      readonly scheme: 'sm2-sm3';
      readonly digestB64: string;
    }
  | {
      readonly kind: 'decrypt';
      readonly scheme: 'sm2';
      readonly ciphertextB64: string;
    }
  | {
      /** Of envelopes only: the sender's point, uncompressed. */
      readonly kind: 'decrypt';
      readonly scheme: 'ecdh-p256';
      readonly ciphertextB64: string;
    };

/** What the key shall do, as it rests: a text that is signed does so encrypted, as a document. */
export type OperationRequest =
  | NewRequest
  | {
      readonly kind: 'sign';
      readonly scheme: Extract<SignScheme, 'sm2-sm3' | 'ecdsa-p256-sha256'>;
      readonly isKept: true;
    };

export const documentActions = ['cms', 'pdf', 'make_seal', 'seal', 'open'] as const;

/** What shall become of a document (C6). The chips sign or decrypt what it comes down to. */
export type DocumentWork =
  /** SignedData of GB/T 35275 or RFC 5652. */
  | {
      readonly action: 'cms';
      readonly detached: boolean;
      /** What is handed in is not the content but its digest; then it is detached. */
      readonly byDigest?: true;
    }
  /** PAdES-B-B. */
  | { readonly action: 'pdf'; readonly location?: string }
  /** An electronic seal of GB/T 38540, whose picture is the reserved imprint of `sealId`. */
  | {
      readonly action: 'make_seal';
      readonly sealId: string;
      readonly name: string;
      readonly validUntilMs: number;
    }
  /** A signature of GB/T 38540 with the electronic seal that the operation `sealOf` made. */
  | { readonly action: 'seal'; readonly sealOf: string }
  /** Decrypts an envelope. */
  | { readonly action: 'open' };

/** The document of an operation. Its bytes rest encrypted, in objects of their own. */
export interface OperationDocument {
  readonly work: DocumentWork;
  readonly name: string;
  readonly bytes: number;
  readonly sha256Hex: string;
  /** The certificate of the institution's key that the result carries. */
  readonly serial: string;
  readonly atMs: number;
  /** Why there is no result although the key moved: the envelope holds nothing readable. */
  readonly failure?: 'envelope_unreadable';
}

/** Where one document of an operation rests, and how it opens. */
export interface StoredDocument extends Row {
  readonly operationId: string;
  readonly part: DocumentPart;
  readonly objectKey: string;
  readonly wrappedKeyB64: string;
  readonly digestHex: string;
  readonly storedBytes: number;
}

/** `message`: what is signed, where that is business data; `result`: also what was decrypted. */
export type DocumentPart = 'input' | 'message' | 'result';

/** One use of an institution's key, from the question to the signed record (C4, C6, C7). */
export interface Operation extends Row {
  readonly state: OperationState;
  readonly institutionKeyId: string;
  readonly grantId: string;
  readonly actor: string;
  readonly personalKeyId: string;
  readonly request: OperationRequest;
  /** Absent when the request says all there is. */
  readonly document?: OperationDocument;
  readonly documentType: string;
  readonly amount?: Amount;
  readonly reason: string;
  /** A passed verification of a seal that the request leans on. */
  readonly sealVerificationId?: string;
  readonly approvals: readonly UsageApproval[];
  readonly approvalsNeeded: number;
  /** The decision that allowed it, as canonical JSON. */
  readonly decision: string;
  /** What the person signs before the key moves; made anew when it ran out unused. */
  readonly statement?: string;
  readonly activation?: Pick<Activation, 'statement'> & { readonly signatureHex: string };
  readonly result?: OperationResult;
  /** The record, once it was signed, and its place in the ledger. */
  readonly recordId?: string;
  readonly createdAtMs: number;
}

export interface OperationResult {
  /** The signature. What was decrypted rests as the operation's result, encrypted. */
  readonly valueB64?: string;
  readonly receipt: Receipt;
}

/** A report that the cloud answered wrongly, with all that is needed to judge it again. */
export interface Misbehaviour extends Row {
  readonly reportedBy: string;
  readonly personalKeyId: string;
  /** What the service itself found; whoever pins the keys of the chips judges again. */
  readonly verdict: MisbehaviourVerdict;
  readonly transcript: Transcript;
  readonly attestation?: ShareAttestation;
  readonly atMs: number;
}

/**
 * Where a terminal has no passkey, a PIN and a pepper that only the service knows encrypt its
 * share: a stolen share cannot be guessed at offline, and here there are ten tries.
 */
export interface Pin extends Row {
  readonly owner: string;
  /** SM3 of what the terminal derives from the PIN to prove that it knows it. */
  readonly verifierHashHex: string;
  /** The pepper, wrapped in the chips. */
  readonly wrappedPepper: string;
  readonly triesLeft: number;
}

/** What a SAD stands for. The SAD itself is stored nowhere; the row is named by its hash. */
export interface SignatureActivation extends Row {
  readonly actor: string;
  readonly institutionKeyId: string;
  readonly occurrences: readonly Occurrence[];
  readonly expiresAtMs: number;
  /** The operations that each call for signatures took. */
  readonly responses: readonly (readonly string[])[];
}

/** One hash that the person authorised; each is used once, also when two are equal. */
export interface Occurrence {
  /** `hash`: SM2's e itself; `document`: the digest of a document, for CMS. */
  readonly form: 'hash' | 'document';
  readonly digestB64: string;
  readonly operationId: string;
  readonly signatureHex: string;
  /** `reserved` while its key moves: whoever comes second finds nothing to use. */
  readonly state: 'authorized' | 'reserved' | 'consumed' | 'released';
}
