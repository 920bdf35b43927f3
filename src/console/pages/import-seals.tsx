import { useRef, useState } from 'preact/hooks';
import type { ApiError } from '../../client/index.ts';
import {
  type ArchiveRow,
  demandedColumns,
  enrolArchiveRow,
  optionalColumns,
  type RowOutcome,
  readSealArchive,
  type SealArchive,
} from '../../client/seal-archive.ts';
import { maybe, t } from '../i18n/index.ts';
import { Status } from '../parts/chip.tsx';
import { Field } from '../parts/field.tsx';
import { PageHead, Panel } from '../parts/page.tsx';
import { Refusal, wordsOf } from '../parts/states.tsx';
import { asApiError } from '../resource.ts';
import { client } from '../session.ts';

/** Of one row: what the service said, or `running` while it is asked. */
type Outcome = RowOutcome | { readonly state: 'running' } | { readonly error: ApiError };

/** Errors after which asking for the next row is in vain. */
const endsAll = ['network', 'unauthenticated', 'forbidden', 'rate_limited'];
const problemsShown = 20;

/** `/rows/3/serial` in words. */
function whereOf(pointer: string): string {
  const [, kind, place = '', column] = pointer.split('/');
  if (kind === 'rows') return [t('import.row', { row: place }), column].filter(Boolean).join(', ');
  return place || (kind ?? '');
}

function Problems({ error }: { error: ApiError }) {
  return (
    <ul class="small">
      {error.fields.slice(0, problemsShown).map(({ pointer, code }) => (
        <li key={pointer + code}>
          {whereOf(pointer)} {maybe(`import.problem.${code}`) ?? code}
        </li>
      ))}
      {error.fields.length > problemsShown && <li>… {error.fields.length - problemsShown}</li>}
    </ul>
  );
}

function ArchiveChoice(props: { onRead: (archive: SealArchive | undefined) => void }) {
  const [error, setError] = useState<ApiError | undefined>(undefined);
  const [isBusy, setBusy] = useState(false);
  const chosen = useRef(0);
  async function read(file: File | undefined) {
    const turn = ++chosen.current;
    setError(undefined);
    props.onRead(undefined);
    if (!file) return;
    setBusy(true);
    try {
      const archive = await readSealArchive(file);
      if (turn === chosen.current) props.onRead(archive);
    } catch (cause) {
      if (turn === chosen.current) setError(asApiError(cause));
    } finally {
      if (turn === chosen.current) setBusy(false);
    }
  }
  return (
    <Panel title={t('import.choose')}>
      {error && <Refusal what="import.not-read" error={error} />}
      {error && <Problems error={error} />}
      <Field label={t('import.choose')} hint={t(isBusy ? 'import.reading' : 'import.hint')}>
        {(ids) => (
          <input
            {...ids}
            type="file"
            accept=".zip,application/zip"
            aria-busy={isBusy}
            onChange={(event) => void read(event.currentTarget.files?.[0])}
          />
        )}
      </Field>
      <p class="small muted">
        {t('import.columns', {
          demanded: demandedColumns.join(', '),
          optional: optionalColumns.join(', '),
        })}
      </p>
    </Panel>
  );
}

function RowState({ outcome }: { outcome: Outcome | undefined }) {
  if (!outcome) return <Status tone="off">{t('import.waits')}</Status>;
  if ('error' in outcome) return <Status tone="no">{wordsOf(outcome.error).why}</Status>;
  if (outcome.state === 'running') return <Status tone="run">{t('import.runs')}</Status>;
  if (outcome.state === 'waiting') return <Status tone="wait">{t('seal.waits')}</Status>;
  return (
    <a href={`/seals/${outcome.id}`}>
      <Status tone="ok">{t('seal.enrolled')}</Status>
    </a>
  );
}

/** Sends the rows one after the other; each may be stopped before the next. */
function useRun(archive: SealArchive) {
  const [outcomes, setOutcomes] = useState<ReadonlyMap<number, Outcome>>(new Map());
  const [isRunning, setRunning] = useState(false);
  const isStopped = useRef(false);
  const say = ({ position }: ArchiveRow, outcome: Outcome) =>
    setOutcomes((now) => new Map(now).set(position, outcome));
  async function run(rows: readonly ArchiveRow[]) {
    if (isRunning) return;
    isStopped.current = false;
    setRunning(true);
    for (const row of rows) {
      if (isStopped.current) break;
      say(row, { state: 'running' });
      try {
        say(row, await enrolArchiveRow(client, archive, row));
      } catch (cause) {
        const error = asApiError(cause);
        say(row, { error });
        if (endsAll.includes(error.code)) break;
      }
    }
    setRunning(false);
  }
  const stop = () => {
    isStopped.current = true;
  };
  return { outcomes, isRunning, run, stop };
}

function Rows({ archive }: { archive: SealArchive }) {
  const { rows, unused } = archive;
  const { outcomes, isRunning, run, stop } = useRun(archive);
  const stateOf = ({ position }: ArchiveRow) => outcomes.get(position);
  const taken = rows.filter((row) => {
    const outcome = stateOf(row);
    return outcome !== undefined && 'id' in outcome;
  });
  const left = rows.filter((row) => !taken.includes(row));
  const refused = left.filter((row) => stateOf(row) !== undefined);
  const isAgain = !isRunning && refused.length > 0 && refused.length === left.length;
  const label = t('import.ended', { done: taken.length, total: rows.length });
  return (
    <Panel title={t('import.found', { n: rows.length })} flush>
      <div class="in">
        {unused.length > 0 && (
          <p class="small">{t('import.unused', { names: unused.join(', ') })}</p>
        )}
        <p class="small muted">{t('import.stays')}</p>
        <div class="foot">
          <span class="job-progress grow" role="status">
            <progress max={rows.length} value={taken.length} aria-label={label} />
            <span class="num small">{label}</span>
          </span>
          {isRunning ? (
            <button type="button" class="btn" onClick={stop}>
              {t('import.stop')}
            </button>
          ) : (
            left.length > 0 && (
              <button type="button" class="btn primary" onClick={() => void run(left)}>
                {t(isAgain ? 'import.again' : 'import.send', { n: left.length })}
              </button>
            )
          )}
        </div>
      </div>
      <table class="table list">
        <thead>
          <tr>
            <th>#</th>
            <th>{t('account.number')}</th>
            <th>{t('card.number')}</th>
            <th>{t('seal.serial')}</th>
            <th>{t('seal.shape')}</th>
            <th class="wide">{t('field.state')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.position}>
              <td class="num">{row.position}</td>
              <td class="mono">{row.account}</td>
              <td class="mono">{row.card}</td>
              <td class="mono">{row.serial}</td>
              <td>{t(`shape.${row.shape}`)}</td>
              <td>
                <RowState outcome={stateOf(row)} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}

/** Reserved imprints of an archive, enrolled one after the other (B2, B4). */
export function ImportSealsPage() {
  const [archive, setArchive] = useState<SealArchive | undefined>(undefined);
  return (
    <>
      <PageHead
        title={t('import.title')}
        crumbs={[{ text: t('nav.seals'), href: '/seals' }]}
        facts={<span>{t('import.lead')}</span>}
      />
      <div class="body">
        <ArchiveChoice onRead={setArchive} />
        {archive && <Rows key={archive.digest} archive={archive} />}
      </div>
    </>
  );
}
