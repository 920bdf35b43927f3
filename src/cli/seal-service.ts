import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  type Card,
  type Imprint,
  isWaiting,
  type Seal,
  type SealChange,
  type SealShape,
  type Verification,
} from '../client/index.ts';
import { command, required, UsageError, wholeNumber } from './command.ts';
import { parseDpi } from './files.ts';
import { connect, serviceOptions } from './service.ts';
import { table } from './table.ts';

const shapes: readonly SealShape[] = ['round', 'oval', 'rectangle', 'square'];
const statuses: readonly Seal['status'][] = ['active', 'suspended', 'closed'];

function parseShape(text: string | undefined): SealShape {
  const shape = shapes.find((known) => known === text);
  if (shape === undefined) throw new UsageError(`--shape is one of ${shapes.join(', ')}`);
  return shape;
}

async function openImprint(path: string, dpi?: string): Promise<Imprint> {
  const resolution = parseDpi(dpi);
  // A copy, because the bytes of a Blob may not lie in Node's shared buffer pool.
  const bytes = new Blob([new Uint8Array(await readFile(path))]);
  return { bytes, name: basename(path), ...(resolution === undefined ? {} : { dpi: resolution }) };
}

const cardRow = ({ id, number, startDate, endDate }: Card) => [id, number, startDate, endDate];
const sealRow = ({ id, serial, shape, status, templates }: Seal) => [
  id,
  serial,
  shape,
  status,
  templates.map(({ vendor }) => vendor).join(' '),
];

const changeRow = ({ id, state, action, seal, proposedBy, proposedAt }: SealChange) => [
  id,
  state,
  action,
  seal.serial,
  seal.status,
  proposedBy,
  proposedAt,
];

function changesText(changes: readonly SealChange[]): string {
  const head = ['CHANGE', 'STATE', 'ACTION', 'SEAL', 'STATUS', 'BY', 'SINCE'];
  return table(head, changes.map(changeRow));
}

/** A change of a seal is stored, or waits for the second person whom the policy asks for. */
function changedAnswer(made: Seal | SealChange, storedText: (seal: Seal) => string) {
  const text = isWaiting(made)
    ? `change ${made.id} waits for a second person: cinnabar seal approve-change ${made.id}\n`
    : storedText(made);
  return { exit: 0 as const, json: made, text };
}

const decideChange = (decision: 'approve' | 'reject', summary: string) =>
  command({
    summary,
    operands: ['CHANGE'],
    options: {
      reason: { type: 'string', value: 'TEXT', about: 'why; kept with the change' },
      ...serviceOptions,
    },
    async run([id = ''], { reason, ...service }) {
      const wanted = { decision, reason: required('reason', reason) };
      const change = await connect(service).sealChanges.decide(id, wanted);
      return { exit: 0, json: change, text: changesText([change]) };
    },
  });

function verificationText({ id, verdict, vendors, reasons, nextStep }: Verification): string {
  const lines = [
    `${verdict}${nextStep === 'review' ? ', a reviewer decides' : ''}`,
    ...vendors.map(
      ({ code, score, threshold, match }) =>
        `  ${code}: ${match ? 'match' : 'no match'}, score ${score.toFixed(3)} of ${threshold.toFixed(3)}`,
    ),
    ...reasons.map(({ code, detail }) => `  ${code}${detail ? `: ${detail}` : ''}`),
    `verification ${id}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** Commands of the seal group that ask a running service. */
export const sealServiceCommands = {
  accounts: command({
    summary: 'lists accounts of a running service',
    operands: [],
    options: {
      search: { type: 'string', value: 'TEXT', about: 'only those whose number or name holds it' },
      cursor: { type: 'string', value: 'CURSOR', about: 'the next page, as the last one named it' },
      limit: { type: 'string', value: 'N', about: 'rows a page' },
      ...serviceOptions,
    },
    async run(_, { search, cursor, limit, ...service }) {
      const page = await connect(service).accounts.list({
        q: search,
        cursor,
        limit: limit === undefined ? undefined : wholeNumber('limit', limit),
      });
      const rows = page.items.map(({ id, number, contact, name }) => [id, number, contact, name]);
      const more = page.nextCursor === null ? '' : `more with --cursor ${page.nextCursor}\n`;
      return { exit: 0, json: page, text: table(['ID', 'NUMBER', 'CONTACT', 'NAME'], rows) + more };
    },
  }),

  'add-account': command({
    summary: 'opens an account',
    operands: ['NUMBER', 'NAME', 'CONTACT'],
    options: serviceOptions,
    async run([number = '', name = '', contact = ''], service) {
      const account = await connect(service).accounts.create({ number, name, contact });
      return { exit: 0, json: account, text: `account ${account.id}\n` };
    },
  }),

  cards: command({
    summary: 'shows the seal cards and seals of an account',
    operands: ['ACCOUNT'],
    options: serviceOptions,
    async run([id = ''], service) {
      const account = await connect(service).accounts.get(id);
      const text =
        table(['CARD', 'NUMBER', 'START', 'END'], account.cards.map(cardRow)) +
        table(['SEAL', 'SERIAL', 'SHAPE', 'STATUS', 'VENDORS'], account.seals.map(sealRow));
      return { exit: 0, json: { cards: account.cards, seals: account.seals }, text };
    },
  }),

  'add-card': command({
    summary: 'adds a seal card to an account',
    operands: ['ACCOUNT', 'NUMBER'],
    options: {
      start: { type: 'string', value: 'DATE', about: 'first day on which it holds, YYYY-MM-DD' },
      end: { type: 'string', value: 'DATE', about: 'last day' },
      picture: { type: 'string', value: 'FILE', about: 'scan of the card' },
      ...serviceOptions,
    },
    async run([accountId = '', number = ''], { start, end, picture, ...service }) {
      const card = await connect(service).cards.create({
        accountId,
        number,
        startDate: required('start', start),
        endDate: required('end', end),
        ...(picture === undefined ? {} : { image: await openImprint(picture) }),
      });
      return { exit: 0, json: card, text: `card ${card.id}\n` };
    },
  }),

  enrol: command({
    summary: 'stores a reserved imprint on a card',
    operands: ['CARD', 'PICTURE'],
    options: {
      serial: { type: 'string', value: 'TEXT', about: 'the seal: its serial on the card' },
      shape: { type: 'string', value: 'SHAPE', about: shapes.join(', ') },
      remark: { type: 'string', value: 'TEXT', about: 'what the seal is for' },
      dpi: { type: 'string', value: 'N', about: 'resolution, when the file does not say it' },
      ...serviceOptions,
    },
    async run([cardId = '', picture = ''], { serial, shape, remark, dpi, ...service }) {
      const seal = await connect(service).seals.enrol({
        cardId,
        serial: required('serial', serial),
        shape: parseShape(shape),
        ...(remark === undefined ? {} : { remark }),
        imprint: await openImprint(picture, dpi),
      });
      return changedAnswer(seal, ({ id, templates }) => {
        const vendors = templates.map(({ vendorName }) => vendorName).join(', ');
        return `seal ${id}, template by ${vendors}\n`;
      });
    },
  }),

  status: command({
    summary: 'suspends a seal, lets it be used again, or closes it for good',
    operands: ['SEAL'],
    options: {
      to: { type: 'string', value: 'STATUS', about: `${statuses.join(', ')}; closed is for good` },
      reason: { type: 'string', value: 'TEXT', about: 'why; kept with the seal' },
      ...serviceOptions,
    },
    details: 'Where the policy asks for a second person, that one says `approve-change`.',
    async run([id = ''], { to, reason, ...service }) {
      const status = statuses.find((known) => known === required('to', to));
      if (!status) throw new UsageError(`--to is one of ${statuses.join(', ')}`);
      const why = required('reason', reason);
      const { seals } = connect(service);
      const { revision } = await seals.get(id);
      const made = await seals.setStatus(id, { revision, status, reason: why });
      return changedAnswer(made, (seal) => `seal ${seal.serial} is ${seal.status}\n`);
    },
  }),

  changes: command({
    summary: 'lists changes of seals that wait for a second person',
    operands: [],
    options: {
      decided: { type: 'boolean', about: 'those that were approved or rejected, too' },
      ...serviceOptions,
    },
    async run(_, { decided, ...service }) {
      const state = decided ? {} : ({ state: 'proposed' } as const);
      const page = await connect(service).sealChanges.list({ ...state, limit: 100 });
      return { exit: 0, json: page, text: changesText(page.items) };
    },
  }),

  'approve-change': decideChange('approve', 'has a proposed change of a seal take place'),
  'reject-change': decideChange('reject', 'turns a proposed change of a seal down'),

  check: command({
    summary: 'has the service verify an imprint against an enrolled seal',
    operands: ['SEAL', 'PICTURE'],
    options: {
      currency: { type: 'string', value: 'CODE', about: 'ISO 4217 code of the amount' },
      'amount-minor': { type: 'string', value: 'N', about: 'the amount in minor units (cents)' },
      branch: { type: 'string', value: 'CODE', about: 'the branch that asks' },
      dpi: { type: 'string', value: 'N', about: 'resolution, when the file does not say it' },
      ...serviceOptions,
    },
    details: 'Exit status 0 when the verdict is pass, 1 when it is fail or review.',
    async run([sealId = '', picture = ''], values) {
      const { currency, branch, dpi, 'amount-minor': amount, ...service } = values;
      const verification = await connect(service).verifications.create({
        sealId,
        currency: required('currency', currency),
        amountMinor: wholeNumber('amount-minor', required('amount-minor', amount)),
        ...(branch === undefined ? {} : { branch }),
        imprint: await openImprint(picture, dpi),
      });
      const exit = verification.verdict === 'pass' ? 0 : 1;
      return { exit, json: verification, text: verificationText(verification) };
    },
  }),
};
