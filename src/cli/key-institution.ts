import type {
  AppliedKeys,
  Client,
  Grant,
  GrantChange,
  Institution,
  KeyHolder,
  NewInstitutionKeys,
} from '../client/index.ts';
import { command, required, UsageError, wholeNumber } from './command.ts';
import { readJsonFile } from './files.ts';
import { connect, serviceOptions } from './service.ts';
import { table } from './table.ts';

const listMax = 100;
const operations = ['sign', 'decrypt'] as const;

const officerOptions = {
  officers: { type: 'string', value: 'KEY,KEY', about: 'personal keys of the officers' },
  threshold: { type: 'string', value: 'N', about: 'how many of them decide' },
} as const;

const listOf = (text: string) =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');

function officersOf({
  officers,
  threshold,
}: {
  officers?: string | undefined;
  threshold?: string | undefined;
}) {
  return {
    officerKeyIds: listOf(required('officers', officers)),
    threshold: wholeNumber('threshold', required('threshold', threshold), 1),
  };
}

function institutionRow({ id, subject, officers, threshold }: Institution) {
  const names = officers.map(({ actor }) => actor).join(' ');
  return [id, subject.organization ?? subject.commonName, `${threshold} of ${names}`];
}

const institutionsText = (institutions: readonly Institution[]) =>
  table(['institution', 'name', 'officers'], institutions.map(institutionRow));

const institutions = command({
  summary: 'institutions of the own bank, with their officers',
  operands: [],
  options: serviceOptions,
  async run(_operands, values) {
    const page = await connect(values).institutions.list({ limit: listMax });
    return { exit: 0, json: page, text: institutionsText(page.items) };
  },
});

const institution = command({
  summary: 'registers an institution and the officers who decide about its keys',
  operands: ['NAME'],
  options: {
    organization: {
      type: 'string',
      value: 'NAME',
      about: 'as certificates name it; NAME otherwise',
    },
    unit: { type: 'string', value: 'NAME', about: 'organizational unit' },
    country: { type: 'string', value: 'CODE', about: 'two letters; CN when left out' },
    ...officerOptions,
    ...serviceOptions,
  },
  details: '`cinnabar key holders` lists the personal keys that can be officers’.',
  async run([commonName = ''], { organization = commonName, unit, country = 'CN', ...values }) {
    const { officers, threshold, ...service } = values;
    const made = await connect(service).institutions.register({
      subject: {
        commonName,
        organization,
        country,
        ...(unit === undefined ? {} : { organizationalUnit: unit }),
      },
      ...officersOf({ officers, threshold }),
    });
    return { exit: 0, json: made, text: institutionsText([made]) };
  },
});

/** Every personal key of the institution's people that is in force. */
async function allHolders(client: Client): Promise<readonly KeyHolder[]> {
  const found: KeyHolder[] = [];
  let cursor: string | null | undefined;
  do {
    const page = await client.institutions.holders({ limit: listMax, cursor: cursor ?? undefined });
    found.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return found;
}

const holders = command({
  summary: 'for administrators: who holds a personal key, to be officer or to get a grant',
  operands: [],
  options: serviceOptions,
  async run(_operands, values) {
    const items = await allHolders(connect(values));
    const rows = items.map(({ personalKeyId, actor, label, certificateSerial }) => [
      personalKeyId,
      actor,
      label,
      certificateSerial ?? 'no certificate',
    ]);
    return { exit: 0, json: { items }, text: table(['key', 'who', 'label', 'certificate'], rows) };
  },
});

export function appliedText({ applicationId, keys }: AppliedKeys): string {
  const made = keys.map(({ purpose, id }) => `  ${purpose} key ${id}\n`).join('');
  return `application ${applicationId}: submitted\n${made}`;
}

const apply = command({
  summary: "has an institution's pair of keys made in the chips, and applies for its certificates",
  operands: ['INSTITUTION', 'FILE'],
  options: serviceOptions,
  details: `
FILE is JSON: { algorithm: "sm2" or "p256", requested: { role, permissions, limits }, protection? }.
The registration authority decides: cinnabar cert identify, approve and thaw.`,
  async run([id = '', file = ''], values) {
    // The service checks every field and says which is wrong.
    const body = (await readJsonFile(file)) as NewInstitutionKeys;
    const applied = await connect(values).institutions.applyForKeys(id, body);
    return { exit: 0, json: applied, text: appliedText(applied) };
  },
});

function changeText(change: GrantChange | null): string {
  if (!change) return '';
  const { id, state } = change;
  if (state !== 'open') return `change ${id}: ${state}\n`;
  return `change ${id} waits for officers: cinnabar key approve ${id}\n`;
}

function grantsText(grants: readonly Grant[]): string {
  const rows = grants.map((one) => [
    one.id,
    one.state,
    one.actor,
    one.operations.join(' '),
    one.documentTypes.join(' ') || 'any',
    one.amountMax ? `${one.amountMax.currency} ${one.amountMax.minor}` : 'any',
    `${one.used} of ${one.usesMax}`,
    String(one.approvalsNeeded),
    one.validUntil,
  ]);
  const head = ['grant', 'state', 'who', 'may', 'types', 'up to', 'used', 'approvals', 'until'];
  return table(head, rows);
}

const grants = command({
  summary: "who may use an institution's key, for what and how often",
  operands: ['KEY'],
  options: serviceOptions,
  async run([id = ''], values) {
    const page = await connect(values).institutionKeys.grants(id, { limit: listMax });
    return { exit: 0, json: page, text: grantsText(page.items) };
  },
});

function instantOf(name: string, text: string): string {
  const day = /^\d{4}-\d\d-\d\d$/.test(text);
  const ms = Date.parse(day && name === 'until' ? `${text}T23:59:59.000Z` : text);
  if (!Number.isFinite(ms)) throw new UsageError(`--${name} is a day or an instant, not ${text}`);
  return new Date(ms).toISOString();
}

function operationsOf(text: string) {
  return listOf(text).map((word) => {
    const known = operations.find((one) => one === word);
    if (!known) throw new UsageError(`--operations are of ${operations.join(', ')}, not ${word}`);
    return known;
  });
}

const grantOptions = {
  operations: { type: 'string', value: 'LIST', about: 'sign, decrypt; sign when left out' },
  types: { type: 'string', value: 'LIST', about: 'types of documents; any when left out' },
  from: { type: 'string', value: 'DAY', about: 'from when on; now when left out' },
  until: { type: 'string', value: 'DAY', about: 'last day, YYYY-MM-DD, or an instant' },
  uses: { type: 'string', value: 'N', about: 'how often at most' },
  max: { type: 'string', value: 'MINOR', about: 'greatest amount of one use, in minor units' },
  currency: { type: 'string', value: 'CODE', about: 'of the amount; CNY when left out' },
  approvals: { type: 'string', value: 'N', about: 'how many others approve each use; 0' },
} as const;

const grant = command({
  summary: "proposes that a person may use an institution's key; its officers sign that",
  operands: ['KEY', 'PERSONAL-KEY'],
  options: { ...grantOptions, ...serviceOptions },
  details: '`cinnabar key holders` lists personal keys; officers sign with `cinnabar key approve`.',
  async run([institutionKeyId = '', personalKeyId = ''], values) {
    const { max, currency = 'CNY', approvals = '0', types = '', from } = values;
    const terms = {
      institutionKeyId,
      personalKeyId,
      operations: operationsOf(values.operations ?? 'sign'),
      validFrom: from === undefined ? new Date().toISOString() : instantOf('from', from),
      validUntil: instantOf('until', required('until', values.until)),
      usesMax: wholeNumber('uses', required('uses', values.uses), 1),
      documentTypes: listOf(types),
      ...(max === undefined ? {} : { amountMax: { currency, minor: wholeNumber('max', max, 1) } }),
      approvalsNeeded: wholeNumber('approvals', approvals),
    };
    const client = connect(values);
    const holder = (await allHolders(client)).find((one) => one.personalKeyId === personalKeyId);
    if (!holder) throw new UsageError('nobody holds this personal key', 'holder_not_found');
    const { institutionId } = await client.institutionKeys.get(institutionKeyId);
    const made = await client.institutions.grant(institutionId, { ...terms, actor: holder.actor });
    return { exit: 0, json: made, text: grantsText([made.grant]) + changeText(made.change) };
  },
});

const revokeGrant = command({
  summary: 'takes a grant back; from then on the service lets nobody use the key by it',
  operands: ['GRANT'],
  options: serviceOptions,
  details: 'The officers sign what the chips’ own list is from then on: `cinnabar key approve`.',
  async run([id = ''], values) {
    const taken = await connect(values).grants.revoke(id);
    return { exit: 0, json: taken, text: grantsText([taken.grant]) + changeText(taken.change) };
  },
});

const officers = command({
  summary: "proposes other officers of an institution's key; those of now sign that",
  operands: ['KEY'],
  options: { ...officerOptions, ...serviceOptions },
  async run([id = ''], { officers, threshold, ...service }) {
    const proposal = officersOf({ officers, threshold });
    const change = await connect(service).institutionKeys.proposeOfficers(id, proposal);
    return { exit: 0, json: change, text: changeText(change) };
  },
});

/** Commands of the administrator: institutions, their keys, and who may use them. */
export const institutionCommands = {
  holders,
  institutions,
  institution,
  apply,
  grants,
  grant,
  'revoke-grant': revokeGrant,
  officers,
};
