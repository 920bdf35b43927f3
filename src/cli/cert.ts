import { readFile, writeFile } from 'node:fs/promises';
import { verifyDelivery } from '../client/certificates.ts';
import type {
  Certificate,
  CertificateApplication,
  CertificateRevocation,
  NewCertificateApplication,
} from '../client/index.ts';
import type { DeliveryBundle } from '../core/pki/bundle.ts';
import { pkcs12, request } from './cert-keys.ts';
import { command, type Group, required, UsageError } from './command.ts';
import { certificatesIn, trustOptions } from './files.ts';
import { connect, serviceOptions } from './service.ts';

const reasons: readonly CertificateRevocation['reason'][] = [
  'keyCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'privilegeWithdrawn',
];

async function readJson<T>(path: string): Promise<T> {
  try {
    // What is in it decides whoever it is given to: the service's schema, or the verifier.
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(`${path} is not JSON`);
    throw error;
  }
}

const nameOf = ({ commonName, organization }: Certificate['subject']) =>
  organization === undefined ? commonName : `${commonName}, ${organization}`;

function certificateText(certificate: Certificate): string {
  const { serial, state, delivery, purpose, algorithm, notAfter, subject, settings } = certificate;
  const isExpired = Date.parse(notAfter) < Date.now();
  const lines = [
    `${serial}: ${state}${state === 'active' ? `, ${delivery}` : ''}${isExpired ? ', expired' : ''}`,
    `  ${nameOf(subject)}; ${purpose}, ${algorithm}, until ${notAfter}`,
  ];
  if (settings) {
    lines.push(`  tier ${settings.tier}: ${settings.permissions.join(', ') || 'nothing'}`);
    for (const { channel, currency, single, daily } of settings.limits) {
      lines.push(`  ${channel} ${currency}: ${single} each, ${daily} a day, in minor units`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function applicationText(application: CertificateApplication): string {
  const { id, state, kind, subject, certificates, reason, override } = application;
  const made = certificates.map((serial) => `  certificate ${serial}\n`).join('');
  const why = reason === undefined ? '' : `: ${reason}`;
  const by = override && (override.checker ? 'signed by two' : 'waits for a second signature');
  const tier = override ? `  tier ${override.fromTier} to ${override.tier}: ${by}\n` : '';
  return `application ${id}: ${state}${why}\n  ${kind}, ${nameOf(subject)}\n${tier}${made}`;
}

const shown = (certificate: Certificate) =>
  ({ exit: 0, json: certificate, text: certificateText(certificate) }) as const;
const told = (application: CertificateApplication) =>
  ({ exit: 0, json: application, text: applicationText(application) }) as const;

const apply = command({
  summary: 'applies for a certificate',
  operands: ['FILE'],
  options: {
    request: { type: 'string', value: 'PEM', about: 'PKCS#10, for a key that the subject holds' },
    ...serviceOptions,
  },
  details:
    'FILE is the application in JSON: { kind, algorithm, subject: { commonName, … }, requested: { role, permissions, limits } }; for a short-lived certificate also notAfter, in RFC 3339.',
  async run([file = ''], { request, ...service }) {
    const body = await readJson<NewCertificateApplication>(file);
    const pem = request === undefined ? {} : { request: await readFile(request, 'utf8') };
    return told(await connect(service).certificates.applications.create({ ...body, ...pem }));
  },
});

const applications = command({
  summary: 'lists applications',
  operands: [],
  options: {
    processed: { type: 'boolean', about: 'those at their end, not those that wait' },
    ...serviceOptions,
  },
  async run(_, { processed, ...service }) {
    const stage = processed ? 'processed' : 'pending';
    const page = await connect(service).certificates.applications.list({ stage, limit: 100 });
    const text = page.items.map(applicationText).join('') || 'none\n';
    return { exit: 0, json: page, text };
  },
});

const identify = command({
  summary: 'records that applicant and name belong together, or not',
  operands: ['APPLICATION'],
  options: {
    reference: { type: 'string', value: 'TEXT', about: 'number of the file with the evidence' },
    failed: { type: 'boolean', about: 'they do not; this rejects the application' },
    federated: { type: 'boolean', about: 'ask the registry and the nodes instead' },
    ...serviceOptions,
  },
  async run([id = ''], { reference, failed, federated, ...service }) {
    const finding = federated
      ? ({ method: 'federated' } as const)
      : { passed: !failed, reference: required('reference', reference) };
    return told(await connect(service).certificates.applications.identify(id, finding));
  },
});

const approve = command({
  summary: 'approves an application; the certificate is made, frozen',
  operands: ['APPLICATION'],
  options: serviceOptions,
  async run([id = ''], service) {
    return told(await connect(service).certificates.applications.approve(id));
  },
});

const reject = command({
  summary: 'rejects an application',
  operands: ['APPLICATION'],
  options: { reason: { type: 'string', value: 'TEXT', about: 'why' }, ...serviceOptions },
  async run([id = ''], { reason, ...service }) {
    const why = required('reason', reason);
    return told(await connect(service).certificates.applications.reject(id, why));
  },
});

const withdraw = command({
  summary: 'takes back an application of your own, before a certificate was made',
  operands: ['APPLICATION'],
  options: serviceOptions,
  async run([id = ''], service) {
    return told(await connect(service).certificates.applications.withdraw(id));
  },
});

const override = command({
  summary: 'proposes another tier than the score or the rule gave, and signs for it',
  operands: ['APPLICATION'],
  options: {
    tier: { type: 'string', value: 'TIER', about: '1, the best, to 6' },
    reason: { type: 'string', value: 'TEXT', about: 'why' },
    ...serviceOptions,
  },
  details: 'It counts once another person has signed: `decide-override`.',
  async run([id = ''], { tier, reason, ...service }) {
    const proposal = { tier: Number(required('tier', tier)), reason: required('reason', reason) };
    return told(await connect(service).certificates.applications.override(id, proposal));
  },
});

const decideOverride = command({
  summary: 'signs for the tier that another person proposed, or refuses it',
  operands: ['APPLICATION'],
  options: {
    refuse: { type: 'boolean', about: 'the tier stays as it is' },
    ...serviceOptions,
  },
  async run([id = ''], { refuse, ...service }) {
    const { applications } = connect(service).certificates;
    const { override: proposed } = await applications.get(id);
    if (!proposed) throw new UsageError('nothing is proposed', 'application_state');
    const decision = refuse ? 'refuse' : 'confirm';
    const { proposedAt } = proposed;
    return told(await applications.decideOverride(id, { decision, proposedAt }));
  },
});

const list = command({
  summary: 'lists certificates',
  operands: [],
  options: {
    search: { type: 'string', value: 'TEXT', about: 'part of a name or of the serial' },
    expiring: { type: 'string', value: 'DAYS', about: 'only those that end within so many days' },
    ...serviceOptions,
  },
  async run(_, { search, expiring, ...service }) {
    const expiringDays = expiring === undefined ? undefined : Number(expiring);
    if (expiringDays !== undefined && !(Number.isInteger(expiringDays) && expiringDays > 0)) {
      throw new UsageError(`--expiring is a number of days, not ${expiring}`);
    }
    const filter = { q: search, expiringDays, limit: 100 };
    const page = await connect(service).certificates.list(filter);
    const text = page.items.map(certificateText).join('') || 'none\n';
    return { exit: 0, json: page, text };
  },
});

const show = command({
  summary: 'shows a certificate',
  operands: ['SERIAL'],
  options: serviceOptions,
  async run([serial = ''], service) {
    return shown(await connect(service).certificates.get(serial));
  },
});

const verify = command({
  summary: 'verifies a certificate against the ledger, at the service',
  operands: ['SERIAL'],
  options: serviceOptions,
  details: 'Exit 0: every step holds. 1: a step failed; its code is named.',
  async run([serial = ''], service) {
    const verification = await connect(service).certificates.verify(serial);
    const lines = verification.steps.map(({ step, ok, code }) => `  ${step}: ${ok ? 'ok' : code}`);
    const verdict = verification.ok ? 'ok' : `refused: ${verification.code}`;
    const text = `${[verdict, ...lines].join('\n')}\n`;
    return { exit: verification.ok ? 0 : 1, json: verification, text };
  },
});

const thaw = command({
  summary: 'verifies, thaws, sets and delivers; or releases from a hold',
  operands: ['SERIAL'],
  options: serviceOptions,
  async run([serial = ''], service) {
    return shown(await connect(service).certificates.thaw(serial));
  },
});

const freeze = command({
  summary: 'puts an active certificate on hold',
  operands: ['SERIAL'],
  options: serviceOptions,
  async run([serial = ''], service) {
    return shown(await connect(service).certificates.freeze(serial));
  },
});

const revoke = command({
  summary: 'revokes a certificate for good',
  operands: ['SERIAL'],
  options: {
    reason: { type: 'string', value: 'REASON', about: reasons.join(', ') },
    ...serviceOptions,
  },
  async run([serial = ''], { reason, ...service }) {
    const known = reasons.find((one) => one === reason);
    if (!known) throw new UsageError(`--reason is one of ${reasons.join(', ')}`);
    return shown(await connect(service).certificates.revoke(serial, known));
  },
});

const renew = command({
  summary: 'applies for the successor of a certificate',
  operands: ['SERIAL'],
  options: {
    request: { type: 'string', value: 'PEM', about: 'PKCS#10 over a fresh key' },
    ...serviceOptions,
  },
  async run([serial = ''], { request, ...service }) {
    const pem = request === undefined ? undefined : await readFile(request, 'utf8');
    return told(await connect(service).certificates.renew(serial, pem));
  },
});

const bundle = command({
  summary: 'takes delivery: certificate, chain, settings and proofs',
  operands: ['SERIAL'],
  options: {
    out: { type: 'string', value: 'FILE', about: 'where the bundle goes, in JSON' },
    ...serviceOptions,
  },
  async run([serial = ''], { out, ...service }) {
    const delivered = await connect(service).certificates.bundle(serial);
    const file = required('out', out);
    await writeFile(file, `${JSON.stringify(delivered, null, 2)}\n`);
    return { exit: 0, json: delivered, text: `${file}\n` };
  },
});

const check = command({
  summary: 'verifies a delivered bundle offline',
  operands: ['BUNDLE'],
  options: trustOptions,
  details:
    'Asks nobody. Whether the certificate was revoked since then only a list, OCSP or the ledger can tell.\nExit 0: everything holds. 1: something does not; its code is named.',
  async run([file = ''], { roots, trust }) {
    const delivered = await readJson<DeliveryBundle>(file);
    const pem = await readFile(required('roots', roots), 'utf8');
    const keys = await readJson<Parameters<typeof verifyDelivery>[1]['ledger']>(
      required('trust', trust),
    );
    const verdict = await verifyDelivery(
      delivered,
      { ledger: keys, roots: certificatesIn(pem) },
      Date.now(),
    );
    const lines = verdict.steps.map(({ step, ok, code }) => `  ${step}: ${ok ? 'ok' : code}`);
    const text = `${[verdict.ok ? 'ok' : `refused: ${verdict.code}`, ...lines].join('\n')}\n`;
    return { exit: verdict.ok ? 0 : 1, json: verdict, text };
  },
});

export const cert: Group = {
  summary: 'certificates: apply, approve, verify against the ledger, thaw, revoke',
  commands: {
    request,
    apply,
    applications,
    identify,
    override,
    'decide-override': decideOverride,
    approve,
    reject,
    withdraw,
    list,
    show,
    verify,
    thaw,
    freeze,
    revoke,
    renew,
    bundle,
    pkcs12,
    check,
  },
};
