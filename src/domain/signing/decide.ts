import { readDecision, type UseDecision } from '../../core/usage/decision.ts';
import { instantText } from '../../lib/time.ts';
import {
  certificateStateOf,
  findCertificate,
  type Standing,
  settingsOf,
  standingOf,
} from '../certificates/find.ts';
import type { FieldError } from '../errors.ts';
import type { Settings } from '../federation/settings.ts';
import { assessUse, type UseAssessment, usesLookedAt } from '../risk/uses.ts';
import type { Verification } from '../seals/types.ts';
import { documentFacts } from './document-work.ts';
import type { SigningDeps } from './ports.ts';
import { recentRuns } from './strikes.ts';
import type { Grant, GrantedOperation, InstitutionKey, Operation, PersonalKey } from './types.ts';

/** What is asked for, as far as a decision looks at it. */
export type UseTerms = Pick<
  Operation,
  | 'id'
  | 'actor'
  | 'request'
  | 'document'
  | 'documentType'
  | 'amount'
  | 'reason'
  | 'sealVerificationId'
>;

export interface Parts {
  readonly key: InstitutionKey;
  readonly grant: Grant;
  readonly person: PersonalKey;
}

/** Everything that a decision rests on, as it is now. */
export interface Considered extends Parts {
  readonly nowMs: number;
  readonly keyCertificate: Held;
  readonly personCertificate: Held;
  /** Of the person's certificate; absent when none are in force. */
  readonly settings: Settings | undefined;
  readonly verification: Verification | undefined;
  readonly risk: UseAssessment;
}

interface Held {
  readonly serial: string;
  readonly standing: Standing;
  readonly holder: string;
  readonly notAfterMs: number;
}

/** Looks up what the decision about a use rests on. */
export async function consider(
  deps: SigningDeps,
  parts: Parts,
  terms: UseTerms,
): Promise<Considered> {
  const { key, person } = parts;
  const nowMs = deps.clock.now();
  const personSerial = person.certificateSerial;
  const [keySerial, settings, verification] = await Promise.all([
    serialOf(deps, key),
    personSerial === undefined ? undefined : settingsOf(deps, personSerial),
    terms.sealVerificationId === undefined
      ? undefined
      : deps.seals.findVerification(key.tenant, terms.sealVerificationId),
  ]);
  const [keyCertificate, personCertificate, risk] = await Promise.all([
    heldOf(deps, keySerial, nowMs),
    heldOf(deps, personSerial, nowMs),
    riskOf(deps, parts, terms, verification),
  ]);
  return { ...parts, nowMs, keyCertificate, personCertificate, settings, verification, risk };
}

async function heldOf(deps: SigningDeps, serial: string | undefined, nowMs: number): Promise<Held> {
  const found = serial === undefined ? undefined : await findCertificate(deps, serial);
  if (!found) return { serial: '', standing: 'unknown', holder: '', notAfterMs: 0 };
  const { serialHex, subject, notAfterMs } = found;
  const standing = standingOf(found, nowMs);
  return { serial: serialHex, standing, holder: subject.commonName, notAfterMs };
}

async function riskOf(
  deps: SigningDeps,
  { key, grant, person }: Parts,
  { actor, amount }: UseTerms,
  verification: Verification | undefined,
): Promise<UseAssessment> {
  const nowMs = deps.clock.now();
  const filter = { owner: actor, parent: key.id };
  const records = await deps.signing.list(key.tenant, 'record', filter, { limit: usesLookedAt });
  return assessUse({
    nowMs,
    ...(amount ? { amountMinor: amount.minor } : {}),
    ...(grant.amountMax ? { amountMaxMinor: grant.amountMax.minor } : {}),
    keyMadeAtMs: person.createdAtMs,
    failedRuns: recentRuns(person.strikes, nowMs),
    earlier: records.map(({ body }) => {
      const earlier = amountIn(body.decision);
      const isSame = earlier !== undefined && earlier.currency === amount?.currency;
      return { atMs: body.receipt.atMs, ...(isSame ? { amountMinor: earlier.minor } : {}) };
    }),
    sealInDoubt: verification?.verdict === 'review',
  });
}

function amountIn(decision: string): UseDecision['amount'] {
  const { amount } = JSON.parse(decision) as Partial<UseDecision>;
  return amount;
}

/**
 * How a key's certificate must stand for a use of it. What was encrypted while it held must be
 * readable after it has ended or was followed by another, and not once it was withdrawn.
 */
const standingsFor: Readonly<Record<GrantedOperation, readonly Standing[]>> = {
  sign: ['good'],
  decrypt: ['good', 'expired', 'superseded'],
};

/** Everything that stands against a use; nothing when it is allowed. Pure. */
export function refusals(facts: Considered, terms: UseTerms): FieldError[] {
  const { grant, person, keyCertificate, personCertificate, settings, risk, nowMs } = facts;
  const errors = grantErrors(grant, terms, nowMs);
  const expect = (holds: boolean, pointer: string, code: string) => {
    if (!holds) errors.push({ pointer, code });
  };
  const ofPerson = '/body/personalKeyId';
  expect(grant.personalKeyId === person.id, ofPerson, 'grant_of_another_key');
  expect(person.state === 'active', ofPerson, 'personal_key_not_active');
  const { standing } = personCertificate;
  expect(standing === 'good', ofPerson, `certificate_${standing}`);
  expect(
    standing !== 'good' || permits(settings, terms.request.kind),
    ofPerson,
    'settings_do_not_permit',
  );
  expect(
    standingsFor[terms.request.kind].includes(keyCertificate.standing),
    '/params/id',
    `certificate_${keyCertificate.standing}`,
  );
  expect(risk.verdict !== 'terminate', '/body', 'risk_too_high');
  if (terms.sealVerificationId !== undefined) {
    const { verification } = facts;
    const isMatch = verification?.match === true && verification.verdict !== 'fail';
    const code = verification ? 'seal_not_matched' : 'seal_verification_unknown';
    expect(isMatch, '/body/sealVerificationId', code);
  }
  return errors;
}

/** Who may only look signs nothing; what somebody may see it may decrypt, if it is granted. */
function permits(settings: Settings | undefined, kind: GrantedOperation): boolean {
  return settings?.permissions.includes(kind === 'sign' ? 'make' : 'view') ?? false;
}

/** What a grant does not allow about a request; nothing when it allows all of it. Pure. */
export function grantErrors(grant: Grant, terms: UseTerms, nowMs: number): FieldError[] {
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

/** Others that must agree: as many as the grant says, and one where the risk asks for it. */
export const approvalsFor = ({ grant, risk }: Pick<Considered, 'grant' | 'risk'>) =>
  Math.max(grant.approvalsNeeded, risk.verdict === 'challenge' ? 1 : 0);

/** The decision about a use that nothing stands against. `digestHex` is `inputDigest` of it. */
export function decisionOf(facts: Considered, terms: UseTerms, digestHex: string): UseDecision {
  const { key, grant, person, settings, verification, risk, nowMs } = facts;
  const { request, document, amount } = terms;
  const { rules, verdict, score, reasons } = risk;
  return {
    v: 2,
    kind: 'cinnabar key use',
    verdict: 'allow',
    at: instantText(nowMs),
    operation: terms.id,
    tenant: key.tenant,
    key: {
      id: key.id,
      holder: facts.keyCertificate.holder,
      certificate: heldCertificate(facts.keyCertificate),
    },
    person: {
      actor: terms.actor,
      personalKey: person.id,
      publicKeyHex: person.publicKeyHex,
      certificate: heldCertificate(facts.personCertificate),
      role: settings?.role ?? '',
      permissions: settings?.permissions ?? [],
    },
    grant: {
      id: grant.id,
      operations: grant.operations,
      validFrom: instantText(grant.validFromMs),
      validUntil: instantText(grant.validUntilMs),
      usesMax: grant.usesMax,
      documentTypes: grant.documentTypes,
      ...(grant.amountMax ? { amountMax: grant.amountMax } : {}),
    },
    use: { kind: request.kind, scheme: request.scheme, digestHex },
    ...(document ? { document: documentFacts(document) } : {}),
    documentType: terms.documentType,
    ...(amount ? { amount } : {}),
    reason: terms.reason,
    approvalsNeeded: approvalsFor(facts),
    risk: { rules, verdict: verdict === 'allow' ? 'allow' : 'challenge', score, reasons },
    ...(verification
      ? {
          sealVerification: {
            id: verification.id,
            sealId: verification.sealId,
            verdict: verification.verdict,
            at: instantText(verification.createdAtMs),
          },
        }
      : {}),
  };
}

const heldCertificate = ({ serial, standing }: Held) => ({ serial, standing });

/**
 * Whether every certificate that a decision rests on still stands as it says, those of the people
 * who agreed among them: the last look before the chips are asked.
 */
export async function stillStands(
  deps: Pick<SigningDeps, 'certificates' | 'clock'>,
  { decision, approvals }: Pick<Operation, 'decision' | 'approvals'>,
): Promise<boolean> {
  const decided = readDecision(decision);
  if (!decided) return false;
  const agreed = approvals.map(({ serial }) => ({ serial, standing: 'good' }));
  const held = [decided.key.certificate, decided.person.certificate, ...agreed];
  const now = await Promise.all(held.map(({ serial }) => certificateStateOf(deps, serial)));
  return held.every(({ standing }, i) => standing === now[i]);
}

/** The certificate over an institution's key that is newest, if one was issued. */
export async function serialOf(
  deps: SigningDeps,
  { tenant, id, applicationId }: InstitutionKey,
): Promise<string | undefined> {
  const found = await deps.certificates.listCertificates(tenant, { applicationId }, { limit: 8 });
  return found.find(({ keyId }) => keyId === id)?.serialHex;
}
