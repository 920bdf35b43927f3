import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  type Card,
  type Imprint,
  isWaiting,
  type Seal,
  type SealShape,
  type Verification,
} from '../client/index.ts';
import { command, required, UsageError } from './command.ts';
import { parseDpi } from './files.ts';
import { connect, serviceOptions } from './service.ts';
import { table } from './table.ts';

const shapes: readonly SealShape[] = ['round', 'oval', 'rectangle', 'square'];

function parseShape(text: string | undefined): SealShape {
  const shape = shapes.find((known) => known === text);
  if (shape === undefined) throw new UsageError(`--shape is one of ${shapes.join(', ')}`);
  return shape;
}

function parseCount(name: string, text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new UsageError(`--${name} is a whole number, not ${text}`);
  }
  return count;
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
        limit: limit === undefined ? undefined : parseCount('limit', limit),
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
      if (isWaiting(seal)) {
        const text = `change ${seal.id} waits for a second person\n`;
        return { exit: 0, json: seal, text };
      }
      const vendors = seal.templates.map(({ vendorName }) => vendorName).join(', ');
      return { exit: 0, json: seal, text: `seal ${seal.id}, template by ${vendors}\n` };
    },
  }),

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
        amountMinor: parseCount('amount-minor', required('amount-minor', amount)),
        ...(branch === undefined ? {} : { branch }),
        imprint: await openImprint(picture, dpi),
      });
      const exit = verification.verdict === 'pass' ? 0 : 1;
      return { exit, json: verification, text: verificationText(verification) };
    },
  }),
};
