import { readFile, writeFile } from 'node:fs/promises';
import {
  judgeMisbehaviour,
  type MisbehaviourCase,
  type MisbehaviourVerdict,
  type UsageFinding,
  type UsageVerdict,
  verifyRecords,
} from '../client/certificates.ts';
import { loadGm } from '../core/gm.ts';
import type { TrustFile } from '../core/ledger.ts';
import { checkChain, exportChain } from './audit-export.ts';
import { command, type Group, required } from './command.ts';
import { certificatesIn, readJsonFile, trustOptions } from './files.ts';
import { connect, serviceOptions } from './service.ts';

function lineText({ line, ok, code, operationId, actor, operation, atMs }: UsageFinding): string {
  const verdict = ok ? 'ok' : (code ?? 'refused');
  const at = atMs === undefined ? '' : `${new Date(atMs).toISOString()} `;
  const what = operationId === undefined ? '' : `  ${at}${actor} ${operation} ${operationId}`;
  return `  line ${line}: ${verdict}${what}`;
}

function verdictText({ ok, code, line, institutionKeyId, asOf, findings }: UsageVerdict): string {
  const bad = findings.filter((finding) => !finding.ok);
  const shown = (ok ? findings.slice(1) : bad).map(lineText);
  const head = ok
    ? `ok: ${findings.filter(({ index }) => index !== undefined).length} records of key ${institutionKeyId}, none is missing as of ${asOf}`
    : `refused: line ${line}: ${code}`;
  return `${[head, ...shown].join('\n')}\n`;
}

const chipsOption = {
  type: 'string',
  value: 'FILE',
  about: 'identity keys of the chips, a JSON list in hex',
} as const;

const verify = command({
  summary: "verifies an exported log of the uses of an institution's key, offline",
  operands: ['FILE'],
  options: {
    ...trustOptions,
    chips: chipsOption,
  },
  details: [
    'Asks nobody. Checks the signatures of persons, approvers, chips and log, the certificates to',
    'a trusted root at the time of use, each record against the ledger, and that none is missing.',
    'Exit 0: everything holds. 1: something does not; its line and code are named.',
  ].join('\n'),
  async run([file = ''], { roots, trust, chips }) {
    const text = await readFile(file, 'utf8');
    const pem = await readFile(required('roots', roots), 'utf8');
    const ledger = (await readJsonFile(required('trust', trust))) as TrustFile;
    const pinned = chips === undefined ? {} : { chips: (await readJsonFile(chips)) as string[] };
    const trusted = { ledger, roots: certificatesIn(pem), ...pinned };
    const verdict = await verifyRecords(text, trusted, Date.now());
    return { exit: verdict.ok ? 0 : 1, json: verdict, text: verdictText(verdict) };
  },
});

const exportCommand = command({
  summary: "exports the log of the uses of an institution's key",
  operands: ['KEY'],
  options: {
    out: { type: 'string', value: 'FILE', about: 'where the export goes' },
    ...serviceOptions,
  },
  async run([key = ''], { out, ...service }) {
    const file = required('out', out);
    const text = await connect(service).records.export(key);
    await writeFile(file, text);
    return { exit: 0, json: { file, bytes: text.length }, text: `${file}\n` };
  },
});

const verdictTexts: Readonly<Record<MisbehaviourVerdict, string>> = {
  proved: 'proved: a chip signed this answer to exactly this question, and it is wrong',
  answer_right: 'the answer is right',
  not_receipted: 'no chip signed this answer: somebody on the way may have changed it',
  not_attested: 'no chip said what its share is, so nobody can tell what it had to answer',
  nonces_differ: 'the nonces are not those of the terminal’s message',
  chip_untrusted: 'the chip is not among those that are trusted',
  malformed: 'this is no report',
};

const judge = command({
  summary: 'judges a report that the other half of a personal key answered wrongly, offline',
  operands: ['FILE'],
  options: { chips: chipsOption },
  details: [
    'FILE is what a terminal kept, or one item of GET /v1/misbehaviour with the tenant, in JSON.',
    'Exit 0: it is proved that the chips misbehaved. 1: it is not, and why is said.',
  ].join('\n'),
  async run([file = ''], { chips }) {
    const report = (await readJsonFile(file)) as MisbehaviourCase & { personalKeyId?: string };
    const { keyId = report.personalKeyId ?? '' } = report;
    const pinned = chips === undefined ? undefined : ((await readJsonFile(chips)) as string[]);
    const verdict = judgeMisbehaviour(await loadGm(), { ...report, keyId }, pinned);
    return {
      exit: verdict === 'proved' ? 0 : 1,
      json: { verdict },
      text: `${verdictTexts[verdict]}\n`,
    };
  },
});

export const audit: Group = {
  summary: "the audit chain and what was done with institutions' keys: export, verify offline",
  commands: {
    export: exportCommand,
    verify,
    'export-chain': exportChain,
    'check-chain': checkChain,
    judge,
  },
};
