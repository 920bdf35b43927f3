/**
 * Every error code of the service, each with the sentence that tells a caller what it means.
 *
 * Codes are public and stable: add freely, rename never. The sentence becomes the `title` of the
 * problem document, so it holds no value that anyone sent.
 */
export const errorTitles = {
  /** The body, a parameter or a header breaks the schema; `fields` points at what. */
  invalid_request: 'The request does not have the required form.',
  /** No token, or one that is malformed, expired, or meant for another audience. */
  unauthenticated: 'A valid access token is required.',
  /** The actor is known but none of its roles may do this. */
  forbidden: 'This role may not do that.',
  /** No such address. */
  not_found: 'There is nothing at this address.',
  /** The address exists, but not for this method. */
  method_not_allowed: 'This address does not answer that method.',
  /** The body is larger than the route accepts; it was not read. */
  payload_too_large: 'The request body is too large.',
  /** The body came more slowly than any line that works, or stopped coming. */
  body_too_slow: 'The request body came too slowly.',
  /** The body is of another media type than the route accepts. */
  unsupported_media_type: 'The request body has a media type that is not accepted here.',
  /** Too many requests from this caller; `Retry-After` says when to come back. */
  rate_limited: 'Too many requests.',
  /** Too much is being done here already, for whomever; `Retry-After` says when to come back. */
  service_busy: 'The service is busy.',
  /** The key was used before with a different request. */
  idempotency_key_reused: 'This idempotency key belongs to a different request.',
  /** The first request with this key has not ended yet. */
  idempotency_in_progress: 'A request with this idempotency key is still running.',
  /** No account with this id in the caller's institution. */
  account_not_found: 'There is no such account.',
  /** The institution already has an account with this number. */
  account_number_taken: 'An account with this number exists already.',
  /** No seal card with this id in the caller's institution. */
  card_not_found: 'There is no such seal card.',
  /** The institution already has a seal card with this number. */
  card_number_taken: 'A seal card with this number exists already.',
  /** No seal with this id in the caller's institution. */
  seal_not_found: 'There is no such seal.',
  /** The institution already has a seal with this serial. */
  seal_serial_taken: 'A seal with this serial exists already.',
  /** Today is outside the start and end dates of the seal card, so nothing was computed. */
  seal_card_inactive: 'The seal card is not valid today.',
  /** The seal is suspended or closed, so nothing was computed. */
  seal_not_active: 'The seal is suspended or closed.',
  /** The seals on the paper complete none of the card's combinations, so nothing was computed. */
  combination_incomplete: 'The seals named complete no combination of this card.',
  /** The seal has as many reserved imprints as it may. */
  seal_imprints_full: 'The seal has as many reserved imprints as it may.',
  /** Another change of the same card was committed first. */
  card_changed: 'The seal card was changed by someone else in the meantime.',
  /** Another change of the same seal was committed first. */
  seal_changed: 'The seal was changed by someone else in the meantime.',
  /** No verification with this id in the caller's institution. */
  verification_not_found: 'There is no such verification.',
  /** No installed vendor has this code, or it took no part in the verification. */
  vendor_not_found: 'There is no such vendor here.',
  /** No job with this id in the caller's institution. */
  job_not_found: 'There is no such job.',
  /** The job is not in a state in which this can be done. */
  job_state: 'The job is not in a state for that.',
  /** Too much waits already; `Retry-After` says when to come back. */
  queue_full: 'Too many vouchers wait already.',
  /** The vendor cannot be replaced by this one: the same, or not both installed. */
  replacement_invalid: 'These two vendors cannot replace each other here.',
  /** No proposed change of a seal with this id in the caller's institution. */
  seal_change_not_found: 'There is no such change of a seal.',
  /** No policy change with this id in the caller's institution. */
  policy_change_not_found: 'There is no such policy change.',
  /** The change was decided already, or it was made for a policy that is no longer in force. */
  policy_changed: 'The policy was changed by someone else in the meantime.',
  /** The verification passed by itself, or there is none with this id. */
  review_not_found: 'There is no review of this verification.',
  /** Somebody's decision settled it for good. */
  review_settled: 'This review is settled.',
  /** Another person has it before them. */
  review_taken: 'Another reviewer has this item.',
  /** The seconds in which a decision can be taken back are over, or it is not the caller's. */
  undo_too_late: 'The decision can no longer be taken back.',
  /** Maker and checker are two people, and nobody reviews what they asked for. */
  own_work: 'Nobody approves or reviews what they asked for themselves.',
  /** Others kept moving the same piece of work; nothing was done. */
  work_contended: 'Others are working on the same thing.',
  /** Neither PNG nor JPEG, or a variant of them that the decoder does not read. */
  picture_unsupported: 'The picture is not a PNG or JPEG that can be read.',
  /** More pixels than allowed; decided from the header, before anything was decoded. */
  picture_too_large: 'The picture has too many pixels.',
  /** The picture's data breaks its own format. */
  picture_corrupt: 'The picture is damaged.',
  /** The picture was read, but there is no ink of an imprint on it. */
  imprint_not_found: 'There is no imprint on the picture.',
  /** A stored template could not be decrypted or is not what was stored. One code, whatever the reason. */
  template_unreadable: 'The stored template cannot be read.',
  /** The event does not follow the newest one of its subject: another was written first. */
  ledger_conflict: 'The ledger has moved on in the meantime.',
  /** The log is not that long, or the range makes no sense. */
  ledger_entry_not_found: 'The ledger has no such entry.',
  /** What the ledger answered does not prove itself; `detail` says which check failed. */
  ledger_proof_invalid: 'The answer of the ledger does not verify.',
  /** The log or a quorum of its witnesses does not answer. */
  ledger_unavailable: 'The ledger does not answer.',
  /** No keys of the ledger are pinned in this deployment, or the ledger has others; `detail` says which. */
  ledger_untrusted: 'The keys of the ledger are not those that this service trusts.',
  /** Nobody has a personal key with this id, or somebody else has. */
  personal_key_not_found: 'There is no such personal key.',
  /** The key is still being made, exists already, or was withdrawn. */
  personal_key_state: 'The personal key is not in the state for that.',
  /** One person has keys on as many devices as allowed. */
  personal_keys_too_many: 'There are too many personal keys already.',
  /** Too many failed signatures; `Retry-After` says when the lock ends at the latest. */
  personal_key_locked: 'The personal key is locked after failed attempts.',
  /** Another signature is being made with the key. */
  personal_key_busy: 'Another signature is being made with the personal key.',
  /** One of ten tries is used up. */
  pin_wrong: 'The PIN is not right.',
  /** No tries are left; the key can only be withdrawn. */
  pin_locked: 'The PIN was wrong too often.',
  /** No payment order with this id, or it is somebody else's. */
  order_not_found: 'There is no such order.',
  /** The order was executed, terminated, or is not at the step for that. */
  order_state: 'The order is not in the state for that.',
  /** Nobody went on with the order in time; it has ended. */
  order_expired: 'The order has expired.',
  /** Together with what was spent today the order is above a limit of the certificate. */
  order_over_limit: 'The order is above a limit.',
  /** By the certificate's settings others of the organisation must agree before it is confirmed. */
  second_person_needed: 'Somebody else of the organisation must agree to the order first.',
  /** Since the order was placed the institution watches or blocks the payee; the order has ended. */
  payee_changed: 'The payee must be looked at anew; the order ended.',
  /** `errors` says what does not fit: `unknown`, `stale`, `other_money` or `used`. */
  seal_verification_refused: 'The order cannot lean on this verification of a seal.',
  biometric_not_offered: 'The institution compares nobody by this trait.',
  biometric_not_found: 'There is no template of this trait.',
  biometric_sample_unusable: 'The sample shows nothing that can be compared.',
  biometric_demanded: 'The policy allows this order for a biometric match only.',
  biometrics_unavailable: 'The biometric service did not answer.',
  webhook_not_found: 'There is no such webhook.',
  /** Not `https`, no host name, a name inside somebody's network, or with credentials in it. */
  webhook_address_refused: 'Messages may not be sent to this address.',
  webhooks_too_many: 'The institution has as many webhooks as it may have.',
  /** The certificate whose key should sign is on hold, revoked, expired or unknown. */
  certificate_not_active: 'The certificate is not in force.',
  /** The handshake is not one of this terminal with this service; no more is said. */
  session_refused: 'The session does not come about.',
  /** The time that the terminal named is too far from the service's. */
  session_clock: "The terminal's clock is too far off.",
  /** The session ended, or the service was started anew; the terminal opens another. */
  session_not_found: 'There is no such session.',
  /** The message is not authentic, or was here before. */
  session_message_refused: 'The message does not belong to this session.',
  /** The terminal has session keys, and so this goes through its session only. */
  session_required: 'This takes a session of the terminal.',
  /** What the terminal runs was never released, or was withdrawn. */
  software_refused: 'The software of the terminal is not released.',
  /** No release of this hash. */
  software_not_found: 'There is no such software.',
  /** The certificate of the terminal's session keys has ended; its person registers others. */
  terminal_keys_expired: "The terminal's keys have expired.",
  /** The person has no such device, or it was revoked. */
  terminal_not_found: 'There is no such terminal.',
  /** No institution with this id. */
  institution_not_found: 'There is no such institution.',
  /** No key of an institution with this id. */
  institution_key_not_found: 'There is no such institution key.',
  /** No grant with this id. */
  grant_not_found: 'There is no such grant.',
  /** No proposed change of a grant list with this id. */
  grant_change_not_found: 'There is no such change of a grant list.',
  /** Another change of the list came first; it must be proposed anew. */
  grant_change_outdated: 'The grant list was changed in the meantime.',
  /** A key has as many grants as allowed. */
  grants_too_many: 'There are too many grants already.',
  /** No use of a key with this id, or it is somebody else's. */
  operation_not_found: 'There is no such operation.',
  /** The use is not at the step for that. */
  operation_state: 'The operation is not in the state for that.',
  /** The right, the keys or the certificates do not allow it; `errors` says what. */
  operation_refused: 'The operation is not allowed.',
  /** The signature is not one of the person over exactly this text. */
  signature_invalid: 'The signature is not valid.',
  /** Others keep changing the same rows; nothing was done. */
  rows_contended: 'Others are changing the same thing.',
  /** The key cannot do this with a document, or has no certificate that could go with it. */
  document_key_unfit: 'The key is not for this kind of work.',
  /** The document of the operation was not made: it is not completed, or holds nothing readable. */
  document_absent: 'There is no such document.',
  /** The dates of the electronic seal are over. */
  electronic_seal_expired: 'The electronic seal has expired.',
  /** The bytes are no message, envelope, document or seal of the named format. */
  document_malformed: 'The document does not have the required form.',
  /** The envelope was made for other certificates. */
  envelope_not_addressed: 'The envelope is not addressed to this certificate.',
  /** The envelope could not be decrypted. One code, whatever the reason. */
  envelope_unreadable: 'The envelope cannot be opened.',
  /** The answer of the authenticator does not verify, was used before, or came too late. */
  passkey_refused: 'The passkey was not accepted.',
  /** Nobody has a passkey with this id in use, or somebody else has. */
  passkey_not_found: 'There is no such passkey.',
  /** One person has as many passkeys as allowed. */
  passkeys_too_many: 'There are too many passkeys already.',
  /** Unknown, expired, withdrawn or used before; which of these is not said. */
  grant_refused: 'The grant is not accepted.',
  /** The profile is not switched on here. */
  token_profile_off: 'Tokens of this profile are not issued here.',
  /** No token with this id, or it is somebody else's. */
  token_not_found: 'There is no such token.',
  /** What was sent contradicts the certificate of the person. */
  identity_mismatch: 'The identity does not agree with the certificate.',
  /** No business system with this name, or it has not proved its key. */
  business_system_not_found: 'There is no such business system.',
  /** The name is taken, or the system is not at the step for that. */
  business_system_state: 'The business system is not in the state for that.',
  /** The key is none, or its holder did not prove to hold it. */
  business_key_refused: 'The key of the business system was not accepted.',
  /** The proof of possession must repeat the nonce of the `DPoP-Nonce` header (RFC 9449 §8). */
  proof_nonce_required: 'The proof of possession needs the nonce that is given here.',
  /** The sample business system did not accept the token; which check failed is not said. */
  business_token_refused: 'The business system did not accept the token.',
  /** The certificate in the token does not allow it, or it is above a limit. */
  business_not_permitted: 'The token does not permit this at the business system.',
  /** What is needed was not released to the system: it was not sent, or the policy keeps it back. */
  business_fact_absent: 'The token does not carry what this needs.',
  /** It is unlike what the person does; `errors` says how. Sent again as confirmed it is done. */
  business_confirmation: 'This is unusual and must be confirmed.',
  /** No bill with this name. */
  business_bill_unknown: 'There is no such bill.',
  /** The bill was paid before. */
  business_bill_paid: 'The bill is paid already.',
  /** The business system does not answer. */
  business_unavailable: 'The business system does not answer.',
  /** No signing key of the authentication centre with this id. */
  issuer_key_not_found: 'There is no such signing key.',
  /** The key is not in the state for that. */
  issuer_key_state: 'The signing key is not in the state for that.',
  /** The audit log cannot be written, so the operation did not happen. */
  audit_unavailable: 'The audit log does not answer, so nothing was done.',
  /** No key with this id in the caller's institution. */
  key_not_found: 'There is no such key.',
  /** The key is frozen, revoked, or not yet held by enough chips. */
  key_not_active: 'The key is not active.',
  /** The id belongs to a key of another kind. */
  key_id_taken: 'This id belongs to another key.',
  /** The request id was used before with another input. */
  key_request_reused: 'This request id belongs to a different use of the key.',
  /** The key is not for this use or scheme. */
  key_use_refused: 'The key may not be used like that.',
  /** The key's policy allows no further use. */
  key_limit_reached: 'The key has reached its limit.',
  /** The key moves only for a person, and what the person signed does not allow this. */
  activation_refused: 'The key was not activated for this use.',
  /** The ciphertext does not open with this key, whatever the reason. */
  decryption_failed: 'The ciphertext does not decrypt.',
  /** A message of the other side of a two-party protocol is malformed, or its proof does not hold. */
  protocol_failed: 'The message of the protocol is not acceptable.',
  /** The chip that ran the protocol lost it; nothing was released, begin again. */
  share_session_lost: 'The protocol run is lost. Begin it again.',
  /** The chips hold no share of this epoch: it was refreshed since, or never was. */
  share_epoch_unknown: 'There is no share of this epoch.',
  /** No chip of this name in the cluster. */
  chip_not_found: 'There is no such chip.',
  /** The cluster has a chip of this name. */
  chip_exists: 'A chip of this name exists already.',
  /** Only a chip that is drained or quarantined can be emptied, and only an empty one taken back. */
  chip_active: 'The chip is in service.',
  /** A chip must prove that it forgot everything before it is taken back. */
  chip_not_empty: 'The chip was not emptied.',
  /** It may have the only copies of keys; to give them up takes a word more. */
  chip_holds_keys: 'Keys are not safe yet without the chip.',
  /** Without this chip, keys could no longer be kept in two places. */
  chips_too_few: 'Too few chips would be left.',
  share_unreadable: "An officer's share is damaged, or of another set.",
  shares_too_few: "Fewer officers' shares than the secret needs.",
  /** The chips were set up without the public key of the backup officers. */
  backup_key_missing: 'The chips have no backup key.',
  /** No backup of this number is being made. */
  backup_not_found: 'There is no such backup.',
  /** Keys are missing from it, and it would bar an older backup that has them. */
  backup_incomplete: 'Keys are missing from the backup.',
  /** Its entries were not all compared with its manifest yet. */
  backup_unchecked: 'The backup was not compared with its manifest.',
  /** Altered, of another cluster, or for another backup key; `detail` says what does not hold. */
  backup_invalid: 'The backup is not what the chips of this cluster made.',
  /** A newer backup exists; an old one could bring back what was revoked or changed since. */
  backup_outdated: 'There is a newer backup.',
  /** No restore is going on, its time is over, or the chip that led it is gone. */
  restore_not_found: 'There is no such restore.',
  /**
   * The chips have more to do than they take on, or more from this institution than its share, as
   * `detail` then says; `Retry-After` says when to come back.
   */
  chips_busy: 'The key chips are busy.',
  /** No two chips offer the protection that the key's policy demands. */
  protection_unavailable: 'Too few chips offer the protection that is asked for.',
  /** The chips that hold the template keys do not answer. */
  chips_unavailable: 'The key chips do not answer.',
  /** The database, object store or queue does not answer. */
  storage_unavailable: 'The store does not answer.',
  /** No application with this id in the caller's institution, or not the caller's own. */
  application_not_found: 'There is no such application.',
  /** The application is not in a state from which it could go there. */
  application_state: 'The application is not in a state for that.',
  /** Another change of the same application was committed first. */
  application_changed: 'The application was changed by someone else in the meantime.',
  /** Maker and checker are one: the applicant, or who established the identity, may not do this. */
  same_person: 'This takes another person.',
  /** Nobody is set up who could be asked about identities; an officer has to look. */
  identity_check_absent: 'There is no automatic identity check here.',
  /** The federated decision with the application does not count for it; `errors` says why. */
  decision_unusable: 'The decision cannot be used for this application.',
  /** A person may not give this tier; `errors` says why. */
  override_refused: 'The tier cannot be changed like that.',
  /** The keys of an institution are made and renewed where officers govern them, never without. */
  officers_required: 'The keys of an institution need officers who govern them.',
  /** The keys were renewed, or their renewal is being decided. */
  key_renewed: 'These keys have a successor already.',
  /** A certificate over the same key is not revoked, or was revoked because the key was stolen. */
  key_in_use: 'There is a certificate for this key already.',
  /** The end that was asked for came before the certificate was made. */
  requested_end_passed: 'The end that the application asks for has passed.',
  /** No certificate with this serial number in the caller's institution. */
  certificate_not_found: 'There is no such certificate.',
  /** The certificate is not in a state from which it could go there. */
  certificate_state: 'The certificate is not in a state for that.',
  /** Another change of the same certificate came first. */
  certificate_changed: 'The certificate was changed by someone else in the meantime.',
  /** The hierarchy never had an issuing authority of this generation. */
  authority_not_found: 'There is no such issuing authority.',
  /** The one that issues is not revoked before the next one is open. */
  authority_in_use: 'The authority still issues certificates.',
  /** Another generation is the next one, or another revocation was proposed. */
  authority_changed: 'The issuing authorities are not as the request takes them to be.',
  /** More certificates of one authority are revoked or on hold than a list can name. */
  revocation_list_full: 'The revocation list cannot name so many certificates.',
  /** Nothing comes into force any more under an authority that was revoked. */
  authority_revoked: 'The authority that issued the certificate was revoked.',
  /** What was made is not what was meant; it was not put into the ledger, so it does not exist. */
  certificate_lint_failed: 'The certificate did not pass its own checks.',
  /** The verification against the ledger failed; `errors` names each failed step and its code. */
  thaw_refused: 'The certificate did not verify against the ledger, so it stays frozen.',
  /** The run has ended, or somebody else reports it. */
  training_run_over: 'This training takes no more reports.',
  /** The consent is not signed by its key, not for this federation, or not in force now. */
  federation_consent_invalid: 'The consent does not allow this.',
  /** A request id is used once, whatever became of the request. */
  federation_request_used: 'This scoring request was made before.',
  /** No scoring request with this id in the caller's institution. */
  federation_request_not_found: 'There is no such scoring request.',
  /** Too many nodes, or the decision service, refused; `errors` names each with its reason. */
  federation_refused: 'The federation does not answer this request.',
  /** Too few nodes answered in time; `errors` names the stage and the nodes. */
  federation_unavailable: 'Too few parties of the federation answer.',
  /** What the parties said does not fit together, so nothing was decided. */
  federation_inconsistent: 'The parties of the federation contradict each other.',
  /** Anything unexpected. The log has the cause under the request id. */
  internal: 'Something went wrong on our side.',
} as const;

export type ErrorCode = keyof typeof errorTitles;

/** One thing wrong with the input: where (a JSON pointer, RFC 6901) and what. */
export interface FieldError {
  readonly pointer: string;
  readonly code: string;
}

/**
 * The one error of the service.
 *
 * `detail` is written for the caller and repeats nothing that the caller sent. `cause` is for the
 * log only and never crosses the wire.
 */
export class CinnabarError extends Error {
  override readonly name = 'CinnabarError';
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly fields: readonly FieldError[];

  constructor(
    code: ErrorCode,
    more: { detail?: string; fields?: readonly FieldError[]; cause?: unknown } = {},
  ) {
    super(code, 'cause' in more ? { cause: more.cause } : undefined);
    this.code = code;
    this.detail = more.detail;
    this.fields = more.fields ?? [];
  }
}
