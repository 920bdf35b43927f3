// Made by wasm-build/generators/api-types.mjs; change that script, not this file.
export type Liveness = {
  status: "ok";
};

export type Readiness = {
  status: "ready" | "unavailable";
  checks: Record<string, "ok" | "failed">;
};

export type Problem = {
  /** A name, not an address. docs/errors.md explains it under the code. */
  type: string;
  title: string;
  status: number;
  code: "invalid_request" | "unauthenticated" | "forbidden" | "not_found" | "method_not_allowed" | "payload_too_large" | "body_too_slow" | "unsupported_media_type" | "rate_limited" | "service_busy" | "idempotency_key_reused" | "idempotency_in_progress" | "account_not_found" | "account_number_taken" | "card_not_found" | "card_number_taken" | "seal_not_found" | "seal_serial_taken" | "seal_card_inactive" | "seal_not_active" | "combination_incomplete" | "seal_imprints_full" | "card_changed" | "seal_changed" | "verification_not_found" | "vendor_not_found" | "job_not_found" | "job_state" | "queue_full" | "replacement_invalid" | "seal_change_not_found" | "policy_change_not_found" | "policy_changed" | "review_not_found" | "review_settled" | "review_taken" | "undo_too_late" | "own_work" | "work_contended" | "picture_unsupported" | "picture_too_large" | "picture_corrupt" | "imprint_not_found" | "template_unreadable" | "ledger_conflict" | "ledger_entry_not_found" | "ledger_proof_invalid" | "ledger_unavailable" | "ledger_untrusted" | "personal_key_not_found" | "personal_key_state" | "personal_keys_too_many" | "personal_key_locked" | "personal_key_busy" | "pin_wrong" | "pin_locked" | "order_not_found" | "order_state" | "order_expired" | "order_over_limit" | "second_person_needed" | "payee_changed" | "seal_verification_refused" | "biometric_not_offered" | "biometric_not_found" | "biometric_sample_unusable" | "biometric_demanded" | "biometrics_unavailable" | "webhook_not_found" | "webhook_address_refused" | "webhooks_too_many" | "certificate_not_active" | "session_refused" | "session_clock" | "session_not_found" | "session_message_refused" | "session_required" | "software_refused" | "software_not_found" | "terminal_keys_expired" | "terminal_not_found" | "institution_not_found" | "institution_key_not_found" | "grant_not_found" | "grant_change_not_found" | "grant_change_outdated" | "grants_too_many" | "operation_not_found" | "operation_state" | "operation_refused" | "signature_invalid" | "rows_contended" | "document_key_unfit" | "document_absent" | "electronic_seal_expired" | "document_malformed" | "envelope_not_addressed" | "envelope_unreadable" | "passkey_refused" | "passkey_not_found" | "passkeys_too_many" | "grant_refused" | "token_profile_off" | "token_not_found" | "identity_mismatch" | "business_system_not_found" | "business_system_state" | "business_key_refused" | "proof_nonce_required" | "business_token_refused" | "business_not_permitted" | "business_fact_absent" | "business_confirmation" | "business_bill_unknown" | "business_bill_paid" | "business_unavailable" | "issuer_key_not_found" | "issuer_key_state" | "audit_unavailable" | "key_not_found" | "key_not_active" | "key_id_taken" | "key_request_reused" | "key_use_refused" | "key_limit_reached" | "activation_refused" | "decryption_failed" | "protocol_failed" | "share_session_lost" | "share_epoch_unknown" | "chip_not_found" | "chip_exists" | "chip_active" | "chip_not_empty" | "chip_holds_keys" | "chips_too_few" | "share_unreadable" | "shares_too_few" | "backup_key_missing" | "backup_not_found" | "backup_incomplete" | "backup_unchecked" | "backup_invalid" | "backup_outdated" | "restore_not_found" | "chips_busy" | "protection_unavailable" | "chips_unavailable" | "storage_unavailable" | "application_not_found" | "application_state" | "application_changed" | "same_person" | "identity_check_absent" | "decision_unusable" | "override_refused" | "officers_required" | "key_renewed" | "key_in_use" | "requested_end_passed" | "certificate_not_found" | "certificate_state" | "certificate_changed" | "authority_not_found" | "authority_in_use" | "authority_changed" | "revocation_list_full" | "authority_revoked" | "certificate_lint_failed" | "thaw_refused" | "training_run_over" | "federation_consent_invalid" | "federation_request_used" | "federation_request_not_found" | "federation_refused" | "federation_unavailable" | "federation_inconsistent" | "internal";
  /** To quote. */
  requestId: string;
  detail?: string;
  errors?: Array<{
    /** RFC 6901, into an object with the members path, query, header and body. */
    pointer: string;
    code: string;
  }>;
};

export type Notice = {
  notice: {
    zh: string;
    en: string;
  } | null;
};

export type Account = {
  id: string;
  number: string;
  name: string;
  contact: string;
  /** RFC 3339, UTC. */
  createdAt: string;
};

export type NewAccount = {
  number: string;
  name: string;
  contact: string;
};

export type AccountPage = {
  items: Array<Account>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
};

export type AccountDetail = Account & {
  cards: Array<Card>;
  seals: Array<Seal>;
};

export type Card = {
  id: string;
  accountId: string;
  number: string;
  startDate: string;
  endDate: string;
  hasImage: boolean;
  status: "active" | "suspended" | "closed";
  /** Each list names seals of the card that together answer for it. */
  combinations: Array<Array<string>>;
  /** Counts changes; starts at 1. */
  version: number;
  /** RFC 3339, UTC. */
  createdAt: string;
};

export type Seal = {
  id: string;
  cardId: string;
  accountId: string;
  serial: string;
  shape: "round" | "oval" | "rectangle" | "square";
  remark: string;
  status: "active" | "suspended" | "closed";
  /** Why this revision was made. */
  reason: string;
  /** Counts rebuilds; starts at 1. */
  revision: number;
  templates: Array<{
    vendor: string;
    /** Which reserved imprint. */
    specimen: number;
    vendorName: string;
    vendorVersion: string;
    /** Encrypted size. */
    bytes: number;
    /** RFC 3339, UTC. */
    createdAt: string;
  }>;
  quality: Quality;
  /** RFC 3339, UTC. */
  createdAt: string;
  /** RFC 3339, UTC. */
  revisedAt: string;
};

export type Quality = {
  ok: boolean;
  /** 0 to 1. */
  sharpness: number;
  /** 0 to 1. */
  completeness: number;
  reasons: Array<Reason>;
};

export type Reason = {
  code: string;
  detail?: string;
};

export type NewCard = {
  accountId: string;
  number: string;
  startDate: string;
  /** The last day of validity. */
  endDate: string;
  /** PNG or JPEG, at most 8 MiB, 4096 pixels a side and 9 megapixels. */
  image?: Blob;
};

export type SealChange = {
  id: string;
  state: "proposed" | "approved" | "rejected";
  action: "seal.enrol" | "seal.rebuild" | "seal.add-imprint" | "seal.status";
  seal: Seal;
  proposedBy: string;
  /** RFC 3339, UTC. */
  proposedAt: string;
  decidedBy: string | null;
  /** RFC 3339, UTC. */
  decidedAt: string | null;
  decisionReason: string | null;
};

export type NewSeal = {
  cardId: string;
  serial: string;
  shape: "round" | "oval" | "rectangle" | "square";
  remark?: string;
  /** Scan resolution, where the file does not say it or says it wrong. */
  dpi?: number;
  /** PNG or JPEG, at most 8 MiB, 4096 pixels a side and 4 megapixels; cropped to the imprint, or nearly. */
  imprint: Blob;
};

export type RebuiltSeal = {
  /** The revision that the caller saw and wants to replace. */
  revision: number;
  shape?: "round" | "oval" | "rectangle" | "square";
  remark?: string;
  /** Scan resolution, where the file does not say it or says it wrong. */
  dpi?: number;
  /** PNG or JPEG, at most 8 MiB, 4096 pixels a side and 4 megapixels; cropped to the imprint, or nearly. */
  imprint: Blob;
};

export type SealPage = {
  items: Array<Seal>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
};

export type SealRevisions = {
  /** Newest first. */
  items: Array<Seal>;
};

export type Vendors = {
  vendors: Array<InstalledVendor>;
};

export type InstalledVendor = Vendor & {
  /** `leaving` while its templates are replaced, `retired` when they are. */
  state: "active" | "leaving" | "retired";
};

export type Vendor = {
  code: string;
  name: string;
  version: string;
};

export type Verification = {
  id: string;
  sealId: string;
  sealRevision: number;
  verdict: "pass" | "fail" | "review";
  /** Whether every vendor that was drawn agreed. */
  match: boolean;
  /** ISO 4217. */
  currency: string;
  amountMinor: number;
  branch: string;
  policy: {
    source: "default" | "branch" | "level";
    /** How many vendors had to agree. */
    vendorCount: number;
    branch: {
      isListed: boolean;
      vendorCount: number;
    };
    /** Null when no business level reaches the amount. */
    level: {
      /** ISO 4217. */
      currency: string;
      fromMinor: number;
      vendorCount: number;
    } | null;
    secondReviewer: boolean;
    /** Counts the policies that were in force; 0 before the institution set one. */
    version: number;
    /** The vendors that could be drawn, and the random bytes that decided which were: each draw takes the byte modulo the number left, skipping bytes that would favour some. */
    draw: {
      candidates: Array<string>;
      bytesHex: string;
    };
  };
  vendors: Array<Vendor & {
    /** 0 to 1. */
    score: number;
    threshold: number;
    match: boolean;
    transform: Transform;
  }>;
  reasons: Array<Reason>;
  elapsedMs: number;
  nextStep: "none" | "review";
  requestedBy: string;
  /** RFC 3339, UTC. */
  createdAt: string;
};

/** a, b, c, d, tx, ty: maps query pixels to reserved pixels at 300 dpi, x' = a x + b y + tx and y' = c x + d y + ty. */
export type Transform = [number, number, number, number, number, number];

export type NewVerification = {
  sealId: string;
  /** ISO 4217. */
  currency: string;
  /** Minor units of the currency. */
  amountMinor: number;
  /** Default: the caller's branch. */
  branch?: string;
  /** Scan resolution, where the file does not say it or says it wrong. */
  dpi?: number;
  /** PNG or JPEG, at most 8 MiB, 4096 pixels a side and 4 megapixels; cropped to the imprint, or nearly. */
  imprint: Blob;
};

export type CardVerification = {
  cardId: string;
  /** The seals that together answer for the card; all of them were on the paper. */
  combination: Array<string>;
  /** `pass` when every imprint passes, `fail` when any fails. */
  verdict: "pass" | "fail" | "review";
  verifications: Array<Verification>;
};

export type NewCardVerification = {
  /** The seals whose imprints are on the paper, at most 8. */
  sealIds: Array<string>;
  /** A picture of each of them, in the same order. */
  imprints: Array<Blob>;
  /** ISO 4217. */
  currency: string;
  /** Minor units of the currency. */
  amountMinor: number;
  /** Default: the caller's branch. */
  branch?: string;
  /** Scan resolution, where the file does not say it or says it wrong. */
  dpi?: number;
};

export type VerificationPage = {
  items: Array<Verification>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
};

export type PicturePair = {
  vendor: string;
  dpi: number;
  reserved: {
    /** Where the PNG is, relative to the service. */
    href: string;
    widthPx: number;
    heightPx: number;
  };
  query: {
    /** Where the PNG is, relative to the service. */
    href: string;
    widthPx: number;
    heightPx: number;
  };
  transform: Transform;
  /** Where the vendor saw a difference: centre and half side in pixels of the reserved picture, and a score from 0 (suspicious) to 1 (as expected). */
  tiles: Array<{
    x: number;
    y: number;
    half: number;
    score: number;
  }>;
};

export type SealPolicyInForce = {
  /** Counts the policies that were in force; 0 before the institution set one. */
  version: number;
  policy: SealPolicy;
};

export type SealPolicy = {
  /** For a branch that is not listed, which gets no less than any listed one. */
  defaultCount: number | "all";
  branches: Record<string, number | "all">;
  levels: Array<{
    /** ISO 4217. */
    currency: string;
    /** From this amount on, in minor units of the currency. */
    fromMinor: number;
    /** How many vendors must agree; `all` that are installed. */
    vendorCount: number | "all";
    /** A review of such an amount takes a second person. */
    secondReviewer?: boolean;
  }>;
  /** Enrolments and changes of seals take effect when a second person approved them. */
  approveChanges?: boolean;
};

export type SealPolicyChange = {
  id: string;
  state: "proposed" | "approved" | "rejected";
  policy: SealPolicy;
  /** Counts the policies that were in force; 0 before the institution set one. */
  baseVersion: number;
  reason: string;
  proposedBy: string;
  /** RFC 3339, UTC. */
  proposedAt: string;
  decidedBy?: string;
  /** RFC 3339, UTC. */
  decidedAt?: string;
  decisionReason?: string;
};

export type NewSealPolicy = {
  /** Counts the policies that were in force; 0 before the institution set one. */
  baseVersion: number;
  policy: SealPolicy;
  reason: string;
};

export type SealPolicyChangePage = {
  items: Array<SealPolicyChange>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
};

export type Approval = {
  decision: "approve" | "reject";
  reason: string;
};

export type SealPolicyPreview = {
  source: "default" | "branch" | "level";
  /** How many vendors had to agree. */
  vendorCount: number;
  branch: {
    isListed: boolean;
    vendorCount: number;
  };
  /** Null when no business level reaches the amount. */
  level: {
    /** ISO 4217. */
    currency: string;
    fromMinor: number;
    vendorCount: number;
  } | null;
  secondReviewer: boolean;
  /** Counts the policies that were in force; 0 before the institution set one. */
  version: number;
  /** Vendors that could be drawn. */
  installed: Array<string>;
  /** Fewer are installed than the policy wants: such a request goes to a person. */
  tooFew: boolean;
};

export type SealPolicyQuestion = {
  branch: string;
  /** ISO 4217. */
  currency: string;
  amountMinor: number;
  draft?: SealPolicy;
};

export type ReviewPage = {
  items: Array<Review>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
  /** How many wait in all. */
  open: number;
};

export type Review = {
  verificationId: string;
  sealId: string;
  /** The vendors' verdict. */
  verdict: "pass" | "fail" | "review";
  /** ISO 4217. */
  currency: string;
  amountMinor: number;
  branch: string;
  requestedBy: string;
  /** RFC 3339, UTC. */
  queuedAt: string;
  /** A "yes" takes two people. */
  needsSecond: boolean;
  /** `undoable`: decided, and can be taken back for a few seconds. */
  step: "waiting" | "claimed" | "undoable";
  /** Who has it before them. */
  holder: string | null;
  /** RFC 3339, UTC. */
  leaseEndsAt: string | null;
  /** Whose decisions are final. */
  reviewers: Array<string>;
  /** What people decided; null while it is open. */
  outcome: "pass" | "fail" | null;
  /** RFC 3339, UTC. */
  settledAt: string | null;
};

export type ClaimedReview = {
  review?: Review;
};

export type Decision = {
  id: string;
  state: "pending" | "withdrawn" | "final";
  decision: "pass" | "fail";
  reason: "strokes_agree" | "ink_or_pressure" | "covered_by_print" | "strokes_differ" | "other_seal" | "suspected_copy" | "unclear_imprint" | "other";
  note: string;
  reviewer: string;
  /** RFC 3339, UTC. */
  decidedAt: string;
  /** Until then it can be taken back. */
  finalAt: string;
  /** What was signed, byte for byte; null until it is final. */
  statement: string | null;
  signature: {
    keyId: string;
    scheme: "sm2-sm3";
    /** SubjectPublicKeyInfo, DER. */
    publicKeyHex: string;
    /** DER. */
    valueHex: string;
  } | null;
  /** Where the SHA-256 of the statement stands in the ledger. */
  ledger: {
    index: number;
    leafHash: string;
  } | null;
};

/** The reason `other` takes a note. */
export type NewDecision = {
  decision: "pass" | "fail";
  reason: "strokes_agree" | "ink_or_pressure" | "covered_by_print" | "strokes_differ" | "other_seal" | "suspected_copy" | "unclear_imprint" | "other";
  note?: string;
};

export type VerificationTemplates = {
  vendors: Array<{
    code: string;
    version: string;
    /** The vendor’s template, base64. */
    reserved: string;
    /** The vendor’s template, base64. */
    query: string;
  }>;
};

export type ReviewDetail = {
  review: Review;
  decisions: Array<Decision>;
};

export type CertificateApplication = {
  id: string;
  kind: "person" | "institution" | "terminal" | "service";
  algorithm: "sm2" | "p256";
  subject: SubjectName;
  dnsNames: Array<string>;
  requested: RequestedSettings;
  /** The end that was asked for. */
  notAfter?: string;
  state: "submitted" | "identified" | "approved" | "issued" | "rejected" | "withdrawn";
  identity?: {
    method: "officer" | "federated";
    passed: boolean;
    reference: string;
    by: string;
    /** RFC 3339, UTC. */
    at: string;
  };
  decision?: {
    settings: CertificateSettings;
    reasons: Array<"identity_failed" | "sanction_hit" | "consent_expired" | "mandatory_part_missing" | "part_missing" | "tier_kept" | "permission_not_in_tier" | "permission_capped_by_enterprise" | "permission_capped_by_account" | "role_lowered" | "limit_capped_by_tier" | "limit_capped_by_enterprise" | "limit_capped_by_account" | "currency_without_rate" | "dual_control_always" | "manual_review">;
  };
  /** Of the federated decision that the application carries. */
  decidedTier?: number;
  /** By the score or, without one, by the rule: the tier, and the best one that two persons may give instead. */
  tierRange: {
    tier: number;
    bestTier: number;
  };
  /** It counts once it has a checker. */
  override?: {
    fromTier: number;
    tier: number;
    reason: string;
    maker: string;
    checker?: string;
    /** RFC 3339, UTC. */
    proposedAt: string;
  };
  decidedBy?: string;
  reason?: string;
  renews?: string;
  applicant: string;
  /** SHA-256 of each SubjectPublicKeyInfo, hex. */
  keys: Array<string>;
  /** Serials, once they exist. */
  certificates: Array<string>;
  /** RFC 3339, UTC. */
  createdAt: string;
  /** RFC 3339, UTC. */
  changedAt: string;
};

export type SubjectName = {
  commonName: string;
  organization?: string;
  organizationalUnit?: string;
  country?: string;
};

export type RequestedSettings = {
  role: "viewer" | "maker" | "checker" | "authoriser";
  permissions: Array<"view" | "make" | "check" | "payroll" | "fx" | "authorise">;
  limits: Array<ChannelLimit>;
  /** Whole minor units, as decimal text. */
  dualControlAbove?: string;
};

export type ChannelLimit = {
  channel: "counter" | "online" | "mobile" | "direct";
  /** ISO 4217. */
  currency: string;
  /** Whole minor units, as decimal text. */
  single: string;
  /** Whole minor units, as decimal text. */
  daily: string;
  /** Uses a day. */
  count: number;
};

export type CertificateSettings = {
  tier: number;
  role: "viewer" | "maker" | "checker" | "authoriser";
  permissions: Array<"view" | "make" | "check" | "payroll" | "fx" | "authorise">;
  limits: Array<ChannelLimit>;
  /** Whole minor units, as decimal text. */
  dualControlAbove: string;
  approvers: {
    min: number;
    ordered: boolean;
  };
  /** RFC 3339, UTC. */
  validFrom: string;
  /** RFC 3339, UTC. */
  validTo: string;
  policyHash: string;
  modelHash?: string;
  decisionId: string;
  /** Two persons gave another tier than the score. */
  override?: {
    fromTier: number;
    reason: string;
    maker: string;
    checker: string;
    statementSha256: string;
  };
};

export type NewCertificateApplication = {
  kind: "person" | "institution" | "terminal" | "service";
  algorithm?: "sm2" | "p256";
  subject: SubjectName;
  dnsNames?: Array<string>;
  /** PKCS#10 in PEM, signed by the key that the certificate is for. */
  request?: string;
  requested: RequestedSettings;
  /** When the certificate is to end, for one that is short-lived: in the future, and no later than its kind is in force (a person 365 days, an institution 1,095, a terminal or service 90), which is also the end without this. */
  notAfter?: string;
  /** A federated decision that the applicant opened: the signed statement as JSON, its signature, and the key that shows the name. The statement names the key of `request`. */
  scored?: {
    statement: string;
    signature: string;
    nameKey: string;
  };
};

export type CertificateApplicationPage = {
  items: Array<CertificateApplication>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
};

/** What the officer found; or whom to ask instead. */
export type IdentityFinding = {
  passed: boolean;
  reference: string;
} | {
  method: "federated";
};

export type TierOverride = {
  tier: number;
  reason: string;
};

export type TierOverrideDecision = {
  decision: "confirm" | "refuse";
  /** Of the proposal that was read. */
  proposedAt: string;
};

export type CertificateRejection = {
  reason: string;
};

export type CertificatePage = {
  items: Array<Certificate>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
};

export type Certificate = {
  serial: string;
  kind: "person" | "institution" | "terminal" | "service";
  purpose: "signature" | "encryption";
  algorithm: "sm2" | "p256";
  subject: SubjectName;
  state: "prepared" | "frozen" | "active" | "suspended" | "revoked";
  delivery: "none" | "thawed" | "set" | "delivered";
  reason?: "keyCompromise" | "cACompromise" | "affiliationChanged" | "superseded" | "cessationOfOperation" | "certificateHold" | "removeFromCRL" | "privilegeWithdrawn";
  /** A move that is not finished yet. */
  pending?: string;
  /** RFC 3339, UTC. */
  notBefore: string;
  /** RFC 3339, UTC. */
  notAfter: string;
  applicationId: string;
  holder: string;
  /** Of a key in the chips. */
  keyId?: string;
  ledgerSubject: string;
  ledgerIndex?: number;
  sha256?: string;
  sm3?: string;
  /** PEM. */
  certificate?: string;
  settings?: CertificateSettings;
  /** RFC 3339, UTC. */
  changedAt: string;
  /** RFC 3339, UTC. */
  createdAt: string;
};

export type CertificateVerification = {
  ok: boolean;
  code?: string;
  /** RFC 3339, UTC. */
  at: string;
  steps: Array<{
    step: "checkpoint" | "inclusion" | "consistency" | "signature" | "hash" | "newest";
    ok: boolean;
    code?: string;
    facts: Record<string, string>;
  }>;
  /** All that was looked at, to be verified elsewhere. */
  evidence: {
    /** PEM. */
    certificate: string;
    entry: {
      index: number;
      /** The exact bytes, base64url. */
      entry: string;
      /** Hashes in hex, from the leaf up. */
      proof: Array<string>;
    };
    checkpoint: string;
    known?: {
      checkpoint: string;
      proof: Array<string>;
    };
    status: string;
    /** Permitted issuers, PEM. */
    issuers: Array<string>;
  };
};

export type CertificateRevocation = {
  reason: "keyCompromise" | "affiliationChanged" | "superseded" | "cessationOfOperation" | "privilegeWithdrawn";
};

export type CertificateRenewal = {
  /** PKCS#10 in PEM, signed by the key that the certificate is for. */
  request?: string;
};

export type CertificateBundle = {
  format: "cinnabar-certificate-bundle/1";
  serial: string;
  /** PEM. */
  certificate: string;
  /** PEM: the issuer, then the root. */
  chain: Array<string>;
  settings: {
    /** Canonical JSON; its UTF-8 was signed. */
    payload: string;
    signatures: Array<{
      scheme: "sm2-sm3" | "ecdsa-p256-sha256";
      spkiSha256: string;
      value: string;
    }>;
  };
  ledger: {
    checkpoint: string;
    entries: Array<{
      index: number;
      /** The exact bytes, base64url. */
      entry: string;
      /** Hashes in hex, from the leaf up. */
      proof: Array<string>;
    }>;
  };
};

export type IssuingAuthorities = {
  items: Array<IssuingAuthority>;
};

export type IssuingAuthority = {
  algorithm: "sm2" | "p256";
  generation: number;
  /** A retired one signs lists and answers until its last certificate ends. */
  state: "issuing" | "retired" | "revoked";
  serial: string;
  /** RFC 3339, UTC. */
  notBefore: string;
  /** RFC 3339, UTC. */
  notAfter: string;
  /** Under it, that have not ended and are not revoked. */
  certificates: number;
  /** Certificates revoked with it that the ledger does not name yet. */
  revocationsLeft: number;
  revocation?: {
    reason: "cACompromise" | "superseded" | "cessationOfOperation";
    proposedBy: string;
    /** RFC 3339, UTC. */
    proposedAt: string;
    by?: string;
    /** RFC 3339, UTC. */
    at?: string;
  };
  /** PEM. */
  certificate: string;
};

export type NewIssuingAuthority = {
  algorithm: "sm2" | "p256";
  generation: number;
};

export type AuthorityRevocation = {
  reason: "cACompromise" | "superseded" | "cessationOfOperation";
};

export type AddedImprint = {
  revision: number;
  /** Scan resolution, where the file does not say it or says it wrong. */
  dpi?: number;
  /** PNG or JPEG, at most 8 MiB, 4096 pixels a side and 4 megapixels; cropped to the imprint, or nearly. */
  imprint: Blob;
};

export type SealStatusChange = {
  revision: number;
  status: "active" | "suspended" | "closed";
  reason: string;
};

export type CardChange = {
  /** The one that the caller saw. */
  version: number;
  startDate?: string;
  endDate?: string;
  status?: "active" | "suspended" | "closed";
  /** Each list names seals of the card that together answer for it, such as finance and legal person. */
  combinations?: Array<Array<string>>;
  reason: string;
};

export type SealChangePage = {
  items: Array<SealChange>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
};

export type Job = {
  id: string;
  type: "verification-batch" | "vendor-replacement";
  /** `attention`: everything was tried, and some pieces need a person. */
  state: "running" | "paused" | "done" | "attention" | "cancelled";
  title: string;
  requestedBy: string;
  /** RFC 3339, UTC. */
  createdAt: string;
  /** RFC 3339, UTC. */
  finishedAt: string | null;
  total: number;
  done: number;
  failed: number;
  replacement?: {
    from: string;
    to: string;
    deleteOld: boolean;
    dryRun: boolean;
    phase: "replace" | "sweep" | "finished";
    /** New templates that hold the very same picture and match themselves. */
    replaced: number;
    /** Where the new vendor had its template already. */
    already: number;
    failures: Array<{
      templateId: string;
      sealId: string;
      code: string;
    }>;
    /** In a dry run: how the new vendor answers for the latest kept queries, against what was decided. */
    replayed?: {
      same: number;
      refused: number;
      accepted: number;
    };
    removed: number;
    /** Replaced templates that stay as evidence. */
    kept: number;
  };
};

export type NewBatch = {
  title?: string;
  /** CSV (RFC 4180) with the columns `picture` (a file's name), `seal` (id or serial), `currency`, `amountMinor`, and optionally `branch`, `reference`, `dpi`; at most 100 rows. */
  manifest: string;
  pictures: Array<Blob>;
};

export type NewReplacement = {
  /** The vendor that takes over. */
  to: string;
  /** Remove replaced templates that no verification was compared with. */
  deleteOld?: boolean;
  /** Restore, enrol and prove everything, ask the new vendor about kept queries, and change nothing. */
  dryRun?: boolean;
};

export type JobPage = {
  items: Array<Job>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
};

/** `replay` tries again what was put aside. */
export type JobControl = {
  action: "pause" | "resume" | "cancel" | "replay";
};

export type VoucherPage = {
  items: Array<Voucher>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
};

export type Voucher = {
  id: string;
  /** The row of the manifest, from 1. */
  position: number;
  reference: string;
  sealId: string;
  /** ISO 4217. */
  currency: string;
  amountMinor: number;
  branch: string;
  /** `dead`: put aside for a person. */
  state: "waiting" | "leased" | "done" | "dead";
  attempts: number;
  verdict: "pass" | "fail" | "review" | null;
  verificationId: string | null;
  errorCode: string | null;
  error: string | null;
};

export type ChipCluster = {
  /** Rises when keys may have to move. */
  placementEpoch: number;
  /** Keys of all tenants in the cluster. */
  keys: number;
  /** Protection that a key of the shared pool can demand now. */
  offers: Array<"software" | "hsm-wrapped" | "hsm">;
  /** Public key of the cluster root: Ed25519, hex. */
  rootKey: string;
  /** Key that chip hosts answer to: X25519, hex. */
  linkKey: string;
  /** Whether a chip may be stopped: in demo mode. */
  mayHalt: boolean;
  chips: Array<Chip>;
  /** The last hundred, newest first. */
  events: Array<{
    /** RFC 3339, UTC. */
    at: string;
    chip: string;
    what: string;
  }>;
};

export type Chip = {
  chip: string;
  zone: string;
  /** Whose keys it takes. */
  pool: string;
  /** What protects the keys in it. */
  protection: "software" | "hsm-wrapped" | "hsm";
  /** The program that runs it: a version of the Worker, or SHA-256 of a host’s files. */
  build: string;
  health: "healthy" | "slow" | "suspect" | "out";
  duty: "active" | "draining" | "drained" | "quarantined" | "empty";
  /** Why it is quarantined; empty otherwise. */
  reason: string;
  keys: number;
  /** Keys that are not safe without it yet, when it leaves. */
  keysToMove: number;
  /** Tasks that waited at the last heartbeat. */
  queue: number;
  /** Entries of its log. */
  operations: number;
  bootCount: number;
  /** Head of its hash-chained log. */
  logHash: string;
  /** RFC 3339, UTC. */
  seenAt: string;
  /** What the last heartbeats took, oldest first. */
  latenciesMs: Array<number>;
  /** Entries of its log at the last heartbeats, oldest first. */
  loads: Array<number>;
};

export type ChipLog = {
  items: Array<AuditRecord>;
};

export type AuditRecord = {
  index: number;
  tenant: string;
  /** RFC 3339, UTC. */
  at: string;
  action: string;
  actor: string;
  subject: string;
  outcome: "intended" | "done" | "refused" | "failed";
  requestId: string;
  detail: Record<string, string | number | boolean>;
  hash: string;
  previousHash: string;
};

export type ChipLogAnchors = {
  items: Array<AuditAnchor>;
};

export type AuditAnchor = {
  subject: string;
  /** Of the entry in the ledger. */
  index: number;
  /** 32 bytes in hex. */
  leafHash: string;
  /** Of the newest audit record that it fixes. */
  position: number;
  /** 32 bytes in hex. */
  headSha256: string;
};

export type ChipHalt = {
  chip: string;
  seconds: number;
};

export type ChipBackups = {
  items: Array<ChipBackup>;
};

export type ChipBackup = {
  number: number;
  /** SM3 of the canonical manifest. */
  hash: string;
  rootKey: string;
  keys: number;
  tombstones: number;
  missed: number;
  /** RFC 3339, UTC. */
  madeAt: string;
  confirmedBy: string;
};

export type OpenBackup = {
  number: number;
  id: string;
  keys: number;
};

export type BackupPage = {
  entries: Array<BackupEntry>;
  /** Keys that no chip could hand over now. */
  missed: Array<{
    tenant: string;
    keyId: string;
  }>;
  isLast: boolean;
};

export type BackupEntry = {
  kind: "key";
  backup: {
    number: number;
    id: string;
  };
  key: {
    tenant: string;
    keyId: string;
    algorithm: "sm2" | "p256" | "ed25519" | "rsa3072" | "rsa3072-recovery" | "sm2-share" | "wrapping";
    uses: Array<"sign" | "decrypt">;
    policy: {
      grantsHashHex?: string;
      officers?: {
        publicKeysHex: Array<string>;
        threshold: number;
      };
      usesMax?: number;
      protection?: "software" | "hsm-wrapped" | "hsm";
    };
  };
  facts: {
    owner: string | null;
    state: "active" | "frozen";
    epoch: number;
    shareEpochs: Array<number>;
    createdAtMs: number;
    ticket: number;
    counts: Record<string, number>;
  };
  publicKeyHex: string;
  proof?: {
    challengeHex: string;
    answerHex: string;
  };
  chip: ChipCertificate;
  /** The key for the officers: a sealed box of libsodium (X25519), base64. */
  sealed: string;
  signatureHex: string;
} | {
  kind: "tombstone";
  backupId: string;
  tenant: string;
  keyId: string;
  epoch: number;
  signatureHex: string;
};

/** What the cluster root says about a chip. */
export type ChipCertificate = {
  chip: string;
  zone: string;
  protection: "software" | "hsm-wrapped" | "hsm";
  publicKeyHex: string;
  storageEpoch: string;
  signatureHex: string;
};

/** The end of a backup, signed by a chip. */
export type BackupManifest = {
  format: "cinnabar backup 1";
  backup: {
    number: number;
    id: string;
  };
  rootKeyHex: string;
  backupKeyHex: string;
  startedAtMs: number;
  madeAtMs: number;
  keys: number;
  tombstones: number;
  missed: number;
  chainHex: string;
  chip: ChipCertificate;
  signatureHex: string;
};

export type ChipRestore = {
  id: string;
  offer: {
    chip: ChipCertificate;
    id: string;
    ephemeralHex: string;
    manifestHashHex: string;
    notAfterMs: number;
    signatureHex: string;
  };
  manifest: BackupManifest;
  /** Who began it: that person hands in no share. */
  by: string;
  /** Officers whose shares the chip has. */
  given: Array<number>;
  /** How many it takes, once one came. */
  threshold: number | null;
  /** Whether the chip can open the backup. */
  isOpen: boolean;
  /** Entries that were compared with the manifest. */
  checked: number;
  /** All were, and the backup is what a chip signed. */
  isWhole: boolean;
  /** Entries that went through. */
  done: number;
};

export type ChipRestoreCheck = {
  /** Entries that were compared with the manifest. */
  checked: number;
  /** All were, and the backup is what a chip signed. */
  isWhole: boolean;
  /** Entries that went through. */
  done: number;
};

/** What became of each entry, in their order. */
export type RestoredKeys = {
  outcomes: Array<"restored" | "held" | "revoked" | "outdated" | "conflict" | "elsewhere">;
};

export type StartedPersonalKey = {
  key: PersonalKey;
  /** Base64url without padding. */
  message: string;
};

export type PersonalKey = {
  id: string;
  state: "pending" | "active" | "withdrawn";
  label: string;
  /** 04 || x || y in hex; empty while the key is being made. */
  publicKeyHex: string;
  certificateSerial: string | null;
  /** RFC 3339, UTC. */
  lockedUntil: string | null;
  failedAttempts: number;
  refreshing: boolean;
  attestation: ShareAttestation;
  /** RFC 3339, UTC. */
  createdAt: string;
};

/** The public shares of a key, signed by a chip: whoever keeps it can judge answers. */
export type ShareAttestation = {
  points: {
    epoch: number;
    terminalHex: string;
    chipsHex: string;
    jointHex: string;
  };
  /** Signed by the chip that answered; it covers the reply. */
  receipt: Record<string, unknown>;
} | null;

export type NewPersonalKey = {
  id: string;
  label: string;
  sessionId: string;
  /** Base64url without padding. */
  commitment: string;
};

export type PersonalKeyPage = {
  items: Array<PersonalKey>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
};

export type PersonalKeyName = {
  label: string;
};

export type CoSigned = {
  /** Base64url without padding. */
  reply: string;
  /** Signed by the chip that answered; it covers the reply. */
  receipt: Record<string, unknown>;
};

export type CoSignature = {
  /** Names this signature; the chips answer it once. */
  requestId: string;
  epoch: number;
  /** Base64url without padding. */
  message: string;
  purpose: "certificate_request" | "refresh_proof" | "grant_change" | "approval" | "statement" | "outcome" | "terminal_keys" | "biometric_consent";
  /** The grant change or the operation; absent for the other purposes. */
  subjectId?: string;
  /** Of a certificate request its CertificationRequestInfo, DER; of terminal keys and of a biometric consent their text. */
  request?: string;
};

export type Misbehaviour = {
  id: string;
  reportedBy: string;
  personalKeyId: string;
  /** `proved`: a chip signed this answer to exactly this question, and it is wrong. `not_receipted`: what arrived is not what a chip sent. `cinnabar audit judge` judges again, with pinned chips. */
  verdict: "proved" | "answer_right" | "not_receipted" | "not_attested" | "nonces_differ" | "chip_untrusted" | "malformed";
  transcript: Transcript;
  attestation: ShareAttestation;
  /** RFC 3339, UTC. */
  at: string;
};

export type Transcript = {
  requestId: string;
  /** Base64url without padding. */
  digest: string;
  /** Base64url without padding. */
  context: string;
  /** Base64url without padding. */
  message: string;
  /** Base64url without padding. */
  reply: string;
  /** The terminal’s u and v of this one run, with which anybody repeats its check. */
  nonces?: string;
  /** Signed by the chip that answered; it covers the reply. */
  receipt?: Record<string, unknown>;
};

export type MisbehaviourPage = {
  items: Array<Misbehaviour>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
};

export type Institution = {
  id: string;
  subject: SubjectName;
  officers: Array<{
    actor: string;
    personalKeyId: string;
    /** 04 || x || y in hex; empty while the key is being made. */
    publicKeyHex: string;
  }>;
  threshold: number;
  /** RFC 3339, UTC. */
  createdAt: string;
};

export type NewInstitution = {
  subject: {
    commonName: string;
    organization: string;
    organizationalUnit?: string;
    country?: string;
  };
  officerKeyIds: Array<string>;
  threshold: number;
};

export type InstitutionPage = {
  items: Array<Institution>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
};

export type KeyHolderPage = {
  items: Array<KeyHolder>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
};

export type KeyHolder = {
  personalKeyId: string;
  actor: string;
  label: string;
  certificateSerial: string | null;
};

export type InstitutionKey = {
  id: string;
  institutionId: string;
  algorithm: "sm2" | "p256";
  purpose: "signature" | "encryption";
  /** 04 || x || y in hex; empty while the key is being made. */
  publicKeyHex: string;
  /** What protects it in the chips. */
  protection: "software" | "hsm-wrapped" | "hsm";
  applicationId: string;
  certificateSerial: string | null;
  /** Of the certificate, now. */
  standing: "good" | "on_hold" | "revoked" | "superseded" | "expired" | "not_yet_valid" | "undelivered" | "unknown" | null;
  officers: Array<{
    actor: string;
    personalKeyId: string;
    /** 04 || x || y in hex; empty while the key is being made. */
    publicKeyHex: string;
  }>;
  threshold: number;
  /** Persons on the list that the chips enforce. */
  granted: number;
  /** The key that this one follows. */
  renews: string | null;
  /** The application of the newest renewal. */
  renewalId: string | null;
  /** RFC 3339, UTC. */
  createdAt: string;
};

export type AppliedKeys = {
  applicationId: string;
  keys: Array<InstitutionKey>;
};

export type NewInstitutionKeys = {
  algorithm: "sm2" | "p256";
  requested: RequestedSettings;
  /** Least protection of the keys. Tokens sign with P-256 inside; SM2 signing keys are `hsm-wrapped` there at best. */
  protection?: "software" | "hsm-wrapped" | "hsm";
};

export type InstitutionKeyPage = {
  items: Array<InstitutionKey>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
};

export type GrantChange = {
  id: string;
  state: "open" | "done" | "outdated";
  institutionKeyId: string;
  /** Null when the officers change. */
  grantId: string | null;
  action: "give" | "take" | "officers";
  /** The right that is given, whole, as its officers sign it; null otherwise. */
  terms: {
    grantId: string;
    actor: string;
    /** 04 || x || y in hex; empty while the key is being made. */
    publicKeyHex: string;
    operations: Array<"sign" | "decrypt">;
    validFromMs: number;
    validUntilMs: number;
    usesMax: number;
    documentTypes: Array<string>;
    amountMax?: {
      /** ISO 4217. */
      currency: string;
      minor: number;
    };
    approvalsNeeded: number;
  } | null;
  /** Who may do what from then on, as the chips enforce it. */
  list: Array<{
    /** 04 || x || y in hex; empty while the key is being made. */
    publicKeyHex: string;
    operations: Array<"sign" | "decrypt">;
  }>;
  /** Who decides from then on; null when that stays. */
  officers: {
    threshold: number;
    members: Array<{
      actor: string;
      personalKeyId: string;
      /** 04 || x || y in hex; empty while the key is being made. */
      publicKeyHex: string;
    }>;
  } | null;
  chipEpoch: number;
  listHashHex: string;
  /** What an officer signs. */
  signedHex: string;
  approvedBy: Array<string>;
  threshold: number;
  /** RFC 3339, UTC. */
  createdAt: string;
};

export type NewOfficers = {
  officerKeyIds: Array<string>;
  threshold: number;
};

export type Grant = {
  institutionKeyId: string;
  actor: string;
  personalKeyId: string;
  operations: Array<"sign" | "decrypt">;
  /** RFC 3339, UTC. */
  validFrom: string;
  /** RFC 3339, UTC. */
  validUntil: string;
  usesMax: number;
  /** Empty: of any type. */
  documentTypes: Array<string>;
  amountMax?: {
    /** ISO 4217. */
    currency: string;
    minor: number;
  };
  approvalsNeeded: number;
  id: string;
  state: "proposed" | "active" | "revoked";
  /** 04 || x || y in hex; empty while the key is being made. */
  publicKeyHex: string;
  used: number;
  grantedBy: string;
  /** RFC 3339, UTC. */
  createdAt: string;
};

export type NewGrant = {
  institutionKeyId: string;
  actor: string;
  personalKeyId: string;
  operations: Array<"sign" | "decrypt">;
  /** RFC 3339, UTC. */
  validFrom: string;
  /** RFC 3339, UTC. */
  validUntil: string;
  usesMax: number;
  /** Empty: of any type. */
  documentTypes: Array<string>;
  amountMax?: {
    /** ISO 4217. */
    currency: string;
    minor: number;
  };
  approvalsNeeded: number;
};

export type GrantPage = {
  items: Array<Grant>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
};

export type GrantChangePage = {
  items: Array<GrantChange>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
};

export type Operation = {
  id: string;
  state: "asked" | "approved" | "activated" | "executed" | "completed" | "refused" | "cancelled";
  institutionKeyId: string;
  grantId: string;
  personalKeyId: string;
  actor: string;
  kind: "sign" | "decrypt";
  scheme: string;
  document: OperationDocument;
  /** What the key signs or decrypts, for who asked; of a document what it comes down to. Not in lists. */
  inputB64: string | null;
  inputForm: "message" | "digest" | "ciphertext";
  documentType: string;
  amount: {
    /** ISO 4217. */
    currency: string;
    minor: number;
  } | null;
  reason: string;
  approvals: Array<{
    actor: string;
  }>;
  approvalsNeeded: number;
  /** Canonical JSON; the statement names its hash. */
  decision: string;
  /** What an approving person signs, while approvals are missing. */
  approvalText: string | null;
  /** What the person signs before the key moves; valid for two minutes. */
  statement: string | null;
  /** What the person signs after it moved; the result is given for it. */
  outcome: string | null;
  /** Of the chip that moved the key; the outcome names its hash. For who asked, not in lists. */
  receipt: Record<string, unknown> | null;
  /** Not in lists. */
  resultB64: string | null;
  /** RFC 3339, UTC. */
  createdAt: string;
};

/** Its bytes and what is made of them have an address of their own. */
export type OperationDocument = {
  action: "cms" | "pdf" | "make_seal" | "seal" | "open";
  name: string;
  bytes: number;
  sha256: string;
  resultName: string;
  failure: "envelope_unreadable" | null;
} | null;

export type NewOperation = {
  grantId: string;
  personalKeyId: string;
  request: {
    kind: "sign";
    scheme: "sm2-sm3" | "ecdsa-p256-sha256";
    /** Base64. */
    messageB64: string;
  } | {
    kind: "decrypt";
    scheme: "sm2";
    /** Base64. */
    ciphertextB64: string;
  };
  documentType: string;
  amount?: {
    /** ISO 4217. */
    currency: string;
    minor: number;
  };
  reason: string;
  sealVerificationId?: string;
};

export type OperationPage = {
  items: Array<Operation>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
};

export type PendingApprovals = {
  changes: Array<GrantChange>;
  operations: Array<Operation>;
};

export type CompletedOperation = {
  operation: Operation;
  record: UsageRecord;
};

export type UsageRecord = {
  body: Record<string, unknown>;
  recordSha256: string;
  place: {
    index: number;
    leafHash: string;
    size: number;
    checkpoint: string;
    proof: Array<string>;
  } | null;
};

export type UsageRecordPage = {
  items: Array<UsageRecord>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
};

export type NewDocumentOperation = {
  /** `cms` signs as SignedData, `pdf` as PAdES-B-B, `make_seal` makes an electronic seal, `seal` signs with one, `open` decrypts an envelope. */
  action: "cms" | "pdf" | "make_seal" | "seal" | "open";
  /** At most 8 MiB. Not for `make_seal`, which takes the reserved imprint. */
  file?: Blob;
  name: string;
  grantId: string;
  personalKeyId: string;
  documentType: string;
  /** ISO 4217. */
  currency?: string;
  amountMinor?: number;
  reason: string;
  sealVerificationId?: string;
  /** Of `cms`. */
  detached?: "true" | "false";
  /** Of `pdf`. */
  location?: string;
  /** Of `make_seal`: the enrolled seal. */
  sealId?: string;
  /** Of `make_seal`. */
  validUntil?: string;
  /** Of `seal`: the completed operation that made the electronic seal. */
  sealOf?: string;
};

export type DocumentVerdict = {
  /** Every signature holds, over exactly this content. */
  ok: boolean;
  reason: string | null;
  signers: Array<{
    serial: string;
    subject: string;
    /** Base64, DER. */
    certificate: string;
    /** Now, of certificates of this service; of all others `unknown`. */
    standing: "good" | "on_hold" | "revoked" | "superseded" | "expired" | "not_yet_valid" | "undelivered" | "unknown";
    /** The signer's own claim. */
    signedAt: string | null;
  }>;
  seal: {
    id: string;
    name: string;
    /** RFC 3339, UTC. */
    validFrom: string;
    /** RFC 3339, UTC. */
    validUntil: string;
    pictureType: string;
    pictureB64: string;
    widthMm: number;
    heightMm: number;
  } | null;
};

export type DocumentCheck = {
  kind: "cms" | "pdf" | "electronic_seal" | "sealed";
  /** The message, PDF file, seal or seal signature. */
  file: Blob;
  /** What was signed, where the signature does not carry it. */
  content?: Blob;
};

export type CscInfo = {
  specs: string;
  name: string;
  logo: string;
  region: string;
  lang: string;
  description: string;
  authType: Array<string>;
  oauth2Issuer: string;
  methods: Array<string>;
  asynchronousOperationMode: boolean;
  validationInfo: boolean;
  signAlgorithms: {
    algos: Array<string>;
  };
  signature_formats: {
    formats: Array<string>;
    envelope_properties: Array<Array<string>>;
  };
  conformance_levels: Array<string>;
};

export type CscError = {
  error: string;
  error_description: string;
  code: string;
};

export type CscCredentials = {
  credentialIDs: Array<string>;
  credentialInfos?: Array<CscCredentialInfo & {
    credentialID: string;
  }>;
  onlyValid?: boolean;
};

export type CscCredentialInfo = {
  description: string;
  key: {
    status: "enabled" | "disabled";
    algo: Array<string>;
    len: number;
    curve: string;
  };
  cert: {
    status: "valid" | "expired" | "revoked" | "suspended";
    certificates?: Array<string>;
    issuerDN?: string;
    serialNumber?: string;
    subjectDN?: string;
    validFrom?: string;
    validTo?: string;
  };
  auth?: {
    mode: "explicit";
    expression: string;
    objects: Array<{
      type: "ChallengeResponse";
      id: string;
      format: "A";
      label: string;
      description: string;
    }>;
  };
  SCAL: "2";
  multisign: number;
  lang: string;
};

export type CscChallengeRequest = {
  credentialID: string;
  numSignatures: number;
  hashes?: Array<string>;
  /** As `signatures/signDoc` will name them. */
  documentDigests?: Array<{
    hashes: Array<string>;
    hashAlgorithmOID: string;
    signature_format: "C" | "X" | "P" | "J";
    conformance_level?: string;
    signAlgo: string;
    signed_envelope_property?: string;
  }>;
  hashAlgorithmOID?: string;
  authObjectId?: string;
  description?: string;
  clientData?: string;
};

export type CscAuthorizeRequest = {
  credentialID: string;
  numSignatures: number;
  hashes?: Array<string>;
  /** As `signatures/signDoc` will name them. */
  documentDigests?: Array<{
    hashes: Array<string>;
    hashAlgorithmOID: string;
    signature_format: "C" | "X" | "P" | "J";
    conformance_level?: string;
    signAlgo: string;
    signed_envelope_property?: string;
  }>;
  hashAlgorithmOID?: string;
  authData: Array<{
    id: string;
    value: string;
  }>;
  description?: string;
  clientData?: string;
};

export type CscSignHashRequest = {
  credentialID: string;
  SAD: string;
  operationMode?: "A" | "S";
  validity_period?: number;
  response_uri?: string;
  clientData?: string;
  hashes: Array<string>;
  hashAlgorithmOID?: string;
  signAlgo: string;
  signAlgoParams?: string;
};

export type CscSignDocRequest = {
  credentialID: string;
  SAD: string;
  operationMode?: "A" | "S";
  validity_period?: number;
  response_uri?: string;
  clientData?: string;
  /** As `signatures/signDoc` will name them. */
  documentDigests?: Array<{
    hashes: Array<string>;
    hashAlgorithmOID: string;
    signature_format: "C" | "X" | "P" | "J";
    conformance_level?: string;
    signAlgo: string;
    signed_envelope_property?: string;
  }>;
};

export type CscSignatures = {
  signatures?: Array<string>;
  SignatureObject?: Array<string>;
};

export type Payment = {
  id: string;
  payer: string;
  state: "challenged" | "assessed" | "authorised" | "executed" | "terminated";
  payee: {
    account: string;
    name: string;
    bank: string;
  };
  amountMinor: number;
  currency: string;
  purpose: string;
  channel: "counter" | "online" | "mobile" | "direct";
  terminalId: string;
  certificateSerial: string;
  /** What is shown, and what is signed. */
  text: string;
  /** The sentence in `text`, in both languages. */
  words: {
    zh: string;
    en: string;
  };
  assessment: RiskAssessment;
  /** As it stands in `text`. */
  assessmentHash: string;
  evidence: PaymentEvidence;
  policyVersion: number;
  policyHash: string;
  /** RFC 3339, UTC. */
  createdAt: string;
  /** When it ends by itself; null once it ended. */
  endsAt: string | null;
  /** RFC 3339, UTC. */
  endedAt?: string;
  /** What a biometric match would do for this challenged order. */
  biometric?: "clears" | "demanded";
  looksLeft?: number;
  cleared?: {
    method: "biometric" | "officer";
    by: string;
  };
  /** Who else must agree by the settings of the payer's certificate. */
  dualControl?: {
    organization: string;
    needed: number;
    agreed: Array<{
      by: string;
      certificateSerial: string;
      atMs: number;
      /** Whether it still counts: the certificate behind it is in force. */
      stands: boolean;
    }>;
  };
  termination?: {
    reason: "risk" | "stopped" | "officer" | "expired" | "key_refused";
    by: string;
  };
  receipt?: PaymentReceipt;
};

export type RiskAssessment = {
  verdict: "allow" | "challenge" | "terminate";
  score: number;
  reasons: Array<{
    /** `needs_look` stands for a rule that is for the institution's risk officers only. */
    rule: "certificate_not_active" | "over_single_limit" | "over_daily_limit" | "over_daily_count" | "payee_blocked" | "seal_refused" | "biometric_refused" | "second_person_impossible" | "payee_new" | "payee_watched" | "device_new" | "device_weak" | "velocity_count" | "velocity_amount" | "amount_unusual" | "amount_near_limit" | "hour_unusual" | "travel_impossible" | "seal_in_review" | "tier_low" | "behaviour_unusual" | "passkey_absent" | "needs_look";
    effect: "terminate" | "score";
    points: number;
    seen: number;
    threshold: number;
  }>;
};

export type PaymentEvidence = {
  /** Where the request came from, as the network says. */
  place: {
    country: string;
    latitudeTenths: number;
    longitudeTenths: number;
  } | "unknown";
  /** Since the last executed order of a known place. */
  movement?: {
    km: number;
    sinceMs: number;
  };
  seal?: {
    verificationId: string;
    sealId: string;
    verdict: "pass" | "review" | "fail";
    /** RFC 3339, UTC. */
    at: string;
  };
};

export type PaymentReceipt = {
  text: string;
  signatureHex: string;
  publicKeyHex: string;
  chipReceipt: Record<string, string | number>;
  /** What the terminal asked: with `text`, all that the receipt of the chip is over. */
  chipAsked: {
    epoch: number;
    message: string;
  };
  /** What the risk engine said, by which policy and on what evidence. */
  assessment: Record<string, unknown>;
  /** Of `assessment`; it stands in `text`. */
  assessmentHash: string;
  /** How a challenge was met. */
  cleared: {
    method: "biometric" | "officer";
    by: string;
  } | null;
  /** Who else agreed. */
  agreed: Array<{
    by: string;
    certificateSerial: string;
    atMs: number;
  }>;
  /** RFC 3339, UTC. */
  executedAt: string;
  /** What the ledger holds of it. */
  recordSha256: string;
  /** Null until it is anchored. */
  ledgerIndex: number | null;
};

export type NewPayment = {
  terminalId: string;
  payee: {
    /** Kept and shown as capitals and digits: separators and case make no other account. */
    account: string;
    name: string;
    bank: string;
  };
  /** Minor units of the currency. */
  amountMinor: number;
  /** ISO 4217. */
  currency: string;
  purpose: string;
  /** The verification of the seal on the paper that the order leans on: of the last day, over the same money, and of no other order. */
  sealVerificationId?: string;
};

export type PaymentPage = {
  items: Array<Payment>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
};

export type PasskeyOptions = {
  id: string;
  /** For `navigator.credentials`, in the JSON form of WebAuthn §5.1.8 and §5.1.9. */
  options: {
    challenge: string;
  };
};

export type ConfirmedPayment = {
  payment: Payment;
  /** Base64url without padding. */
  reply: string;
};

export type PaymentConfirmation = {
  requestId: string;
  epoch: number;
  /** Base64url without padding. */
  message: string;
  /** Needed from a device that has a passkey. */
  gesture?: {
    challengeId: string;
    response: {
      id: string;
      rawId: string;
      type: "public-key";
      response: {
        clientDataJSON: string;
        authenticatorData: string;
        signature: string;
        userHandle?: string;
      };
      clientExtensionResults: Record<string, unknown>;
    };
  };
};

export type PaymentStatement = {
  from: string;
  to: string;
  items: Array<Payment>;
};

export type PaymentTerminal = {
  id: string;
  label: string;
  state: "active" | "revoked";
  /** Where its passkey lives, as far as the attestation proves it. */
  keyStore: "hardware" | "software" | "unknown";
  passkeyId: string | null;
  /** RFC 3339, UTC. */
  enrolledAt: string;
};

export type NewPaymentTerminal = {
  personalKeyId: string;
  /** The passkey that opens the share; from then on it confirms every payment. */
  passkeyId?: string;
};

export type PaymentTerminalPage = {
  items: Array<PaymentTerminal>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
};

export type PaymentTerminalName = {
  label: string;
};

export type Biometrics = {
  offered: Array<{
    modality: "face" | "voice";
    service: string;
    /** Whether the service tells a living person from a picture. */
    liveness: "none" | "provided";
    /** How long a template is kept. */
    days: number;
  }>;
  enrolled: Array<BiometricEnrolment>;
};

export type BiometricEnrolment = {
  modality: "face" | "voice";
  service: string;
  /** RFC 3339, UTC. */
  enrolledAt: string;
  /** RFC 3339, UTC. */
  endsAt: string;
  consent: {
    text: string;
    signatureHex: string;
  };
};

export type NewBiometricEnrolment = {
  personalKeyId: string;
  /** Base64url, 24000 bytes at most; for a face a PNG or JPEG file with one face. */
  sample: string;
  /** Of both halves of the personal key, DER, over the text of the consent. */
  signature: string;
};

export type BiometricLooked = {
  payment: Payment;
  /** Only a match clears the order. */
  finding: "match" | "no_match" | "unusable" | "unavailable";
};

export type BiometricLook = {
  modality: "face" | "voice";
  /** Base64url, 24000 bytes at most; for a face a PNG or JPEG file with one face. */
  sample: string;
};

export type SessionService = {
  /** By it the terminal names the time. */
  now: string;
  /** The keys to begin sessions with; the preferred suite first. */
  suites: Array<{
    publicKey: string;
    /** The certificate first, its root last; DER in base64url. */
    chain: Array<string>;
    /** SHA-256, hex. */
    certificateHash: string;
    /** RFC 3339, UTC. */
    notAfter: string;
    /** `x25519`: Noise_KK_25519_ChaChaPoly_SHA256. `sm2`: key exchange of GB/T 32918.3 with SM4-GCM. */
    suite: "x25519" | "sm2";
  }>;
};

export type TerminalKeySet = {
  x25519?: {
    publicKey: string;
    /** The certificate first, its root last; DER in base64url. */
    chain: Array<string>;
    /** SHA-256, hex. */
    certificateHash: string;
    /** RFC 3339, UTC. */
    notAfter: string;
  };
  sm2?: {
    publicKey: string;
    /** The certificate first, its root last; DER in base64url. */
    chain: Array<string>;
    /** SHA-256, hex. */
    certificateHash: string;
    /** RFC 3339, UTC. */
    notAfter: string;
  };
};

export type NewTerminalKeys = {
  keys: {
    x25519?: string;
    sm2?: string;
  };
  /** Of both halves of the personal key, DER, over the canonical text that names terminal and keys. */
  signature: string;
};

export type NextTerminalKeys = {
  keys: {
    x25519?: string;
    sm2?: string;
  };
};

export type Session = {
  id: string;
  /** Second message of the handshake, base64url. */
  answer: string;
  /** RFC 3339, UTC. */
  endsAt: string;
};

export type NewSession = {
  terminalId: string;
  offered: Array<"x25519" | "sm2">;
  /** `x25519`: Noise_KK_25519_ChaChaPoly_SHA256. `sm2`: key exchange of GB/T 32918.3 with SM4-GCM. */
  suite: "x25519" | "sm2";
  /** SHA-256, hex. */
  terminalCertificate: string;
  /** SHA-256, hex. */
  serviceCertificate: string;
  /** SHA-256 of the manifest of what the terminal runs; empty for none. */
  software: string;
  /** RFC 3339, UTC. */
  at: string;
  /** First message of the handshake. */
  message: string;
};

export type SessionAnswer = {
  /** The encrypted answer. */
  body: string;
};

export type SessionRequest = {
  /** Each is used once. */
  number: number;
  /** An encrypted request: method, path, idempotency key, JSON body. */
  body: string;
};

export type Software = {
  hash: string;
  version: string;
  state: "released" | "revoked";
  /** Rises with every release. A terminal that ran a newer one takes no older one. */
  sequence: number;
  /** ECDSA P-256 with SHA-256, r || s, by the key manager in the chips, over hash and sequence. */
  signature: string;
  /** RFC 3339, UTC. */
  releasedAt: string;
  /** RFC 3339, UTC. */
  revokedAt?: string;
};

export type NewSoftware = {
  /** Canonical JSON: version, and SHA-256 of every file by its path. */
  manifest: string;
};

export type SoftwarePage = {
  items: Array<Software>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
};

export type SoftwareDetail = Software & {
  manifest: string;
};

export type SoftwareKey = {
  /** SubjectPublicKeyInfo, DER, base64url. */
  spki: string;
};

export type RiskPolicyInForce = {
  /** 0 is the policy before the first change. */
  version: number;
  policy: RiskPolicy;
  policyHash: string;
  /** What the threshold of each rule counts. */
  units: Record<string, string>;
};

export type RiskPolicy = {
  challengeAt: number;
  terminateAt: number;
  /** What a biometric match is to a challenged order: nobody is asked for one; it clears as an officer does; without one no officer can allow the order. */
  biometric?: "none" | "clears" | "demanded";
  rules: {
    payee_new: {
      points: number;
      threshold: number;
    };
    payee_watched: {
      points: number;
      threshold: number;
    };
    device_new: {
      points: number;
      threshold: number;
    };
    device_weak: {
      points: number;
      threshold: number;
    };
    velocity_count: {
      points: number;
      threshold: number;
    };
    velocity_amount: {
      points: number;
      threshold: number;
    };
    amount_unusual: {
      points: number;
      threshold: number;
    };
    amount_near_limit: {
      points: number;
      threshold: number;
    };
    hour_unusual: {
      points: number;
      threshold: number;
    };
    travel_impossible: {
      points: number;
      threshold: number;
    };
    seal_in_review: {
      points: number;
      threshold: number;
    };
    tier_low: {
      points: number;
      threshold: number;
    };
    behaviour_unusual: {
      points: number;
      threshold: number;
    };
    passkey_absent: {
      points: number;
      threshold: number;
    };
  };
};

export type RiskPolicyChange = {
  id: string;
  state: "proposed" | "approved" | "rejected";
  policy: RiskPolicy;
  /** 0 is the policy before the first change. */
  baseVersion: number;
  reason: string;
  proposedBy: string;
  /** RFC 3339, UTC. */
  proposedAt: string;
  decision?: {
    by: string;
    /** RFC 3339, UTC. */
    at: string;
    reason: string;
  };
};

export type NewRiskPolicy = {
  /** 0 is the policy before the first change. */
  baseVersion: number;
  policy: RiskPolicy;
  reason: string;
};

export type RiskPolicyChangePage = {
  items: Array<RiskPolicyChange>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
};

export type RiskPolicyDecision = {
  decision: "approve" | "reject";
  reason: string;
};

export type RiskSimulation = {
  orders: number;
  /** Orders by verdict now, then by verdict under the candidate. */
  verdicts: {
    allow: {
      allow: number;
      challenge: number;
      terminate: number;
    };
    challenge: {
      allow: number;
      challenge: number;
      terminate: number;
    };
    terminate: {
      allow: number;
      challenge: number;
      terminate: number;
    };
  };
  changed: Array<{
    id: string;
    before: "allow" | "challenge" | "terminate";
    after: "allow" | "challenge" | "terminate";
    scoreBefore: number;
    scoreAfter: number;
  }>;
  scoresBefore: Array<number>;
  scoresAfter: Array<number>;
};

export type RiskSimulationRequest = {
  policy: RiskPolicy;
};

export type PaymentDecision = {
  decision: "allow" | "terminate";
};

export type ListedPayeePage = {
  items: Array<ListedPayee>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
};

export type ListedPayee = {
  account: string;
  listed: "none" | "watched" | "blocked";
  reason: string;
  listedBy: string;
  /** RFC 3339, UTC. */
  listedAt: string;
};

export type PayeeListing = {
  account: string;
  listed: "none" | "watched" | "blocked";
  reason: string;
};

export type AuditPage = {
  items: Array<AuditRecord>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
};

export type Federation = {
  roster: FederationRoster;
  /** SHA-256 of the roster in canonical JSON. Compare it with the one you know. */
  rosterHash: string;
  policy: {
    name: string;
    version: number;
    rows: Array<{
      tier: number;
      pdBelowMicros: number;
      permissions: Array<"view" | "make" | "check" | "payroll" | "fx" | "authorise">;
      /** Minor units, as decimal text. */
      single: string;
      /** Minor units, as decimal text. */
      daily: string;
      count: number;
      /** Minor units, as decimal text. */
      dualControlAbove: string;
      approvers: {
        min: number;
        ordered: boolean;
      };
    }>;
    validDays: number;
  };
};

export type FederationRoster = {
  v: 1;
  name: string;
  suite: "x25519" | "sm2";
  /** SHA-256 in hex. */
  modelHash: string;
  threshold: number;
  nodes: Array<{
    id: string;
    name: {
      zh: string;
      en: string;
    };
    boxKey: string;
    signKey: string;
    part: string;
    mandatory: boolean;
    provesIdentity: boolean;
    meanScore: number;
    runByDecision: boolean;
  }>;
  decision: {
    id: string;
    name: {
      zh: string;
      en: string;
    };
    boxKey: string;
    signKey: string;
  };
};

/** The public bundle: who contributes what, training history, quality. */
export type FederationModel = {
  version: string;
  method: string;
  /** SHA-256 in hex. */
  hash: string;
  parties: Array<{
    id: string;
    mandatory: boolean;
    columns: Array<string>;
    features: number;
    /** SHA-256 in hex. */
    commitment: string;
  }>;
  data: {
    name: string;
    trainingRows: number;
    validationRows: number;
    /** Millionths. */
    defaultRate: number;
    protectedColumns: Array<string>;
  };
  training: {
    lambda: number;
    bestRound: number;
    /** Round, loss of the training, loss of the validation. */
    history: Array<[number, number, number]>;
  };
  report: {
    rows: number;
    /** Millionths. */
    auc: number;
    /** Millionths. */
    ks: number;
    /** Millionths. */
    brier: number;
    /** Millionths. */
    meanPd: number;
    /** Millionths. */
    defaultRate: number;
    /** False and true rate. */
    roc: Array<[number, number]>;
    /** Rows, mean probability, share of defaults. */
    calibration: Array<[number, number, number]>;
  };
};

export type ScoringRequest = {
  /** 16 random bytes in hex. */
  requestId: string;
  state: "running" | "decided" | "failed";
  stage: "open" | "settle" | "decide" | "record";
  nodes: Array<{
    node: string;
    state: "waiting" | "opened" | "settled" | "lost" | "refused";
    code?: string;
  }>;
  contributors: Array<string>;
  /** Why it failed. */
  code?: string;
  /** RFC 3339, UTC. */
  consentExpiresAt: string;
  /** RFC 3339, UTC. */
  createdAt: string;
  outcome?: {
    /** For the applicant only; base64url. */
    decision: string;
    reasons: Array<{
      party: string;
      box: string;
    }>;
    /** SHA-256 in hex. */
    decisionHash: string;
    /** SHA-256 in hex. */
    policyHash: string;
    ledgerIndex: number;
    elapsedMs: number;
  };
};

export type NewScoringRequest = {
  /** What the person agreed to, signed by a key of the terminal. */
  consent: {
    consent: {
      v: 1;
      purpose: "certificate-settings";
      /** 16 random bytes in hex. */
      requestId: string;
      /** SHA-256 in hex. */
      rosterHash: string;
      /** SHA-256 in hex. */
      modelHash: string;
      parties: Array<string>;
      /** A salted commitment to the identity. */
      subject: string;
      /** A salted commitment to the name alone. */
      name: string;
      /** A salted commitment to what is asked for and the key that it is for. */
      request: string;
      replyKey: string;
      /** RFC 3339, UTC. */
      issuedAt: string;
      /** RFC 3339, UTC. */
      expiresAt: string;
    };
    signKey: string;
    signature: string;
  };
  /** One box for each party of the roster, which alone can open it. */
  boxes: Record<string, string>;
};

export type ScoringPolicyInForce = {
  /** 0 is the policy before the first change. */
  version: number;
  policy: ScoringPolicy;
  /** Of the table with its name and version, as decisions and the ledger have it. */
  policyHash: string;
};

export type ScoringPolicy = {
  table: {
    rows: Array<{
      tier: number;
      pdBelowMicros: number;
      permissions: Array<"view" | "make" | "check" | "payroll" | "fx" | "authorise">;
      /** Minor units, as decimal text. */
      single: string;
      /** Minor units, as decimal text. */
      daily: string;
      count: number;
      /** Minor units, as decimal text. */
      dualControlAbove: string;
      approvers: {
        min: number;
        ordered: boolean;
      };
    }>;
    /** Millionths. */
    hysteresisMicros: number;
    bestTierWithMissingPart: number;
    validDays: number;
    /** What one minor unit of a currency costs, in millionths of a minor unit of CNY. */
    rates: Array<{
      /** ISO 4217. */
      currency: string;
      cnyMicros: string;
      date: string;
    }>;
  };
  /** Applications that one person may begin in an hour. */
  requestsPerHour: number;
  caps: SettingsCaps;
};

/** A channel and currency that a list of limits does not name gets nothing. */
export type SettingsCaps = {
  enterprise?: {
    permissions?: Array<"view" | "make" | "check" | "payroll" | "fx" | "authorise">;
    limits?: Array<{
      channel: "counter" | "online" | "mobile" | "direct";
      /** ISO 4217. */
      currency: string;
      /** Minor units, as decimal text. */
      single: string;
      /** Minor units, as decimal text. */
      daily: string;
      count: number;
    }>;
  };
  /** Of every account that has none of its own in `accounts`. */
  account?: {
    permissions?: Array<"view" | "make" | "check" | "payroll" | "fx" | "authorise">;
    limits?: Array<{
      channel: "counter" | "online" | "mobile" | "direct";
      /** ISO 4217. */
      currency: string;
      /** Minor units, as decimal text. */
      single: string;
      /** Minor units, as decimal text. */
      daily: string;
      count: number;
    }>;
  };
  /** By applicant; an account is an applicant here. */
  accounts?: Record<string, {
    permissions?: Array<"view" | "make" | "check" | "payroll" | "fx" | "authorise">;
    limits?: Array<{
      channel: "counter" | "online" | "mobile" | "direct";
      /** ISO 4217. */
      currency: string;
      /** Minor units, as decimal text. */
      single: string;
      /** Minor units, as decimal text. */
      daily: string;
      count: number;
    }>;
  }>;
};

export type ScoringPolicyChange = {
  id: string;
  state: "proposed" | "approved" | "rejected";
  policy: ScoringPolicy;
  /** 0 is the policy before the first change. */
  baseVersion: number;
  reason: string;
  proposedBy: string;
  /** RFC 3339, UTC. */
  proposedAt: string;
  decision?: {
    by: string;
    /** RFC 3339, UTC. */
    at: string;
    reason: string;
  };
};

export type NewScoringPolicy = {
  /** 0 is the policy before the first change. */
  baseVersion: number;
  policy: ScoringPolicy;
  reason: string;
};

export type ScoringPolicyChangePage = {
  items: Array<ScoringPolicyChange>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
};

export type ScoringPolicyDecision = {
  decision: "approve" | "reject";
  reason: string;
};

export type PartiesHealth = {
  parties: Array<{
    party: string;
    /** `other_model`: it lives, and has not the model of the roster. */
    state: "up" | "other_model" | "down";
    latencyMs?: number;
    modelHash?: string | null;
    /** The newest answer that is known; may be an earlier one. */
    answeredAt?: string;
  }>;
};

export type TrainingRunPage = {
  items: Array<TrainingRun>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
};

export type TrainingRun = {
  id: string;
  state: "running" | "stopped" | "failed" | "finished";
  version: string;
  method: "scorecard" | "gram";
  parties: number;
  trainingRows: number;
  validationRows: number;
  roundsMax: number;
  /** Round, loss of the training, loss of the validation; millionths. */
  history: Array<[number, number, number]>;
  modelHash?: string;
  auc?: number;
  reportedBy: string;
  /** RFC 3339, UTC. */
  startedAt: string;
  /** RFC 3339, UTC. */
  updatedAt: string;
};

export type TrainingReport = {
  state: "running" | "stopped" | "failed" | "finished";
  version: string;
  method: "scorecard" | "gram";
  parties: number;
  trainingRows: number;
  validationRows: number;
  roundsMax: number;
  /** Round, loss of the training, loss of the validation; millionths. */
  history: Array<[number, number, number]>;
  modelHash?: string;
  auc?: number;
};

export type LedgerTrust = {
  /** Ed25519 verifier key (C2SP signed-note). */
  log: string;
  /** SM2 verifier key of the same log. */
  logSm2: string;
  /** Verifier keys of cosignatures. */
  witnesses: Array<string>;
  /** How many witnesses must have cosigned. */
  quorum: number;
};

export type LedgerPage = {
  items: Array<LedgerEntry>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
};

export type LedgerEntry = {
  index: number;
  /** 32 bytes in hex. */
  leafHash: string;
  event: LedgerEvent;
  /** The exact bytes that were hashed, in base64. */
  bytes: string;
};

/** What happened, without anything personal. Its fields depend on `type`. */
export type LedgerEvent = Record<string, string | number | null | Record<string, string>>;

export type LedgerHistory = {
  subject: string;
  entries: Array<LedgerEntry>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
};

export type LedgerStatus = {
  subject: string;
  /** Absent when there is no event about the subject. */
  newest?: {
    index: number;
    /** 32 bytes in hex. */
    leafHash: string;
    type: string;
  };
  /** Of the log when it was looked up. */
  size: number;
  /** RFC 3339, UTC. */
  issuedAt: string;
  /** RFC 3339, UTC. */
  expiresAt: string;
  /** The signed note that says all of the above. */
  note: string;
};

export type LedgerInclusionProof = {
  index: number;
  size: number;
  /** 32 bytes in hex. */
  leafHash: string;
  /** From the leaf upwards. */
  proof: Array<string>;
};

export type LedgerConsistencyProof = {
  first: number;
  second: number;
  /** From the leaf upwards. */
  proof: Array<string>;
};

export type Passkey = {
  id: string;
  label: string;
  attestation: {
    level: "none" | "self" | "unverified" | "verified";
    format: string;
    aaguid: string;
    /** It may be on several devices of the person. */
    copied: boolean;
  };
  backedUp: boolean;
  /** RFC 3339, UTC. */
  createdAt: string;
  /** RFC 3339, UTC. */
  usedAt: string | null;
};

export type PasskeyRegistration = {
  id: string;
  label: string;
  response: {
    id: string;
    rawId: string;
    type: "public-key";
    response: {
      clientDataJSON: string;
      attestationObject: string;
      transports?: Array<string>;
    };
    clientExtensionResults: Record<string, unknown>;
  };
};

export type Passkeys = {
  items: Array<Passkey>;
};

export type PasskeyName = {
  label: string;
};

export type PasskeyAuthenticationRequest = {
  institution: string;
};

export type TokenAnswer = {
  id: string;
  accessToken: string;
  tokenType: "Bearer" | "DPoP";
  /** RFC 3339, UTC. */
  expiresAt: string;
  refreshToken?: string;
  profile: "cin-sealed-1" | "cin-sd-1" | "cin-sm-1" | "cin-003-literal";
  audiences: Array<string>;
  released: Array<{
    system: string;
    labels: Array<"NAME" | "ID_DOC" | "CONTACT" | "PAYMENT" | "ADDRESS">;
  }>;
  /** Labels of what was found and stands in no token. */
  dropped: Array<"NAME" | "ID_DOC" | "CONTACT" | "PASSWORD" | "PAYMENT" | "BIOMETRIC" | "ADDRESS">;
};

export type TokenRequest = {
  grantType: "urn:cinnabar:grant:passkey";
  institution: string;
  challengeId: string;
  response: {
    id: string;
    rawId: string;
    type: "public-key";
    response: {
      clientDataJSON: string;
      authenticatorData: string;
      signature: string;
      userHandle?: string;
    };
    clientExtensionResults: Record<string, unknown>;
  };
  /** Business systems, or `cinnabar` alone for this service itself. */
  audiences: Array<string>;
  profile?: "cin-sealed-1" | "cin-sd-1" | "cin-sm-1" | "cin-003-literal";
  /** What the terminal knows about the person. The tagger splits it. */
  identity?: Record<string, unknown>;
  /** Serial number of a certificate of the person. */
  certificate?: string;
} | {
  grantType: "urn:cinnabar:grant:session";
  /** Business systems, or `cinnabar` alone for this service itself. */
  audiences: Array<string>;
  profile?: "cin-sealed-1" | "cin-sd-1" | "cin-sm-1" | "cin-003-literal";
  /** What the terminal knows about the person. The tagger splits it. */
  identity?: Record<string, unknown>;
  /** Serial number of a certificate of the person. */
  certificate?: string;
} | {
  grantType: "refresh_token";
  refreshToken: string;
  /** Business systems, or `cinnabar` alone for this service itself. */
  audiences?: Array<string>;
} | {
  grantType: "urn:ietf:params:oauth:grant-type:token-exchange";
  /** A business system, by the secret of its registration. */
  client: {
    institution: string;
    /** The name of a business system. */
    id: string;
    secret: string;
  };
  subjectToken: string;
  /** The name of a business system. */
  audience: string;
};

export type Introspection = {
  active: boolean;
  claims?: Record<string, unknown>;
  released?: Array<"NAME" | "ID_DOC" | "CONTACT" | "PAYMENT" | "ADDRESS">;
};

export type IntrospectionRequest = {
  /** A business system, by the secret of its registration. */
  client: {
    institution: string;
    /** The name of a business system. */
    id: string;
    secret: string;
  };
  token: string;
};

export type RevocationRequest = {
  refreshToken: string;
};

export type IssuedTokenPage = {
  items: Array<IssuedToken>;
  /** Where the next page begins; null on the last page. */
  nextCursor: string | null;
};

export type IssuedToken = {
  id: string;
  holder: string;
  profile: "cin-sealed-1" | "cin-sd-1" | "cin-sm-1" | "cin-003-literal";
  kid: string;
  audiences: Array<string>;
  released: Array<{
    system: string;
    labels: Array<"NAME" | "ID_DOC" | "CONTACT" | "PAYMENT" | "ADDRESS">;
  }>;
  state: "active" | "revoked" | "expired";
  /** RFC 3339, UTC. */
  issuedAt: string;
  /** RFC 3339, UTC. */
  expiresAt: string;
};

export type OauthToken = {
  access_token: string;
  token_type: "Bearer" | "DPoP";
  /** In seconds. */
  expires_in: number;
  refresh_token?: string;
  issued_token_type?: string;
};

export type OauthError = {
  error: "invalid_request" | "invalid_client" | "invalid_grant" | "unsupported_grant_type" | "unsupported_token_type" | "invalid_target" | "invalid_dpop_proof" | "access_denied" | "server_error" | "temporarily_unavailable";
  error_description: string;
  code: string;
};

export type OauthTokenRequest = {
  grant_type: string;
  refresh_token?: string;
  subject_token?: string;
  subject_token_type?: string;
  requested_token_type?: string;
  /** Business systems by name (RFC 8693). */
  audience?: string | Array<string>;
  /** Business systems by address, `{issuer}/v1/business-systems/{name}` (RFC 8707). */
  resource?: string | Array<string>;
  /** A business system as `institution.system`; with the secret, or in `Basic`. */
  client_id?: string;
  client_secret?: string;
};

export type OauthIntrospection = {
  active: boolean;
};

export type OauthIntrospectionRequest = {
  token: string;
  token_type_hint?: string;
  /** A business system as `institution.system`; with the secret, or in `Basic`. */
  client_id?: string;
  client_secret?: string;
};

export type OauthRevocationRequest = {
  token: string;
  token_type_hint?: string;
  /** A business system as `institution.system`; with the secret, or in `Basic`. */
  client_id?: string;
  client_secret?: string;
};

export type RegisteredBusinessSystem = {
  system: BusinessSystem;
  /** A compact JWE; its `challenge` is the answer. */
  challenge: string;
};

export type BusinessSystem = {
  id: string;
  title: string;
  state: "pending" | "active" | "suspended";
  kid: string;
  curve: string;
  /** The key to follow; nothing is sealed to it yet. */
  nextKey?: {
    kid: string;
    isProven: boolean;
  };
  /** The key before, and how long the system must keep it. */
  oldKey?: {
    kid: string;
    /** RFC 3339, UTC. */
    until: string;
  };
  release: {
    labels: Array<"NAME" | "ID_DOC" | "CONTACT" | "PAYMENT" | "ADDRESS">;
    purpose: string;
  };
  /** RFC 3339, UTC. */
  createdAt: string;
};

export type NewBusinessSystem = {
  /** The name of a business system. */
  id: string;
  title: string;
  /** Its public key. Tokens are sealed to it. */
  key: {
    kty: "EC" | "OKP";
    crv: "P-256" | "X25519" | "SM2";
    x: string;
    y?: string;
  };
  release: {
    labels: Array<"NAME" | "ID_DOC" | "CONTACT" | "PAYMENT" | "ADDRESS">;
    purpose: string;
  };
};

export type ProvenBusinessSystem = {
  system: BusinessSystem;
  secret: string;
};

export type SystemProof = {
  challenge: string;
};

export type NextSystemKey = {
  /** Its public key. Tokens are sealed to it. */
  key: {
    kty: "EC" | "OKP";
    crv: "P-256" | "X25519" | "SM2";
    x: string;
    y?: string;
  };
};

export type BusinessSystemChange = {
  release?: {
    labels: Array<"NAME" | "ID_DOC" | "CONTACT" | "PAYMENT" | "ADDRESS">;
    purpose: string;
  };
  state?: "active" | "suspended";
};

export type BusinessSystems = {
  items: Array<BusinessSystem>;
};

export type IssuerKeys = {
  items: Array<IssuerKey>;
  overlapSeconds: number;
};

export type IssuerKey = {
  id: string;
  kid: string;
  algorithm: string;
  state: "next" | "active" | "passive" | "revoked" | "retired";
  /** RFC 3339, UTC. */
  createdAt: string;
  /** RFC 3339, UTC. */
  changedAt: string;
};

export type KeyRotation = {
  algorithm: "ES256" | "SM2-SM3" | "RS256" | "RSA-RECOVERY";
};

export type WebhookSecret = {
  webhook: Webhook;
  /** Shown once. Signs every message: HMAC-SHA256 (Standard Webhooks). */
  secret: string;
};

export type Webhook = {
  id: string;
  url: string;
  actions: Array<string>;
  state: "active" | "paused";
  /** RFC 3339, UTC. */
  failingSince?: string;
  /** RFC 3339, UTC. */
  nextAttemptAt?: string;
  /** Newest first, 20 at most. */
  recent: Array<WebhookAttempt>;
  /** RFC 3339, UTC. */
  secretAt: string;
  createdBy: string;
  /** RFC 3339, UTC. */
  createdAt: string;
};

export type WebhookAttempt = {
  /** The header `webhook-id`. */
  id: string;
  type: string;
  /** RFC 3339, UTC. */
  at: string;
  /** What was answered; 0 when nothing was. */
  status: number;
};

export type NewWebhook = {
  /** `https`, to a host name. */
  url: string;
  /** Actions of audit records, families of them, or `*`. */
  actions: Array<string>;
};

export type Webhooks = {
  items: Array<Webhook>;
};

export type WebhookChange = {
  /** `https`, to a host name. */
  url?: string;
  /** Actions of audit records, families of them, or `*`. */
  actions?: Array<string>;
  state?: "active" | "paused";
  /** Leaves out what happened before now and was not delivered. */
  from?: "now";
};

export type Extract = {
  /** What a text or a body was read as, when its values have names. */
  format?: "json" | "form" | "multipart" | "lines" | "table";
  /** Of a text. */
  spans?: Array<{
    /** In UTF-16 units. */
    start: number;
    end: number;
    label: "NAME" | "ID_DOC" | "CONTACT" | "PASSWORD" | "PAYMENT" | "BIOMETRIC" | "ADDRESS";
    score: number;
  }>;
  /** Of a JSON value or a body: leaves that hold something sensitive. */
  sensitive?: Array<{
    /** JSON Pointer (RFC 6901). */
    path: string;
    label: "NAME" | "ID_DOC" | "CONTACT" | "PASSWORD" | "PAYMENT" | "BIOMETRIC" | "ADDRESS";
    score: number;
    /** Or only the spans. */
    whole: boolean;
    spans: Array<{
      /** In UTF-16 units. */
      start: number;
      end: number;
      label: "NAME" | "ID_DOC" | "CONTACT" | "PASSWORD" | "PAYMENT" | "BIOMETRIC" | "ADDRESS";
      score: number;
    }>;
  }>;
  /** Of a JSON value or a body: the other leaves. */
  open?: Array<{
    path: string;
  }>;
};

export type ExtractRequest = {
  text?: string;
  json?: Record<string, unknown> | Array<unknown>;
  /** A body as it was sent: JSON, a form, a form in parts, lines of key=value, or a table (CSV) with a header. */
  body?: string;
  /** How readily something is called sensitive, or by label. */
  point?: "precision" | "balanced" | "recall" | {
    NAME?: "precision" | "balanced" | "recall";
    ID_DOC?: "precision" | "balanced" | "recall";
    CONTACT?: "precision" | "balanced" | "recall";
    PASSWORD?: "precision" | "balanced" | "recall";
    PAYMENT?: "precision" | "balanced" | "recall";
    BIOMETRIC?: "precision" | "balanced" | "recall";
    ADDRESS?: "precision" | "balanced" | "recall";
  };
};

export type SampleBusinessSystem = {
  name: string;
  title: string;
  kid: string;
  actions: Array<string>;
  release: {
    labels: Array<"NAME" | "ID_DOC" | "CONTACT" | "PAYMENT" | "ADDRESS">;
    purpose: string;
  };
};

export type BusinessAnswer = {
  action: string;
  result: {
    bills?: Array<{
      id: string;
      payee: string;
      currency: string;
      minor: number;
      state: "due" | "paid";
    }>;
    bill?: {
      id: string;
      payee: string;
      currency: string;
      minor: number;
      state: "due" | "paid";
    };
    payer?: {
      name: string;
      account: string;
    };
    contact?: string;
    limit?: {
      currency: string;
      singleMinor: string;
    };
    /** Brought along because it is likely to be wanted next. */
    ready?: {
      id: string;
      payee: string;
      currency: string;
      minor: number;
      state: "due" | "paid";
    };
  };
  keyData: BehaviourKeyData;
};

export type BehaviourKeyData = {
  events: number;
  visits: number;
  sinceMs?: number;
  preference: Array<{
    action: string;
    weight: number;
    share: number;
  }>;
  /** Likeliest first; `(end)` ends the visit. */
  next: Array<{
    action: string;
    probability: number;
  }>;
  usualPath?: {
    actions: Array<string>;
    visits: number;
    share: number;
    medianDurationMs: number;
  };
  handling: Array<{
    code: "offer_next" | "offer_path" | "assist";
  }>;
  limits: Array<{
    action: string;
    currency: string;
    medianMinor: number;
    typicalMaxMinor: number;
    amounts: number;
  }>;
  risk: Array<{
    code: string;
    found: number;
    line: number;
  }>;
  hours: Array<number>;
};

export type BusinessRequest = {
  /** Chosen by the terminal; repeated, it counts once. */
  id: string;
  /** The same for all requests of one visit. */
  session: string;
  action: string;
  bill?: string;
  /** The person wants it although it is unusual. */
  confirmed?: boolean;
};

export type BusinessView = {
  system: string;
  subject: string;
  expiresAt: string;
  facts: Array<{
    name: string;
    label: "NAME" | "ID_DOC" | "CONTACT" | "PAYMENT" | "ADDRESS";
    masked: string;
  }>;
};

export type BehaviourExport = {
  v: 1;
  system: string;
  pseudonym: string;
  exportedAtMs: number;
  retentionDays: number;
  events: Array<{
    id: string;
    atMs: number;
    session: string;
    action: string;
    outcome: "done" | "failed" | "abandoned";
    durationMs: number;
    amount?: {
      currency: string;
      minor: number;
    };
  }>;
};

export type BehaviourErased = {
  erased: number;
};

/** Subjects whose first event is served altered. */
export type DemoLedger = {
  altered: Array<string>;
};

export type DemoApplicants = {
  applicants: Array<{
    name: string;
    idNumber: string;
    phone: string;
  }>;
};

export type DemoIdentities = {
  identities: Array<DemoIdentity>;
};

export type DemoIdentity = {
  id: string;
  role: "teller" | "reviewer" | "administrator" | "customer" | "developer" | "risk_officer" | "auditor" | "operator";
  name: {
    zh: string;
    en: string;
  };
  institution: {
    zh: string;
    en: string;
    id: string;
  };
  branch: {
    zh: string;
    en: string;
    code: string;
  };
};

export type DemoToken = {
  token: string;
  tokenType: "Bearer";
  /** RFC 3339, UTC. */
  expiresAt: string;
  identity: DemoIdentity;
};

export type DemoTokenRequest = {
  identity: string;
};
