import type { AuthorityRevocation, IssuingAuthority } from '../client/index.ts';
import { command, type Group, required, UsageError } from './command.ts';
import { connect, serviceOptions } from './service.ts';
import { table } from './table.ts';

const reasons: readonly AuthorityRevocation['reason'][] = [
  'cACompromise',
  'superseded',
  'cessationOfOperation',
];

const headings = ['algorithm', 'generation', 'state', 'until', 'certificates', 'serial'];

function rowOf(authority: IssuingAuthority): string[] {
  const { algorithm, generation, state, notAfter, certificates, serial } = authority;
  const until = notAfter.slice(0, 10);
  return [algorithm, String(generation), state, until, String(certificates), serial];
}

/** What is still to be done about its revocation, if anything. */
function revocationText({ revocation, revocationsLeft }: IssuingAuthority): string {
  if (!revocation) return '';
  const { reason, proposedBy, proposedAt, by, at } = revocation;
  if (at === undefined) {
    return `revocation (${reason}) proposed by ${proposedBy} at ${proposedAt}; another person does it within a day\n`;
  }
  const left = revocationsLeft > 0 ? `; ${revocationsLeft} certificates not in the ledger yet` : '';
  return `revoked (${reason}) by ${proposedBy} and ${by} at ${at}${left}\n`;
}

const shown = (authority: IssuingAuthority) =>
  ({
    exit: 0,
    json: authority,
    text: table(headings, [rowOf(authority)]) + revocationText(authority),
  }) as const;

/** `sm2/1` */
function nameOf(text: string): Pick<IssuingAuthority, 'algorithm' | 'generation'> {
  const [, algorithm, generation] = /^(sm2|p256)\/([1-9][0-9]{0,3})$/.exec(text) ?? [];
  if (algorithm === undefined) {
    throw new UsageError(`an authority is sm2/N or p256/N, not ${text}`);
  }
  return { algorithm: algorithm === 'sm2' ? 'sm2' : 'p256', generation: Number(generation) };
}

const list = command({
  summary: 'lists the issuing authorities of both hierarchies',
  operands: [],
  options: serviceOptions,
  async run(_, service) {
    const found = await connect(service).certificates.authorities.list();
    const notes = found.items.map((item) => {
      const text = revocationText(item);
      return text && `${item.algorithm}/${item.generation}: ${text}`;
    });
    const text = table(headings, found.items.map(rowOf)) + notes.join('');
    return { exit: 0, json: found, text };
  },
});

const open = command({
  summary: 'opens the next issuing authority: sm2/2 after sm2/1',
  operands: ['AUTHORITY'],
  options: serviceOptions,
  details:
    'From then on it issues. The one before signs its lists and answers until its last certificate ends.',
  async run([name = ''], service) {
    return shown(await connect(service).certificates.authorities.open(nameOf(name)));
  },
});

const revoke = command({
  summary: 'revokes an issuing authority and all its certificates, by two people',
  operands: ['AUTHORITY'],
  options: {
    reason: { type: 'string', value: 'REASON', about: reasons.join(', ') },
    ...serviceOptions,
  },
  details:
    'The first person proposes, the second does it within a day. Then it goes on until every revocation is in the ledger; broken off, the same command goes on.',
  async run([name = ''], { reason, ...service }) {
    const known = reasons.find((one) => one === required('reason', reason));
    if (!known) throw new UsageError(`--reason is one of ${reasons.join(', ')}`);
    const { authorities } = connect(service).certificates;
    const authority = nameOf(name);
    let now = await authorities.revoke(authority, known);
    while (now.revocationsLeft > 0) {
      process.stderr.write(`${now.revocationsLeft} certificates left\n`);
      const next = await authorities.revoke(authority, known);
      // Whatever is left now others have in their hands; the hourly sweep ends it.
      if (next.revocationsLeft >= now.revocationsLeft) break;
      now = next;
    }
    return shown(now);
  },
});

export const authority: Group = {
  summary: 'issuing authorities: the next one, and the end of one',
  commands: { list, open, revoke },
};
