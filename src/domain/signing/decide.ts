import { certificateStateOf } from '../certificates/find.ts';
import type { FieldError } from '../errors.ts';
import type { SigningDeps } from './ports.ts';
import type { Grant, InstitutionKey, Operation, PersonalKey } from './types.ts';

export type OperationTerms = Pick<
  Operation,
  'request' | 'document' | 'documentType' | 'amount' | 'sealVerificationId' | 'actor'
>;

/** What a grant does not allow about a request; nothing when it allows all of it. Pure. */
export function grantErrors(grant: Grant, terms: OperationTerms, nowMs: number): FieldError[] {
  const errors: FieldError[] = [];
  const expect = (holds: boolean, pointer: string, code: string) => {
    if (!holds) errors.push({ pointer, code });
  };
  const { documentTypes, amountMax } = grant;
  const { request, documentType, amount } = terms;
  expect(grant.state === 'active', '/body/grantId', 'grant_not_active');
  expect(grant.actor === terms.actor, '/body/grantId', 'grant_of_another');
  expect(nowMs >= grant.validFromMs, '/body/grantId', 'grant_not_yet_valid');
  expect(nowMs <= grant.validUntilMs, '/body/grantId', 'grant_expired');
  expect(grant.used < grant.usesMax, '/body/grantId', 'grant_used_up');
  expect(grant.operations.includes(request.kind), '/body/request/kind', 'operation_not_granted');
  expect(
    documentTypes.length === 0 || documentTypes.includes(documentType),
    '/body/documentType',
    'document_type_not_granted',
  );
  // A limit that could be left unsaid would be none.
  expect(!amountMax || amount !== undefined, '/body/amount', 'required');
  if (amount) {
    expect(amountMax?.currency === amount.currency, '/body/amount/currency', 'amount_not_granted');
    expect(amount.minor <= (amountMax?.minor ?? 0), '/body/amount/minor', 'amount_over_limit');
  }
  return errors;
}

/** What stands against the use of a key besides the grant: keys and certificates. */
export async function standingErrors(
  deps: SigningDeps,
  key: InstitutionKey,
  person: PersonalKey,
): Promise<FieldError[]> {
  const errors: FieldError[] = [];
  if (person.state !== 'active') {
    errors.push({ pointer: '/body/personalKeyId', code: 'personal_key_not_active' });
  }
  const personStanding = await standingOfSerial(deps, person.certificateSerial);
  if (personStanding !== 'good') {
    errors.push({ pointer: '/body/personalKeyId', code: `certificate_${personStanding}` });
  }
  const institutionStanding = await standingOfSerial(deps, await serialOf(deps, key));
  if (institutionStanding !== 'good') {
    errors.push({ pointer: '/params/id', code: `certificate_${institutionStanding}` });
  }
  return errors;
}

/** A seal that the request leans on must have been verified here, and found to match. */
export async function verificationErrors(
  { seals }: SigningDeps,
  tenant: string,
  { sealVerificationId }: OperationTerms,
): Promise<FieldError[]> {
  if (sealVerificationId === undefined) return [];
  const found = await seals.findVerification(tenant, sealVerificationId);
  const code = found ? 'seal_not_matched' : 'seal_verification_unknown';
  return found?.match ? [] : [{ pointer: '/body/sealVerificationId', code }];
}

function standingOfSerial(deps: SigningDeps, serialHex: string | undefined) {
  return serialHex === undefined ? 'unknown' : certificateStateOf(deps, serialHex);
}

/** The certificate over an institution's key that is newest, if one was issued. */
export async function serialOf(
  deps: SigningDeps,
  { tenant, id, applicationId }: InstitutionKey,
): Promise<string | undefined> {
  const found = await deps.certificates.listCertificates(tenant, { applicationId }, { limit: 8 });
  return found.find(({ keyId }) => keyId === id)?.serialHex;
}
