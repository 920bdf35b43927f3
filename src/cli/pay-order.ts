import { createInterface } from 'node:readline/promises';
import { confirmPayment, readOrder } from '../client/certificates.ts';
import type { Client, Payment, PaymentTerminal } from '../client/index.ts';
import { command, required, UsageError, wholeNumber } from './command.ts';
import { keyTerminal, vaultOf, vaultOptions } from './key-vault.ts';
import { connect, serviceOptions } from './service.ts';
import { table } from './table.ts';

const headings = ['order', 'created', 'payee', 'currency', 'minor', 'state', 'score', 'why'];
const listMax = 100;

function rowOf({ assessment, termination, ...order }: Payment): string[] {
  const rules = assessment.reasons.map(({ rule }) => rule).join(' ');
  return [
    order.id,
    order.createdAt,
    order.payee.account,
    order.currency,
    String(order.amountMinor),
    termination ? `${order.state} (${termination.reason})` : order.state,
    String(assessment.score),
    rules,
  ];
}

export const tableOf = (payments: readonly Payment[]) => table(headings, payments.map(rowOf));

export function answerOf(payment: Payment, exit: 0 | 1 = 0) {
  const { words } = payment;
  return { exit, json: payment, text: `${words.zh}\n${words.en}\n${tableOf([payment])}` };
}

/** The device of an order: the named one, or the only one whose half of a key rests here. */
async function terminalFor(
  client: Client,
  values: { readonly terminal: string | undefined; readonly vault: string | undefined },
): Promise<string> {
  if (values.terminal !== undefined) return values.terminal;
  const { items } = await client.terminals.list({ limit: listMax });
  const vault = vaultOf(values);
  const here: string[] = [];
  for (const { id, state } of items) {
    if (state === 'active' && (await vault.load(id))) here.push(id);
  }
  const [one, another] = here;
  if (one === undefined) {
    throw new UsageError(
      'no key of this machine pays yet: cinnabar pay enrol KEY',
      'no_terminal_here',
    );
  }
  if (another !== undefined) throw new UsageError(`--terminal is one of ${here.join(', ')}`);
  return one;
}

/** What becomes of it now, for the person who placed it. */
const nextOf: Partial<Record<Payment['state'], (id: string) => string>> = {
  assessed: (id) => `then: cinnabar pay confirm ${id}\n`,
  challenged: (id) => `waits for a risk officer; then: cinnabar pay confirm ${id}\n`,
};

const place = command({
  summary: 'places an order; nothing is paid before it is confirmed',
  operands: [],
  options: {
    account: { type: 'string', value: 'ACCOUNT', about: "the payee's account" },
    name: { type: 'string', value: 'NAME', about: "the payee's name" },
    bank: { type: 'string', value: 'BANK', about: "the payee's bank" },
    amount: { type: 'string', value: 'MINOR', about: 'amount in minor units' },
    currency: { type: 'string', value: 'CODE', about: 'of the amount; CNY when left out' },
    purpose: { type: 'string', value: 'TEXT', about: 'what is paid; stands in the signed text' },
    terminal: {
      type: 'string',
      value: 'KEY',
      about: "the device that confirms; otherwise this machine's one",
    },
    'seal-verification': {
      type: 'string',
      value: 'VERIFICATION',
      about: 'of the seal on the paper that the order leans on',
    },
    ...vaultOptions,
    ...serviceOptions,
  },
  details: `
Exit 0: it can be confirmed. 1: it waits for a risk officer, or risk ended it, and the rules are named.`,
  async run(_operands, values) {
    const { account, name, bank, amount, currency = 'CNY', purpose } = values;
    const { 'seal-verification': sealVerificationId } = values;
    const terms = {
      payee: {
        account: required('account', account),
        name: required('name', name),
        bank: required('bank', bank),
      },
      amountMinor: wholeNumber('amount', required('amount', amount), 1),
      currency,
      purpose: required('purpose', purpose),
      ...(sealVerificationId === undefined ? {} : { sealVerificationId }),
    };
    const client = connect(values);
    const terminalId = await terminalFor(client, values);
    const order = await client.payments.place({ ...terms, terminalId });
    const answer = answerOf(order, order.state === 'assessed' ? 0 : 1);
    return { ...answer, text: answer.text + (nextOf[order.state]?.(order.id) ?? '') };
  },
});

/** Shows what is signed, read from the very text, and has it agreed to before a key moves. */
async function agreed(order: Payment, yes: boolean | undefined): Promise<void> {
  const { payee, words } = readOrder(order);
  process.stderr.write(
    `${words.zh}\n${words.en}\n${payee.name}, ${payee.account}, ${payee.bank}\n`,
  );
  if (yes) return;
  if (!process.stdin.isTTY) {
    throw new UsageError('nobody is here to agree: say --yes', 'not_agreed');
  }
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  // Whoever closes the terminal instead of answering did not agree.
  const gone = new Promise<string>((left) => asking.once('close', () => left('')));
  const answer = await Promise.race([asking.question('Pay? Type yes: '), gone]);
  asking.close();
  if (answer.trim() !== 'yes') throw new UsageError('not agreed; nothing was paid', 'not_agreed');
}

const confirm = command({
  summary: 'confirms an own order with both halves of the key, and has it executed',
  operands: ['ORDER'],
  options: {
    yes: { type: 'boolean', about: 'agree without being asked' },
    ...vaultOptions,
    ...serviceOptions,
  },
  details: `
Shows the words of the text that is signed, and asks. CINNABAR_PIN is the PIN of the half that rests
here. Broken off, the same command goes on: an order is paid once. A device that a passkey guards
confirms in the console.`,
  async run([id = ''], { yes, ...values }) {
    const terminal = await keyTerminal(values);
    const order = await terminal.client.payments.get(id);
    await agreed(order, yes);
    const paid = await confirmPayment(terminal, order, () => undefined);
    return answerOf(paid, paid.state === 'executed' ? 0 : 1);
  },
});

const agree = command({
  summary: "agrees to an order of somebody else in one's organisation",
  operands: ['ORDER'],
  options: serviceOptions,
  run: async ([id = ''], values) => answerOf(await connect(values).payments.agree(id)),
});

const agreements = command({
  summary: 'orders of others that wait for one to agree',
  operands: [],
  options: serviceOptions,
  async run(_operands, values) {
    const page = await connect(values).payments.toAgree({ limit: listMax });
    return { exit: 0, json: page, text: tableOf(page.items) };
  },
});

const terminalsText = (terminals: readonly PaymentTerminal[]) =>
  table(
    ['terminal', 'state', 'label', 'guarded by', 'enrolled'],
    terminals.map(({ id, state, label, passkeyId, enrolledAt }) => [
      id,
      state,
      label,
      passkeyId === null ? 'PIN' : 'passkey',
      enrolledAt,
    ]),
  );

const enrol = command({
  summary: 'lets the terminal that holds half of an own personal key confirm payments',
  operands: ['KEY'],
  options: serviceOptions,
  async run([personalKeyId = ''], values) {
    const terminal = await connect(values).terminals.register({ personalKeyId });
    return { exit: 0, json: terminal, text: terminalsText([terminal]) };
  },
});

const terminals = command({
  summary: 'own devices that confirm payments',
  operands: [],
  options: serviceOptions,
  async run(_operands, values) {
    const page = await connect(values).terminals.list({ limit: listMax });
    return { exit: 0, json: page, text: terminalsText(page.items) };
  },
});

const revokeTerminal = command({
  summary: 'ends an own device for good: it confirms nothing any more',
  operands: ['TERMINAL'],
  options: serviceOptions,
  async run([id = ''], values) {
    const terminal = await connect(values).terminals.revoke(id);
    return { exit: 0, json: terminal, text: terminalsText([terminal]) };
  },
});

/** Commands of the payer: the device, the order, its confirmation. */
export const orderCommands = {
  enrol,
  terminals,
  'revoke-terminal': revokeTerminal,
  place,
  confirm,
  agreements,
  agree,
};
