import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Job, Review, SealPolicy, Voucher } from '../client/index.ts';
import { parseCsv } from '../lib/csv.ts';
import { command, required, UsageError } from './command.ts';
import { connect, serviceOptions } from './service.ts';
import { table } from './table.ts';

const jobActions = ['pause', 'resume', 'cancel', 'replay'] as const;
const askAgainMs = 1000;

function jobText(job: Job): string {
  const { id, state, done, failed, total } = job;
  return `job ${id}: ${state}, ${done} of ${total} done, ${failed} put aside\n`;
}

function voucherRow({ position, reference, state, verdict, errorCode, verificationId }: Voucher) {
  return [String(position), reference, verdict ?? state, errorCode ?? '', verificationId ?? ''];
}

function reviewRow({ verificationId, verdict, amountMinor, currency, holder, queuedAt }: Review) {
  return [verificationId, verdict, `${currency} ${amountMinor}`, holder ?? '', queuedAt];
}

async function follow(client: ReturnType<typeof connect>, job: Job, waits: boolean): Promise<Job> {
  let now = job;
  while (waits && now.state === 'running') {
    await new Promise((wake) => setTimeout(wake, askAgainMs));
    now = await client.jobs.get(job.id);
    process.stderr.write(jobText(now));
  }
  return now;
}

/** 0 when all of it is done, 1 when something was put aside; a job that goes on is neither. */
function exitOf({ state, failed }: Job): 0 | 1 {
  return state === 'attention' || failed > 0 ? 1 : 0;
}

const wait = { type: 'boolean', about: 'wait until the job has ended' } as const;

/** Commands for what takes longer than a request: batches, reviews, policies, vendors. */
export const sealWorkCommands = {
  batch: command({
    summary: 'has the service verify the vouchers of a manifest',
    operands: ['MANIFEST'],
    options: {
      title: { type: 'string', value: 'TEXT', about: 'name of the batch' },
      wait,
      ...serviceOptions,
    },
    details:
      'MANIFEST is CSV with the columns picture, seal, currency, amountMinor and optionally branch, reference, dpi; pictures lie beside it. At most 100 vouchers.',
    async run([path = ''], { title, wait: waits, ...service }) {
      const manifest = await readFile(path);
      const { header, rows } = parseCsv(manifest.toString());
      const column = header.indexOf('picture');
      if (column < 0) throw new UsageError('the manifest has no column picture');
      const names = [...new Set(rows.map((row) => row[column] ?? ''))];
      const pictures = await Promise.all(
        names.map(async (name) => {
          const bytes = await readFile(join(dirname(path), basename(name)));
          return new File([new Uint8Array(bytes)], name);
        }),
      );
      const client = connect(service);
      const batch = {
        title: title ?? '',
        manifest: new Blob([new Uint8Array(manifest)]),
        pictures,
      };
      const job = await follow(client, await client.jobs.submitBatch(batch), waits ?? false);
      return { exit: exitOf(job), json: job, text: jobText(job) };
    },
  }),

  'replace-vendor': command({
    summary: 'replaces one vendor by another',
    operands: ['FROM', 'TO'],
    options: {
      'dry-run': { type: 'boolean', about: 'restore, enrol and prove everything, change nothing' },
      'delete-old': { type: 'boolean', about: 'remove old templates that nothing refers to' },
      wait,
      ...serviceOptions,
    },
    async run([from = '', to = ''], values) {
      const { 'dry-run': dryRun, 'delete-old': deleteOld, wait: waits, ...service } = values;
      const client = connect(service);
      const started = await client.jobs.replaceVendor(from, {
        to,
        dryRun: dryRun ?? false,
        deleteOld: deleteOld ?? false,
      });
      const job = await follow(client, started, waits ?? false);
      return { exit: exitOf(job), json: job, text: jobText(job) };
    },
  }),

  job: command({
    summary: 'shows a job, or pauses, resumes, cancels or replays it',
    operands: ['JOB'],
    options: {
      action: { type: 'string', value: 'WORD', about: jobActions.join(', ') },
      wait,
      ...serviceOptions,
    },
    async run([id = ''], { action, wait: waits, ...service }) {
      const client = connect(service);
      const wanted = jobActions.find((known) => known === action);
      if (action !== undefined && !wanted) {
        throw new UsageError(`--action is one of ${jobActions.join(', ')}`);
      }
      const found = wanted ? await client.jobs.control(id, wanted) : await client.jobs.get(id);
      const job = await follow(client, found, waits ?? false);
      const isBatch = job.type === 'verification-batch';
      const vouchers = isBatch ? (await client.jobs.vouchers(id, { limit: 100 })).items : [];
      const list = isBatch
        ? table(['#', 'reference', 'result', 'error', 'verification'], vouchers.map(voucherRow))
        : '';
      return { exit: exitOf(job), json: { ...job, vouchers }, text: jobText(job) + list };
    },
  }),

  reviews: command({
    summary: 'lists what waits for a person',
    operands: [],
    options: { ...serviceOptions },
    async run(_, service) {
      const page = await connect(service).reviews.list({ limit: 100 });
      const text = table(
        ['verification', 'verdict', 'amount', 'holder', 'since'],
        page.items.map(reviewRow),
      );
      return { exit: 0, json: page, text };
    },
  }),

  decide: command({
    summary: 'decides about an imprint that the vendors did not pass',
    operands: ['VERIFICATION', 'DECISION'],
    options: {
      reason: {
        type: 'string',
        value: 'CODE',
        about: 'such as strokes_differ, strokes_agree, other',
      },
      note: { type: 'string', value: 'TEXT', about: 'in words; demanded by the reason other' },
      ...serviceOptions,
    },
    details: 'DECISION is pass or fail. It is final after five seconds.',
    async run([id = '', decision = ''], { reason, note, ...service }) {
      if (decision !== 'pass' && decision !== 'fail') {
        throw new UsageError('DECISION is pass or fail');
      }
      const made = await connect(service).reviews.decide(id, {
        decision,
        // The service knows its reasons, and names the field when this is none of them.
        reason: required('reason', reason) as 'other',
        note: note ?? '',
      });
      return { exit: 0, json: made, text: `${decision}, final at ${made.finalAt}\n` };
    },
  }),

  policy: command({
    summary: 'shows the policy in force, or proposes the one in a file',
    operands: [],
    options: {
      propose: { type: 'string', value: 'FILE', about: 'JSON of the policy to propose' },
      reason: { type: 'string', value: 'TEXT', about: 'why it is proposed' },
      ...serviceOptions,
    },
    async run(_, { propose, reason, ...service }) {
      const client = connect(service);
      const now = await client.policies.current();
      if (propose === undefined) {
        return { exit: 0, json: now, text: `${JSON.stringify(now, undefined, 2)}\n` };
      }
      // What is wrong with it the service says.
      const policy = JSON.parse(await readFile(propose, 'utf8')) as SealPolicy;
      const change = await client.policies.propose({
        baseVersion: now.version,
        policy,
        reason: required('reason', reason),
      });
      const text = `change ${change.id} waits for a second person\n`;
      return { exit: 0, json: change, text };
    },
  }),
};
