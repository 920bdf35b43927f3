import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  activateOperation,
  approveChange,
  approveUse,
  type KeySession,
  makePersonalKey,
  readUse,
  refreshPersonalKey,
  useWords,
  withdrawPersonalKey,
  withPersonalKey,
} from '../client/certificates.ts';
import type {
  Client,
  Grant,
  InstitutionKey,
  NewOperation,
  Operation,
  PersonalKey,
} from '../client/index.ts';
import type { DocumentKind, NamedFile, NewDocument } from '../client/institution-api.ts';
import { command, type Group, required, UsageError, wholeNumber } from './command.ts';
import { readInput } from './files.ts';
import { appliedText, institutionCommands } from './key-institution.ts';
import { keyTerminal, vaultOptions } from './key-vault.ts';
import { connect, serviceOptions } from './service.ts';
import { table } from './table.ts';

const personalOptions = { ...vaultOptions, ...serviceOptions };
const listMax = 100;

function personalAnswer(key: PersonalKey) {
  const { id, state, label, certificateSerial } = key;
  const certificate = certificateSerial === null ? 'no certificate' : certificateSerial;
  return { exit: 0 as const, json: key, text: `${id}: ${state}, ${label}, ${certificate}\n` };
}

const make = command({
  summary: 'makes a personal key, one half here, the other in the chips',
  operands: ['LABEL'],
  options: personalOptions,
  details: 'CINNABAR_PIN is the PIN under which the half rests here; there are ten tries.',
  run: async ([label = ''], values) =>
    personalAnswer(await makePersonalKey(await keyTerminal(values), label)),
});

const request = command({
  summary: 'writes a certificate request that both halves of a personal key signed',
  operands: ['KEY'],
  options: {
    out: { type: 'string', value: 'FILE', about: 'where the request goes, PKCS#10 in PEM' },
    ...personalOptions,
  },
  async run([id = ''], { out, ...values }) {
    const file = required('out', out);
    const terminal = await keyTerminal(values);
    await writeFile(file, await withPersonalKey(terminal, id, (one) => one.certificateRequest()));
    return { exit: 0, json: { file }, text: `${file}\n` };
  },
});

const bind = command({
  summary: 'names the certificate that was issued over a personal key',
  operands: ['KEY', 'SERIAL'],
  options: serviceOptions,
  run: async ([id = '', serial = ''], values) =>
    personalAnswer(await connect(values).personalKeys.bind(id, serial)),
});

const refresh = command({
  summary: 'changes both halves of a personal key; the public key stays',
  operands: ['KEY'],
  options: personalOptions,
  run: async ([id = ''], values) =>
    personalAnswer(await refreshPersonalKey(await keyTerminal(values), id)),
});

const withdraw = command({
  summary: 'withdraws a personal key for good',
  operands: ['KEY'],
  options: personalOptions,
  run: async ([id = ''], values) =>
    personalAnswer(await withdrawPersonalKey(await keyTerminal(values), id)),
});

const list = command({
  summary: "own personal keys, and the institutions' keys that one may use",
  operands: [],
  options: serviceOptions,
  async run(_operands, values) {
    const client = connect(values);
    const personal = (await client.personalKeys.list({ limit: listMax })).items;
    const { items: institutions } = await client.institutions.list({ limit: listMax });
    const lists = await Promise.all(
      institutions.map(({ id }) => client.institutions.keys(id, { limit: listMax })),
    );
    const keys = lists.flatMap(({ items }) => items);
    const rows = [
      ...personal.map(({ id, state, label }) => [id, 'personal', state, label]),
      ...keys.map(({ id, purpose, algorithm, standing }) => [
        id,
        `${purpose} ${algorithm}`,
        standing ?? 'no certificate',
        '',
      ]),
    ];
    const text = table(['key', 'kind', 'state', 'label'], rows);
    return { exit: 0, json: { personal, institutions: keys }, text };
  },
});

const renew = command({
  summary: "renews the pair of an institution's key, under the same officers and grants",
  operands: ['KEY'],
  options: serviceOptions,
  details: `
Both keys of the pair are made afresh in the chips. The registration authority decides about the
certificates; thawing the new ones supersedes the old ones. The old encryption key still opens what
was encrypted before.`,
  async run([id = ''], values) {
    const applied = await connect(values).institutionKeys.renew(id);
    return { exit: 0, json: applied, text: appliedText(applied) };
  },
});

const useOptions = {
  type: { type: 'string', value: 'TYPE', about: 'type of the document, such as guarantee' },
  reason: { type: 'string', value: 'TEXT', about: 'what it is for; stands in the signed record' },
  amount: { type: 'string', value: 'MINOR', about: 'amount in minor units' },
  currency: { type: 'string', value: 'CODE', about: 'of the amount; CNY when left out' },
  grant: { type: 'string', value: 'GRANT', about: 'which grant; the first that holds otherwise' },
  out: { type: 'string', value: 'FILE', about: 'where the result goes' },
  ...personalOptions,
} as const;

type UseValues = { readonly [Name in keyof typeof useOptions]: string | undefined };

interface Terms {
  readonly grantId: string;
  readonly personalKeyId: string;
  readonly documentType: string;
  readonly reason: string;
}

/** The grant under which a key is used: the named one, or the first own one in force. */
async function grantFor(client: Client, keyId: string, values: UseValues): Promise<Grant> {
  const { items } = await client.institutionKeys.grants(keyId, { limit: listMax });
  const own = (await client.personalKeys.list({ limit: listMax })).items.map(({ id }) => id);
  const found = items.find(
    ({ id, state, personalKeyId }) =>
      (values.grant === undefined ? state === 'active' : id === values.grant) &&
      own.includes(personalKeyId),
  );
  if (!found) throw new UsageError('no grant of this key is yours', 'grant_not_found');
  return found;
}

function amountOf({ amount, currency = 'CNY' }: UseValues) {
  return amount === undefined ? undefined : { currency, minor: wholeNumber('amount', amount, 1) };
}

/**
 * Asks, activates and completes one use. While others must approve it waits for nobody: it says so,
 * and `resume` goes on later.
 */
async function used(
  keyId: string,
  values: UseValues,
  ask: (client: Client, terms: Terms) => Promise<Operation>,
) {
  const file = required('out', values.out);
  const terminal = await keyTerminal(values);
  const { client } = terminal;
  const grant = await grantFor(client, keyId, values);
  const asked = await ask(client, {
    grantId: grant.id,
    personalKeyId: grant.personalKeyId,
    documentType: required('type', values.type),
    reason: required('reason', values.reason),
  });
  if (asked.state === 'asked') {
    const text = `${asked.id}: waits for ${asked.approvalsNeeded} approvals; then cinnabar key resume ${asked.id}\n`;
    return { exit: 1 as const, json: asked, text };
  }
  return withPersonalKey(terminal, grant.personalKeyId, (session) =>
    completed(client, session, asked, file),
  );
}

async function completed(client: Client, session: KeySession, asked: Operation, file: string) {
  const key: InstitutionKey = await client.institutionKeys.get(asked.institutionKeyId);
  const { operation, record } = await activateOperation(client, session, key, asked);
  const bytes = operation.document
    ? new Uint8Array(await (await client.operations.document(operation.id)).arrayBuffer())
    : Buffer.from(operation.resultB64 ?? '', 'base64');
  await writeFile(file, bytes);
  const place = record.place ? `, ledger entry ${record.place.index}` : '';
  const said = useWords(readUse(asked)).en;
  const text = `${said}\n${file}\noperation ${operation.id}${place}\n`;
  return { exit: 0 as const, json: { file, operation, record }, text };
}

const sign = command({
  summary: "signs a file's bytes with an institution's key; the result is a signature in DER",
  operands: ['KEY', 'FILE'],
  options: useOptions,
  details: 'Up to 45 KB; a longer file is signed by `cms --detached`.',
  async run([id = '', path = ''], values) {
    const messageB64 = Buffer.from(await readInput(path)).toString('base64');
    return used(id, values, async (client, terms) => {
      const { algorithm } = await client.institutionKeys.get(id);
      const scheme = algorithm === 'sm2' ? 'sm2-sm3' : 'ecdsa-p256-sha256';
      const amount = amountOf(values);
      const body: NewOperation = {
        ...terms,
        request: { kind: 'sign', scheme, messageB64 },
        ...(amount ? { amount } : {}),
      };
      return client.operations.ask(id, body);
    });
  },
});

type DocumentTerms = Terms & { readonly file: NamedFile };

/** A command that has a document worked on. */
function documentCommand<
  O extends Record<string, { type: 'string' | 'boolean'; about: string; value?: string }>,
>(
  summary: string,
  more: O,
  build: (
    terms: DocumentTerms,
    values: Record<keyof O, string | boolean | undefined>,
  ) => NewDocument,
) {
  return command({
    summary,
    operands: ['KEY', 'FILE'],
    options: { ...more, ...useOptions },
    async run([id = '', path = ''], values) {
      const file = {
        bytes: new Blob([new Uint8Array(await readInput(path))]),
        name: basename(path),
      };
      // parseArgs was given exactly these names and types.
      const own = values as unknown as UseValues & Record<keyof O, string | boolean | undefined>;
      const amount = amountOf(own);
      return used(id, own, (client, terms) =>
        client.operations.askDocument(id, {
          ...build({ ...terms, file }, own),
          ...(amount ? { currency: amount.currency, amountMinor: amount.minor } : {}),
        }),
      );
    },
  });
}

const cms = documentCommand(
  'signs a file as a CMS message (RFC 5652, GB/T 35275)',
  { detached: { type: 'boolean', about: 'leaves the content out' } },
  (terms, { detached }) => ({ ...terms, action: 'cms', detached: detached === true }),
);

const signPdf = documentCommand('signs a PDF file (PAdES-B-B)', {}, (terms) => ({
  ...terms,
  action: 'pdf',
}));

const seal = documentCommand(
  'signs a file with an electronic seal (GB/T 38540)',
  { with: { type: 'string', value: 'OPERATION', about: 'the use that made the electronic seal' } },
  (terms, values) => ({ ...terms, action: 'seal', sealOf: required('with', asText(values.with)) }),
);

const decrypt = documentCommand(
  'opens an envelope that was encrypted for the institution',
  {},
  (terms) => ({ ...terms, action: 'open' }),
);

const asText = (value: string | boolean | undefined) =>
  typeof value === 'string' ? value : undefined;

const makeSeal = command({
  summary: 'makes an electronic seal whose picture is a reserved imprint (GB/T 38540)',
  operands: ['KEY', 'SEAL'],
  options: {
    name: { type: 'string', value: 'NAME', about: 'name of the electronic seal' },
    until: { type: 'string', value: 'DAY', about: 'last day of its validity, YYYY-MM-DD' },
    ...useOptions,
  },
  async run([id = '', sealId = ''], { name, until, ...values }) {
    const day = required('until', until);
    if (!/^\d{4}-\d\d-\d\d$/.test(day)) throw new UsageError(`--until is a day, not ${day}`);
    const what = {
      action: 'make_seal',
      sealId,
      name: required('name', name),
      validUntil: `${day}T23:59:59.000Z`,
    } as const;
    return used(id, values, (client, terms) =>
      client.operations.askDocument(id, { ...terms, ...what }),
    );
  },
});

const resume = command({
  summary: 'goes on with a use: activates the key, signs the outcome, fetches the result',
  operands: ['OPERATION'],
  options: {
    out: { type: 'string', value: 'FILE', about: 'where the result goes' },
    ...personalOptions,
  },
  async run([id = ''], { out, ...values }) {
    const file = required('out', out);
    const terminal = await keyTerminal(values);
    const asked = await terminal.client.operations.get(id);
    return withPersonalKey(terminal, asked.personalKeyId, (session) =>
      completed(terminal.client, session, asked, file),
    );
  },
});

const pending = command({
  summary: 'what waits for the own signature: changes of keys, uses of others',
  operands: [],
  options: serviceOptions,
  async run(_operands, values) {
    const waiting = await connect(values).operations.pending();
    const rows = [
      ...waiting.changes.map(({ id, action, institutionKeyId }) => [id, action, institutionKeyId]),
      ...waiting.operations.map(({ id, actor, reason }) => [id, `use by ${actor}`, reason]),
    ];
    return { exit: 0, json: waiting, text: table(['id', 'what', 'of'], rows) };
  },
});

const approve = command({
  summary: 'signs a change of a key as its officer, or approves the use of another person',
  operands: ['ID'],
  options: {
    key: { type: 'string', value: 'KEY', about: 'the own personal key; the first one otherwise' },
    ...personalOptions,
  },
  async run([id = ''], { key, ...values }) {
    const terminal = await keyTerminal(values);
    const { client, tenant } = terminal;
    const { changes, operations } = await client.operations.pending();
    const change = changes.find((one) => one.id === id);
    const operation = operations.find((one) => one.id === id);
    const own = (await client.personalKeys.list({ limit: listMax })).items;
    const keyId = key ?? own.find(({ state }) => state === 'active')?.id ?? '';
    return withPersonalKey(terminal, keyId, async (session) => {
      if (change) {
        const { state } = await approveChange(client, session, tenant, change);
        return { exit: 0 as const, json: { id, state }, text: `${id}: ${state}\n` };
      }
      if (!operation) throw new UsageError('nothing of this name waits for you', 'not_found');
      const { state } = await approveUse(client, session, keyId, operation);
      return { exit: 0 as const, json: { id, state }, text: `${id}: ${state}\n` };
    });
  },
});

const encrypt = command({
  summary: "encrypts a file for an institution; takes only its key's certificate",
  operands: ['KEY', 'FILE'],
  options: {
    out: { type: 'string', value: 'FILE', about: 'where the envelope goes' },
    ...serviceOptions,
  },
  async run([id = '', path = ''], { out, ...values }) {
    const target = required('out', out);
    const bytes = new Blob([new Uint8Array(await readInput(path))]);
    const envelope = await connect(values).institutionKeys.encrypt(id, {
      bytes,
      name: basename(path),
    });
    await writeFile(target, new Uint8Array(await envelope.arrayBuffer()));
    return { exit: 0, json: { file: target }, text: `${target}\n` };
  },
});

const kinds: readonly DocumentKind[] = ['cms', 'pdf', 'electronic_seal', 'sealed'];

const verify = command({
  summary: 'verifies a signed message, PDF file, electronic seal or sealed document',
  operands: ['FILE'],
  options: {
    kind: { type: 'string', value: 'KIND', about: kinds.join(', ') },
    content: { type: 'string', value: 'FILE', about: 'what was signed, where it is not inside' },
    ...serviceOptions,
  },
  details: 'Exit 0: every signature holds. 1: one does not, and the reason is named.',
  async run([path = ''], { kind, content, ...values }) {
    const known = kinds.find((one) => one === kind);
    if (!known) throw new UsageError(`--kind is one of ${kinds.join(', ')}`);
    const named = async (file: string): Promise<NamedFile> => ({
      bytes: new Blob([new Uint8Array(await readFile(file))]),
      name: basename(file),
    });
    const verdict = await connect(values).documents.verify(
      known,
      await named(path),
      content === undefined ? undefined : await named(content),
    );
    const lines = verdict.signers.map(
      ({ subject, serial, standing }) => `  ${subject || serial}: ${standing}\n`,
    );
    const text = verdict.ok ? `ok\n${lines.join('')}` : `refused: ${verdict.reason}\n`;
    return { exit: verdict.ok ? 0 : 1, json: verdict, text };
  },
});

export const key: Group = {
  summary: 'personal keys in two halves; institutions, their keys, grants and uses',
  commands: {
    make,
    request,
    bind,
    refresh,
    withdraw,
    list,
    renew,
    sign,
    cms,
    'sign-pdf': signPdf,
    'make-seal': makeSeal,
    seal,
    decrypt,
    resume,
    pending,
    approve,
    encrypt,
    verify,
    ...institutionCommands,
  },
};
