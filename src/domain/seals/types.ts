/** An account whose reserved imprints are on file (B3). */
export interface Account {
  readonly id: string;
  readonly tenant: string;
  readonly number: string;
  readonly name: string;
  readonly contact: string;
  readonly createdAtMs: number;
}

/** What is needed to fetch, check and decrypt one encrypted object. */
export interface EncryptedObject {
  readonly objectKey: string;
  /** The data key as only the tenant's key chip can open it. */
  readonly wrappedKey: Uint8Array;
  /** SHA-256 of the stored bytes. */
  readonly digestHex: string;
  /** How many bytes are stored. */
  readonly bytes: number;
}

export const cardImageTypes = ['image/png', 'image/jpeg'] as const;
export type CardImageType = (typeof cardImageTypes)[number];

/** `suspended` verifies nothing for now, `closed` nothing ever again. */
export const sealStatuses = ['active', 'suspended', 'closed'] as const;
export type SealStatus = (typeof sealStatuses)[number];

/** A seal card: the paper on which the reserved imprints were made (B3). */
export interface Card {
  readonly id: string;
  readonly tenant: string;
  readonly accountId: string;
  readonly number: string;
  /** First day of validity, `YYYY-MM-DD`. */
  readonly startDate: string;
  /** Last day of validity, included. */
  readonly endDate: string;
  readonly image: (EncryptedObject & { readonly mediaType: CardImageType }) | undefined;
  readonly status: SealStatus;
  /** Each list names seals that together answer for the card, such as finance and legal person. */
  readonly combinations: readonly (readonly string[])[];
  /** Counts changes; 1 when it was filed. */
  readonly version: number;
  readonly createdAtMs: number;
}

export const sealShapes = ['round', 'oval', 'rectangle', 'square'] as const;
export type SealShape = (typeof sealShapes)[number];

/** One installed algorithm, by the code under which its templates are stored. */
export interface Vendor {
  readonly code: string;
  readonly name: string;
  readonly version: string;
}

/** What a template belongs to: a seal (reserved) or a verification (query). */
export interface TemplateOwner {
  readonly kind: 'seal' | 'verification';
  readonly id: string;
}

/** One vendor's encrypted template of one imprint. Compared only with templates of the same vendor. */
export interface StoredTemplate extends EncryptedObject {
  readonly id: string;
  readonly tenant: string;
  readonly owner: TemplateOwner;
  /** The seal's revision that it belongs to; 1 for a verification. */
  readonly revision: number;
  /** Which of the reserved imprints of a seal, from 1; 1 for a verification. */
  readonly specimen: number;
  readonly vendor: Vendor;
  readonly createdAtMs: number;
}

/** Something that a person should know about a picture, in a word that can be translated. */
export interface Reason {
  readonly code: string;
  readonly detail?: string;
}

/** What the pre-check says of the picture that an imprint came from. */
export interface Quality {
  readonly ok: boolean;
  /** 0 to 1. */
  readonly sharpness: number;
  /** 0 to 1. */
  readonly completeness: number;
  readonly reasons: readonly Reason[];
}

/**
 * A seal with its reserved templates, one from each vendor that was installed at enrolment.
 *
 * A rebuilt or changed seal gets the next revision. Earlier revisions and their templates stay.
 */
export interface Seal {
  readonly id: string;
  readonly tenant: string;
  readonly accountId: string;
  readonly cardId: string;
  readonly serial: string;
  readonly shape: SealShape;
  readonly remark: string;
  readonly status: SealStatus;
  readonly revision: number;
  /** The revision whose templates this one goes on with; its own when the imprint changed. */
  readonly imprintRevision: number;
  /** Why this revision was made; empty for the first. */
  readonly reason: string;
  /** The operation that made this revision, by which a retry knows its own work. */
  readonly revisionId: string;
  readonly quality: Quality;
  /** Those that are compared: retired ones are not among them. */
  readonly templates: readonly StoredTemplate[];
  /** When the seal was first enrolled. */
  readonly createdAtMs: number;
  /** When this revision was made. */
  readonly revisedAtMs: number;
}

/** An amount of minor units of an ISO 4217 currency. */
export interface Money {
  readonly currency: string;
  readonly amountMinor: number;
}

/** x' = a x + b y + tx, y' = c x + d y + ty: query pixels to reserved pixels, both at 300 dpi. */
export type Transform = readonly [
  a: number,
  b: number,
  c: number,
  d: number,
  tx: number,
  ty: number,
];

export interface VendorResult {
  readonly vendor: Vendor;
  /** 0 to 1. */
  readonly score: number;
  readonly threshold: number;
  readonly match: boolean;
  readonly transform: Transform;
  /** Which reserved template it was compared with. */
  readonly reservedTemplateId: string;
}

/** How many vendors had to agree, and which rule said so (B5). */
export interface PolicyChoice {
  readonly source: 'default' | 'branch' | 'level';
  readonly vendorCount: number;
  /** What the requester's branch alone would have asked. */
  readonly branch: { readonly isListed: boolean; readonly vendorCount: number };
  /** What the business level alone would have asked; absent when none reaches the amount. */
  readonly level:
    | { readonly currency: string; readonly fromMinor: number; readonly vendorCount: number }
    | undefined;
  /** Whether a review takes a second person. */
  readonly secondReviewer: boolean;
}

/** A draw of vendors as an auditor repeats it: `replayDraw` gives the same from the same bytes. */
export interface VendorDraw {
  readonly candidates: readonly string[];
  readonly bytesHex: string;
}

/** The policy that decided about one verification, and what was drawn under it. */
export interface AppliedPolicy extends PolicyChoice {
  /** The institution's policy version; 0 before it set one. */
  readonly version: number;
  readonly draw: VendorDraw;
}

export type Verdict = 'pass' | 'fail' | 'review';

/** One decided comparison of a query imprint with a reserved one. Never changed afterwards. */
export interface Verification {
  readonly id: string;
  readonly tenant: string;
  readonly sealId: string;
  readonly sealRevision: number;
  readonly money: Money;
  readonly branch: string;
  readonly policy: AppliedPolicy;
  readonly match: boolean;
  readonly verdict: Verdict;
  readonly nextStep: 'none' | 'review';
  readonly vendors: readonly VendorResult[];
  readonly reasons: readonly Reason[];
  readonly elapsedMs: number;
  readonly requestedBy: string;
  readonly createdAtMs: number;
  /** The query templates, one per vendor drawn, kept for the review. */
  readonly templates: readonly StoredTemplate[];
}
