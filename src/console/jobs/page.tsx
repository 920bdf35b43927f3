import { useEffect, useState } from 'preact/hooks';
import type { Job, Voucher } from '../../client/index.ts';
import { formatMoment } from '../format.ts';
import { maybe, t } from '../i18n/index.ts';
import { Status, VerdictStatus } from '../parts/chip.tsx';
import { Field, SelectField, TextField } from '../parts/field.tsx';
import { Facts, PageHead, Panel } from '../parts/page.tsx';
import { Paged } from '../parts/paged.tsx';
import { Empty, Loaded, Refusal } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { navigate } from '../router.ts';
import { allows, client } from '../session.ts';
import { useWrite } from '../write.ts';

const jobTone = {
  running: 'run',
  paused: 'off',
  done: 'ok',
  attention: 'wait',
  cancelled: 'off',
} as const;
const askAgainMs = 2000;

function Progress({ job }: { job: Job }) {
  const label = t('job.progress.of', { done: job.done + job.failed, total: job.total });
  return (
    <span class="job-progress">
      <progress max={Math.max(1, job.total)} value={job.done + job.failed} aria-label={label} />
      <span class="num small">{label}</span>
      {job.failed > 0 && <Status tone="wait">{t('job.failed', { n: job.failed })}</Status>}
    </span>
  );
}

interface BatchDraft {
  title: string;
  manifest: File;
  pictures: readonly File[];
}

/** The manifest and its pictures are chosen together; the manifest is the file that ends in csv. */
function NewBatch() {
  const [title, setTitle] = useState('');
  const [files, setFiles] = useState<readonly File[]>([]);
  const [checked, setChecked] = useState(false);
  const manifest = files.find(({ name }) => /\.csv$/i.test(name));
  const pictures = files.filter((file) => file !== manifest);
  const write = useWrite<BatchDraft>(async (draft, keyFor) => {
    const job = await client.jobs.submitBatch(draft, { idempotencyKey: keyFor('batch') });
    navigate(`/jobs/${job.id}`);
  });
  const wrong = !manifest
    ? t('job.batch.no-manifest')
    : pictures.length === 0
      ? t('job.batch.no-pictures')
      : undefined;
  const submit = () => {
    setChecked(true);
    if (manifest && !wrong) void write.run({ title, manifest, pictures });
  };
  return (
    <Panel title={t('job.new-batch')}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        {write.error && <Refusal what="job.not-sent" error={write.error} retry={submit} />}
        {write.error && write.error.fields.length > 0 && (
          <ul class="small mono">
            {write.error.fields.slice(0, 20).map(({ pointer, code }) => (
              <li key={pointer}>
                {pointer.replace('/body/', '')} {code}
              </li>
            ))}
          </ul>
        )}
        <TextField label={t('job.batch.title')} value={title} onInput={setTitle} />
        <Field
          label={t('job.batch.files')}
          hint={
            manifest
              ? t('job.batch.chosen', { manifest: manifest.name, n: pictures.length })
              : t('job.batch.files.hint')
          }
          wrong={checked ? wrong : undefined}
        >
          {(ids) => (
            <input
              {...ids}
              type="file"
              multiple
              accept=".csv,text/csv,image/png,image/jpeg"
              onChange={(event) => setFiles([...(event.currentTarget.files ?? [])])}
            />
          )}
        </Field>
        <div class="foot">
          <button type="submit" class="btn primary" aria-busy={write.busy}>
            {t('job.batch.send')}
          </button>
        </div>
      </form>
    </Panel>
  );
}

interface ReplacementDraft {
  from: string;
  to: string;
  dryRun: boolean;
  deleteOld: boolean;
}

function Replacement() {
  const [vendors, reload] = useResource((signal) => client.seals.vendors({ signal }), []);
  const [draft, setDraft] = useState<ReplacementDraft>({
    from: '',
    to: '',
    dryRun: true,
    deleteOld: false,
  });
  const set = (change: Partial<ReplacementDraft>) => setDraft((now) => ({ ...now, ...change }));
  const write = useWrite<ReplacementDraft>(async ({ from, ...rest }, keyFor) => {
    const job = await client.jobs.replaceVendor(from, rest, { idempotencyKey: keyFor('replace') });
    navigate(`/jobs/${job.id}`);
  });
  return (
    <Panel title={t('job.replace')}>
      <Loaded resource={vendors} reload={reload} lines={2}>
        {({ vendors: installed }) => {
          const usable = installed.filter(({ state }) => state !== 'retired');
          if (usable.length < 2) return <p class="small muted">{t('job.replace.one')}</p>;
          const options = [
            { value: '', text: '—' },
            ...usable.map(({ code, version }) => ({ value: code, text: `${code} ${version}` })),
          ];
          const isWhole = draft.from !== '' && draft.to !== '' && draft.from !== draft.to;
          return (
            <form
              noValidate
              onSubmit={(event) => {
                event.preventDefault();
                if (isWhole) void write.run(draft);
              }}
            >
              {write.error && <Refusal what="job.not-done" error={write.error} />}
              <div class="fields">
                <SelectField
                  label={t('job.replace.from')}
                  value={draft.from}
                  options={options}
                  onChange={(from) => set({ from })}
                />
                <SelectField
                  label={t('job.replace.to')}
                  value={draft.to}
                  options={options}
                  onChange={(to) => set({ to })}
                />
              </div>
              <label class="check">
                <input
                  type="checkbox"
                  checked={draft.dryRun}
                  onChange={(event) => set({ dryRun: event.currentTarget.checked })}
                />
                {t('job.replace.dry')}
              </label>
              <label class="check">
                <input
                  type="checkbox"
                  checked={draft.deleteOld}
                  onChange={(event) => set({ deleteOld: event.currentTarget.checked })}
                />
                {t('job.replace.delete')}
              </label>
              {isWhole && !draft.dryRun && (
                <p class="small">{t('job.replace.sure', { from: draft.from, to: draft.to })}</p>
              )}
              <div class="foot">
                <button
                  type="submit"
                  class="btn primary"
                  disabled={!isWhole}
                  aria-busy={write.busy}
                >
                  {t('job.replace.run')}
                </button>
              </div>
            </form>
          );
        }}
      </Loaded>
    </Panel>
  );
}

/** Every job of the institution, and where new ones begin (B9, B10). */
export function JobList() {
  return (
    <>
      <PageHead title={t('job.title')} facts={<span>{t('job.lead')}</span>} />
      <div class="body">
        <Panel title={t('job.title')} flush>
          <Paged
            load={(cursor, signal) => client.jobs.list({ cursor }, { signal })}
            inputs={[]}
            empty={<Empty title={t('job.none')} hint={t('job.none.hint')} />}
          >
            {(items) => (
              <table class="table list">
                <thead>
                  <tr>
                    <th>{t('job.started')}</th>
                    <th class="wide">{t('job.what')}</th>
                    <th>{t('job.progress')}</th>
                    <th>{t('field.state')}</th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((job) => (
                    <tr key={job.id}>
                      <td class="date">
                        <a class="whole" href={`/jobs/${job.id}`}>
                          {formatMoment(job.createdAt)}
                        </a>
                      </td>
                      <td class="cut">
                        {t(`job.type.${job.type}`)} <span class="faint">{job.title}</span>
                      </td>
                      <td>
                        <Progress job={job} />
                      </td>
                      <td>
                        <Status tone={jobTone[job.state]}>{t(`job.state.${job.state}`)}</Status>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
          </Paged>
        </Panel>
        {allows('writeSeals') && <NewBatch />}
        {allows('proposePolicies') && <Replacement />}
      </div>
    </>
  );
}

function Controls(props: { job: Job; onDone: () => void }) {
  const { job } = props;
  const write = useWrite<'pause' | 'resume' | 'cancel' | 'replay'>(async (action, keyFor) => {
    await client.jobs.control(job.id, action, { idempotencyKey: keyFor(action) });
    props.onDone();
  });
  const actions = (
    [
      ['pause', job.state === 'running'],
      ['resume', job.state === 'paused'],
      ['replay', job.state === 'attention'],
      ['cancel', job.state === 'running' || job.state === 'paused'],
    ] as const
  ).flatMap(([action, isThere]) => (isThere ? [action] : []));
  return (
    <>
      {write.error && <Refusal what="job.not-done" error={write.error} />}
      {actions.map((action) => (
        <button
          key={action}
          type="button"
          class="btn"
          aria-busy={write.busy}
          onClick={() => void write.run(action)}
        >
          {t(`job.${action}`)}
        </button>
      ))}
    </>
  );
}

function VoucherResult({ voucher }: { voucher: Voucher }) {
  if (voucher.verdict) return <VerdictStatus verdict={voucher.verdict} chip />;
  if (voucher.state === 'dead') {
    const why = maybe(`error.${voucher.errorCode}.why`) ?? voucher.error ?? '';
    return <Status tone="wait">{`${t('job.dead')} ${why}`}</Status>;
  }
  return <Status tone="off">{t(voucher.state === 'leased' ? 'job.leased' : 'job.waiting')}</Status>;
}

function Vouchers({ job }: { job: Job }) {
  return (
    <Panel title={t('job.vouchers')} flush>
      <Paged
        load={(cursor, signal) => client.jobs.vouchers(job.id, { cursor, limit: 100 }, { signal })}
        inputs={[job.id, job.done, job.failed, job.state]}
        empty={<Empty title={t('job.none')} />}
      >
        {(items) => (
          <table class="table list">
            <thead>
              <tr>
                <th>{t('job.row')}</th>
                <th class="wide">{t('job.vouchers')}</th>
                <th>{t('field.state')}</th>
              </tr>
            </thead>
            <tbody>
              {items.map((voucher) => (
                <tr key={voucher.id}>
                  <td>{voucher.position}</td>
                  <td class="wide">
                    {voucher.verificationId ? (
                      <a class="whole" href={`/verifications/${voucher.verificationId}`}>
                        {voucher.reference || voucher.position}
                      </a>
                    ) : (
                      voucher.reference
                    )}
                  </td>
                  <td>
                    <VoucherResult voucher={voucher} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Paged>
    </Panel>
  );
}

function ReplacementFigures({ made }: { made: NonNullable<Job['replacement']> }) {
  return (
    <Panel title={t('job.replace')}>
      <Facts
        items={[
          [t('job.replace.from'), <span class="mono">{made.from}</span>],
          [t('job.replace.to'), <span class="mono">{made.to}</span>],
          [t('job.replaced'), <span class="num">{made.replaced}</span>],
          [t('job.already'), <span class="num">{made.already}</span>],
          [t('job.removed'), <span class="num">{made.removed}</span>],
          [t('job.kept'), <span class="num">{made.kept}</span>],
        ]}
      />
      {made.dryRun && <p class="small">{t('job.replace.dry')}</p>}
      {made.replayed && <p class="small">{t('job.replayed', made.replayed)}</p>}
      {made.failures.length > 0 && (
        <>
          <h3>{t('job.failures')}</h3>
          <ul class="small">
            {made.failures.map(({ templateId, sealId, code }) => (
              <li key={templateId}>
                <a class="mono" href={`/seals/${sealId}`}>
                  {sealId.slice(0, 13)}…
                </a>{' '}
                {maybe(`job.failure.${code}`) ?? maybe(`error.${code}.why`) ?? code}
              </li>
            ))}
          </ul>
        </>
      )}
    </Panel>
  );
}

/** One job with its progress, asked again while it runs. */
export function JobDetail({ id }: { id: string }) {
  const [resource, reload] = useResource((signal) => client.jobs.get(id, { signal }), [id]);
  const isRunning = resource.kind === 'ready' && resource.value.state === 'running';
  useEffect(() => {
    if (!isRunning) return;
    const timer = setInterval(() => !document.hidden && reload(), askAgainMs);
    return () => clearInterval(timer);
  }, [isRunning]);
  return (
    <Loaded resource={resource} reload={reload} lines={6}>
      {(job) => (
        <>
          <PageHead
            title={job.title || t(`job.type.${job.type}`)}
            crumbs={[{ text: t('nav.jobs'), href: '/jobs' }]}
            state={
              <Status tone={jobTone[job.state]} chip>
                {t(`job.state.${job.state}`)}
              </Status>
            }
            facts={
              <>
                <span>{t(`job.type.${job.type}`)}</span>
                <span class="num">{formatMoment(job.createdAt)}</span>
                <span>
                  {t('job.by')} {job.requestedBy}
                </span>
                <Progress job={job} />
              </>
            }
            actions={allows('writeSeals') && <Controls job={job} onDone={reload} />}
          />
          <div class="body">
            {job.replacement ? (
              <ReplacementFigures made={job.replacement} />
            ) : (
              <Vouchers job={job} />
            )}
          </div>
        </>
      )}
    </Loaded>
  );
}
