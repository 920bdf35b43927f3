import { type Role, roles } from '../domain/actor.ts';

export interface RouteRule {
  /** Who may call it; `anyone` needs no token. */
  readonly roles: readonly Role[] | 'anyone';
  /**
   * What it reads; `batch` is a form with many pictures. Without this the body of a request is
   * never touched.
   */
  readonly body?: 'json' | 'form' | 'multipart' | 'batch' | 'ocsp';
  /** Takes an idempotency key. */
  readonly idempotent?: true;
  /**
   * Touches what all institutions share: only people of the one that runs the service may call it,
   * whatever their role at another.
   */
  readonly ofService?: true;
  /** Its token is for another system, which looks at it itself: here it says nothing of anybody. */
  readonly tokenElsewhere?: true;
}

const sealWriters: readonly Role[] = ['teller', 'administrator'];
const sealReaders: readonly Role[] = ['teller', 'administrator', 'reviewer', 'auditor'];

/** Maker and checker are two people; where there is one administrator, the risk officer checks. */
const policyApprovers: readonly Role[] = ['administrator', 'risk_officer'];

/** Who may ask for a certificate, see certificates, establish identities, and decide. */
/** Whoever holds a key needs a certificate for it; operators and auditors use none. */
const applicants: readonly Role[] = roles.filter(
  (role) => role !== 'operator' && role !== 'auditor',
);
const certificateReaders: readonly Role[] = roles.filter((role) => role !== 'operator');
const identityOfficers: readonly Role[] = ['teller', 'reviewer', 'administrator'];
const certificateApprovers: readonly Role[] = ['administrator', 'risk_officer'];
const overrideMakers: readonly Role[] = ['reviewer', 'administrator', 'risk_officer'];

/** Who pays, and who watches over what is paid. */
const payers: readonly Role[] = ['customer', 'teller', 'administrator', 'developer'];
const riskOfficers: readonly Role[] = ['risk_officer', 'administrator'];

const chipOperators: readonly Role[] = ['operator', 'administrator'];
/** Everybody may hold a personal key; what it may be used for is granted by name. */
const keyHolders: readonly Role[] = roles;
/** Who may carry all records of a key out of the house. */
const recordExporters: readonly Role[] = ['auditor', 'administrator', 'risk_officer'];

const anyone: RouteRule = { roles: 'anyone' };
const atBusiness: RouteRule = { roles: 'anyone', tokenElsewhere: true };
const everybody: RouteRule = { roles };
const oauth: RouteRule = { roles: 'anyone', body: 'form' };
const tokenAdministrators: readonly Role[] = ['administrator', 'developer'];
/** What a webhook hears is the audit log: who may point one somewhere reads that log already. */
const webhookReaders: readonly Role[] = ['administrator', 'developer', 'auditor'];
const keyAdministrators: readonly Role[] = ['administrator', 'operator'];
const operate: RouteRule = { roles: chipOperators, ofService: true };
const readChipLogs: RouteRule = { roles: [...chipOperators, 'auditor'], ofService: true };
const read: RouteRule = { roles: sealReaders };
const readPolicy: RouteRule = { roles: [...sealReaders, 'risk_officer'] };
const writeJson: RouteRule = { roles: sealWriters, body: 'json', idempotent: true };
const readCertificates: RouteRule = { roles: certificateReaders };
const apply: RouteRule = { roles: applicants, body: 'json', idempotent: true };
const approve: RouteRule = { roles: certificateApprovers, idempotent: true };
const administer: RouteRule = { roles: ['administrator'], idempotent: true };
const writeForm: RouteRule = { roles: sealWriters, body: 'multipart', idempotent: true };

/** Every route and who may call it. The app refuses to start with a route that is not here. */
export const routeRules: Readonly<Record<string, RouteRule>> = {
  'GET /healthz': anyone,
  'GET /readyz': anyone,
  'GET /metrics': anyone,
  'GET /openapi.json': anyone,
  'GET /docs': anyone,
  'GET /docs/init.js': anyone,
  'GET /v1/demo/identities': anyone,
  'POST /v1/demo/ledger/alter': { roles: 'anyone', body: 'json' },
  'POST /v1/demo/ledger/restore': anyone,
  'GET /v1/demo/applicants': anyone,
  'POST /v1/demo/token': { roles: 'anyone', body: 'json' },
  'GET /v1/notice': { roles },
  'POST /v1/seals/accounts': writeJson,
  'GET /v1/seals/accounts': read,
  'GET /v1/seals/accounts/{id}': read,
  'POST /v1/seals/cards': writeForm,
  'GET /v1/seals/cards/{id}/image': read,
  'POST /v1/seals': writeForm,
  'GET /v1/seals': read,
  'GET /v1/seals/{id}': read,
  'POST /v1/seals/{id}/rebuild': writeForm,
  'GET /v1/seals/{id}/revisions': read,
  'GET /v1/seals/{id}/picture': read,
  'POST /v1/seals/{id}/imprints': writeForm,
  'POST /v1/seals/{id}/status': writeJson,
  'PATCH /v1/seals/cards/{id}': writeJson,
  'GET /v1/seal-changes': read,
  'POST /v1/seal-changes/{id}/decision': {
    roles: ['administrator', 'reviewer'],
    body: 'json',
    idempotent: true,
  },
  'GET /v1/seal-vendors': read,
  'POST /v1/seal-vendors/{code}/replace': {
    roles: ['administrator'],
    body: 'json',
    idempotent: true,
  },
  'POST /v1/seal-batches': { roles: sealWriters, body: 'batch', idempotent: true },
  'GET /v1/jobs': read,
  'GET /v1/jobs/{id}': read,
  'GET /v1/jobs/{id}/vouchers': read,
  'POST /v1/jobs/{id}/control': writeJson,
  'POST /v1/seal-verifications': writeForm,
  'POST /v1/seals/cards/{id}/verifications': {
    roles: sealWriters,
    body: 'batch',
    idempotent: true,
  },
  'GET /v1/seal-verifications': read,
  'GET /v1/seal-verifications/{id}': read,
  'GET /v1/seal-verifications/{id}/pictures': read,
  'GET /v1/seal-verifications/{id}/pictures/{which}': read,
  'GET /v1/seal-verifications/{id}/review': read,
  'GET /v1/seal-verifications/{id}/templates': { roles: ['reviewer'] },
  'POST /v1/seal-verifications/{id}/decision': {
    roles: ['reviewer'],
    body: 'json',
    idempotent: true,
  },
  'DELETE /v1/seal-verifications/{id}/decision': { roles: ['reviewer'] },
  'GET /v1/seal-reviews': read,
  'POST /v1/seal-reviews/claim': { roles: ['reviewer'] },
  'POST /v1/seal-reviews/{id}/claim': { roles: ['reviewer'] },
  'POST /v1/seal-reviews/{id}/release': { roles: ['reviewer'] },
  'GET /v1/seal-policies/current': readPolicy,
  'PUT /v1/seal-policies/current': { roles: ['administrator'], body: 'json', idempotent: true },
  'GET /v1/seal-policies/changes': readPolicy,
  'POST /v1/seal-policies/changes/{id}/decision': {
    roles: policyApprovers,
    body: 'json',
    idempotent: true,
  },
  'POST /v1/seal-policies/preview': { ...readPolicy, body: 'json' },
  'GET /ledger/checkpoint': anyone,
  'GET /ledger/trust': anyone,
  'GET /ledger/entries': anyone,
  'GET /ledger/entries/{index}': anyone,
  'GET /ledger/subjects/{kind}/{name}': anyone,
  'GET /ledger/subjects/{kind}/{name}/status': anyone,
  'GET /ledger/proof/inclusion': anyone,
  'GET /ledger/proof/consistency': anyone,
  'GET /ledger/tile/{path}': anyone,
  'POST /v1/audit/anchor': { roles: ['auditor', 'administrator'] },
  'POST /v1/certificates/applications': apply,
  'GET /v1/certificates/applications': readCertificates,
  'GET /v1/certificates/applications/{id}': readCertificates,
  'POST /v1/certificates/applications/{id}/identity': {
    roles: identityOfficers,
    body: 'json',
    idempotent: true,
  },
  'POST /v1/certificates/applications/{id}/approve': approve,
  'POST /v1/certificates/applications/{id}/override': {
    roles: overrideMakers,
    body: 'json',
    idempotent: true,
  },
  'POST /v1/certificates/applications/{id}/override/decision': {
    roles: certificateApprovers,
    body: 'json',
    idempotent: true,
  },
  'POST /v1/certificates/applications/{id}/issue': approve,
  'POST /v1/certificates/applications/{id}/reject': {
    roles: certificateApprovers,
    body: 'json',
    idempotent: true,
  },
  'POST /v1/certificates/applications/{id}/withdraw': { roles: applicants, idempotent: true },
  'GET /v1/certificates': readCertificates,
  'GET /v1/certificates/{serial}': readCertificates,
  'POST /v1/certificates/{serial}/verify': readCertificates,
  'POST /v1/certificates/{serial}/thaw': administer,
  'POST /v1/certificates/{serial}/freeze': administer,
  'POST /v1/certificates/{serial}/revoke': {
    roles: ['administrator'],
    body: 'json',
    idempotent: true,
  },
  'POST /v1/certificates/{serial}/renew': apply,
  'GET /v1/certificates/{serial}/bundle': readCertificates,
  'GET /pki/ca.crt': anyone,
  'GET /pki/crl': anyone,
  'GET /pki/ocsp/{request}': anyone,
  'POST /pki/ocsp': { roles: 'anyone', body: 'ocsp' },
  'GET /v1/authorities': { ...operate, roles: [...chipOperators, 'auditor'] },
  'POST /v1/authorities': { ...operate, body: 'json' },
  'POST /v1/authorities/{algorithm}/{generation}/revocation': { ...operate, body: 'json' },
  'GET /v1/chips': operate,
  'POST /v1/chips': { ...operate, body: 'json', idempotent: true },
  'POST /v1/chips/{chip}/drain': operate,
  'POST /v1/chips/{chip}/reset': { ...operate, body: 'json' },
  'POST /v1/chips/{chip}/readmit': operate,
  'POST /v1/chips/{chip}/halt': operate,
  'GET /v1/chips/{chip}/log': readChipLogs,
  'POST /v1/chips/log-anchors': readChipLogs,
  'GET /v1/chips/backups': operate,
  'POST /v1/chips/backups': { ...operate, idempotent: true },
  'POST /v1/chips/backups/{number}/pages/{page}': operate,
  'POST /v1/chips/backups/{number}/manifest': operate,
  'POST /v1/chips/backups/{number}/confirm': { ...operate, body: 'json' },
  'POST /v1/chips/restores': { ...operate, body: 'json' },
  'GET /v1/chips/restores/{id}': operate,
  'POST /v1/chips/restores/{id}/shares': { ...operate, body: 'json' },
  'POST /v1/chips/restores/{id}/checks': { ...operate, body: 'json' },
  'POST /v1/chips/restores/{id}/keys': { ...operate, body: 'json' },
  'POST /v1/chips/restores/{id}/end': operate,
  'POST /v1/personal-keys': { roles: keyHolders, body: 'json' },
  'GET /v1/personal-keys': { roles: keyHolders },
  'GET /v1/personal-keys/{id}': { roles: keyHolders },
  'POST /v1/personal-keys/{id}/misbehaviour': {
    roles: keyHolders,
    body: 'json',
    idempotent: true,
  },
  'GET /v1/misbehaviour': { roles: ['auditor', 'administrator'] },
  'PATCH /v1/personal-keys/{id}': { roles: keyHolders, body: 'json' },
  'POST /v1/personal-keys/{id}/finish': { roles: keyHolders, body: 'json' },
  'POST /v1/personal-keys/{id}/certificate': { roles: keyHolders, body: 'json' },
  'POST /v1/personal-keys/{id}/signatures': { roles: keyHolders, body: 'json' },
  'POST /v1/personal-keys/{id}/refresh': { roles: keyHolders, body: 'json' },
  'POST /v1/personal-keys/{id}/refresh/finish': { roles: keyHolders, body: 'json' },
  'POST /v1/personal-keys/{id}/refresh/commit': { roles: keyHolders, body: 'json' },
  'POST /v1/personal-keys/{id}/withdraw': { roles: keyHolders, body: 'json' },
  'PUT /v1/personal-keys/{id}/pin': { roles: keyHolders, body: 'json' },
  'POST /v1/personal-keys/{id}/pin': { roles: keyHolders, body: 'json' },
  'POST /v1/institutions': { roles: ['administrator'], body: 'json', idempotent: true },
  'GET /v1/key-holders': { roles: ['administrator'] },
  'GET /v1/institutions/{id}': { roles: keyHolders },
  'GET /v1/keys/{id}': { roles: keyHolders },
  'POST /v1/keys/{id}/renew': { roles: ['administrator'], body: 'json', idempotent: true },
  'POST /v1/keys/{id}/officers': { roles: ['administrator'], body: 'json', idempotent: true },
  'GET /v1/institutions': { roles: keyHolders },
  'POST /v1/institutions/{id}/keys': { roles: ['administrator'], body: 'json', idempotent: true },
  'GET /v1/institutions/{id}/keys': { roles: keyHolders },
  'POST /v1/institutions/{id}/grants': { roles: ['administrator'], body: 'json', idempotent: true },
  'GET /v1/keys/{id}/grants': { roles: keyHolders },
  'POST /v1/grants/{id}/revoke': { roles: ['administrator'], idempotent: true },
  'GET /v1/keys/{id}/grant-changes': { roles: keyHolders },
  'POST /v1/grant-changes/{id}/approvals': { roles: keyHolders, body: 'json' },
  'POST /v1/keys/{id}/operations': { roles: keyHolders, body: 'json', idempotent: true },
  'POST /v1/keys/{id}/documents': { roles: keyHolders, body: 'multipart', idempotent: true },
  'GET /v1/operations/{id}/document': { roles: keyHolders },
  'POST /v1/keys/{id}/envelopes': { roles: keyHolders, body: 'multipart' },
  'POST /v1/documents/verify': { roles: keyHolders, body: 'multipart' },
  'POST /csc/v2/info': { roles: 'anyone', body: 'json' },
  'POST /csc/v2/credentials/list': { roles: keyHolders, body: 'json' },
  'POST /csc/v2/credentials/info': { roles: keyHolders, body: 'json' },
  'POST /csc/v2/credentials/getChallenge': { roles: keyHolders, body: 'json' },
  'POST /csc/v2/credentials/authorize': { roles: keyHolders, body: 'json' },
  'POST /csc/v2/signatures/signHash': { roles: keyHolders, body: 'json' },
  'POST /csc/v2/signatures/signDoc': { roles: keyHolders, body: 'json' },
  'POST /csc/v2/signatures/signPolling': { roles: keyHolders, body: 'json' },
  'GET /v1/keys/{id}/operations': { roles: keyHolders },
  'GET /v1/operations': { roles: keyHolders },
  'GET /v1/approvals': { roles: keyHolders },
  'GET /v1/operations/{id}': { roles: keyHolders },
  'POST /v1/operations/{id}/approve': { roles: keyHolders, body: 'json' },
  'POST /v1/operations/{id}/activation': { roles: keyHolders },
  'POST /v1/operations/{id}/execute': { roles: keyHolders, body: 'json' },
  'POST /v1/operations/{id}/complete': { roles: keyHolders, body: 'json' },
  'POST /v1/operations/{id}/cancel': { roles: keyHolders },
  'GET /v1/operations/{id}/record': { roles: keyHolders },
  'GET /v1/keys/{id}/records': { roles: keyHolders },
  'GET /v1/usage-records': { roles: keyHolders },
  'GET /v1/federation': { roles },
  'GET /v1/federation/model': { roles },
  'GET /v1/federation/parties': { roles },
  'GET /v1/federation/training-runs': { roles: [...riskOfficers, 'auditor', 'developer'] },
  'PUT /v1/federation/training-runs/{id}': { roles: [...riskOfficers, 'developer'], body: 'json' },
  'POST /v1/federation/requests': { roles: applicants, body: 'json' },
  'GET /v1/federation/requests/{requestId}': { roles: [...applicants, 'auditor'] },
  'GET /v1/federation/requests/{requestId}/events': { roles: [...applicants, 'auditor'] },
  'GET /v1/federation/policies/current': { roles: [...riskOfficers, 'auditor'] },
  'PUT /v1/federation/policies/current': { roles: riskOfficers, body: 'json', idempotent: true },
  'GET /v1/federation/policies/changes': { roles: [...riskOfficers, 'auditor'] },
  'POST /v1/federation/policies/changes/{id}/decision': {
    roles: riskOfficers,
    body: 'json',
    idempotent: true,
  },
  'GET /v1/keys/{id}/records/export': { roles: recordExporters },
  'GET /.well-known/jwks.json': anyone,
  'GET /.well-known/oauth-authorization-server': anyone,
  'POST /v1/auth/passkeys/registration/options': everybody,
  'POST /v1/auth/passkeys/registration': { roles, body: 'json' },
  'POST /v1/auth/passkeys/authentication/options': { roles: 'anyone', body: 'json' },
  'GET /v1/auth/passkeys': everybody,
  'PATCH /v1/auth/passkeys/{id}': { roles, body: 'json' },
  'POST /v1/auth/passkeys/{id}/revoke': everybody,
  'POST /v1/tokens': { roles: 'anyone', body: 'json' },
  'POST /v1/tokens/introspect': { roles: 'anyone', body: 'json' },
  'POST /v1/tokens/revoke': { roles: 'anyone', body: 'json' },
  'POST /v1/oauth/token': oauth,
  'POST /v1/oauth/introspect': oauth,
  'POST /v1/oauth/revoke': oauth,
  'POST /v1/tokens/{id}/revoke': everybody,
  'GET /v1/tokens': everybody,
  'GET /v1/webhooks': { roles: webhookReaders },
  'POST /v1/webhooks': { roles: ['administrator'], body: 'json' },
  'GET /v1/webhooks/{id}': { roles: webhookReaders },
  'PATCH /v1/webhooks/{id}': { roles: ['administrator'], body: 'json' },
  'DELETE /v1/webhooks/{id}': { roles: ['administrator'] },
  'POST /v1/webhooks/{id}/secret': { roles: ['administrator'] },
  'POST /v1/webhooks/{id}/test': { roles: tokenAdministrators },
  'POST /v1/business-systems': { roles: tokenAdministrators, body: 'json' },
  'POST /v1/business-systems/{name}/proof': { roles: tokenAdministrators, body: 'json' },
  'POST /v1/business-systems/{name}/next-key': { roles: tokenAdministrators, body: 'json' },
  'POST /v1/business-systems/{name}/next-key/proof': { roles: tokenAdministrators, body: 'json' },
  'POST /v1/business-systems/{name}/next-key/use': { roles: ['administrator'] },
  'PATCH /v1/business-systems/{name}': { roles: ['administrator'], body: 'json' },
  'GET /v1/business-systems': everybody,
  'POST /v1/sensitive/extract': { roles, body: 'json' },
  // For the sample business system, whose tokens say nothing to this service.
  'GET /v1/business/system': anyone,
  'POST /v1/business/requests': { ...atBusiness, body: 'json' },
  'GET /v1/business/view': atBusiness,
  'GET /v1/business/insights': atBusiness,
  'GET /v1/business/events': atBusiness,
  'DELETE /v1/business/events': atBusiness,
  'GET /v1/issuer-keys': everybody,
  'POST /v1/issuer-keys/rotate': { roles: keyAdministrators, body: 'json', ofService: true },
  'POST /v1/issuer-keys/{id}/revoke': { roles: keyAdministrators, ofService: true },
  'POST /v1/terminals': { roles: payers, body: 'json' },
  'GET /v1/terminals': { roles: payers },
  'PATCH /v1/terminals/{id}': { roles: payers, body: 'json' },
  'POST /v1/terminals/{id}/revoke': { roles: payers },
  'POST /v1/software': { ...operate, body: 'json' },
  'GET /v1/software': operate,
  'GET /v1/software/{hash}': anyone,
  'POST /v1/software/{hash}/revoke': { ...operate, body: 'json' },
  'GET /v1/software-key': anyone,
  'GET /v1/session-service': { roles: payers },
  'PUT /v1/terminals/{id}/keys': { roles: payers, body: 'json' },
  'POST /v1/terminals/{id}/keys/renew': { roles: payers, body: 'json' },
  'POST /v1/sessions': { roles: payers, body: 'json' },
  'POST /v1/sessions/{id}/requests': { roles: payers, body: 'json' },
  'DELETE /v1/sessions/{id}': { roles: payers },
  'POST /v1/payments': { roles: payers, body: 'json', idempotent: true },
  'GET /v1/payments': { roles: payers },
  'GET /v1/payments/{id}': { roles: payers },
  'POST /v1/payments/{id}/challenge': { roles: payers },
  'POST /v1/payments/{id}/confirm': { roles: payers, body: 'json' },
  'POST /v1/payments/{id}/execute': { roles: payers, body: 'json' },
  'POST /v1/payments/{id}/stop': { roles: payers },
  'POST /v1/payments/{id}/agree': { roles: payers },
  'GET /v1/payment-agreements': { roles: payers },
  'POST /v1/payments/{id}/biometric': { roles: payers, body: 'json' },
  'GET /v1/biometrics': { roles: payers },
  'PUT /v1/biometrics/{modality}': { roles: payers, body: 'json' },
  'DELETE /v1/biometrics/{modality}': { roles: payers },
  'GET /v1/payment-statement': { roles: payers },
  'GET /v1/risk/policies/current': { roles: [...riskOfficers, 'auditor'] },
  'PUT /v1/risk/policies/current': { roles: riskOfficers, body: 'json', idempotent: true },
  'GET /v1/risk/policies/changes': { roles: [...riskOfficers, 'auditor'] },
  'POST /v1/risk/policies/changes/{id}/decision': {
    roles: riskOfficers,
    body: 'json',
    idempotent: true,
  },
  'POST /v1/risk/policies/simulation': { roles: riskOfficers, body: 'json' },
  'GET /v1/risk/orders': { roles: [...riskOfficers, 'auditor'] },
  'POST /v1/risk/orders/{id}/decision': { roles: riskOfficers, body: 'json', idempotent: true },
  'GET /v1/risk/payees': { roles: riskOfficers },
  'PUT /v1/risk/payees': { roles: riskOfficers, body: 'json', idempotent: true },
  'GET /v1/audit': { roles: ['auditor', 'administrator'] },
};
