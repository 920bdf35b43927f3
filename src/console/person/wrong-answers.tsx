import { judgeMisbehaviour, type KeptReport } from '../../client/certificates.ts';
import { loadGm } from '../../core/gm.ts';
import { formatMoment } from '../format.ts';
import { t } from '../i18n/index.ts';
import { Panel } from '../parts/page.tsx';
import { Refusal } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { saveFile } from '../save-file.ts';
import { client } from '../session.ts';
import { useWrite } from '../write.ts';
import { vault } from './terminal.ts';
import { reportsKept } from './vault.ts';
import { p } from './words.ts';

/** Wrong answers of the other half that this browser kept, for whoever has to judge them. */
export function WrongAnswers({ keyId }: { keyId: string }) {
  const [resource] = useResource(async () => {
    const kept = await vault.reports(keyId);
    if (kept.length === 0) return [];
    const gm = await loadGm();
    return kept.map((one) => ({ one, verdict: judgeMisbehaviour(gm, one.report, undefined) }));
  }, [keyId, reportsKept.value]);
  // No such answer, which is as it should be: nothing is shown of it, nor of looking for it.
  if (resource.kind !== 'ready' || resource.value.length === 0) return null;
  return (
    <Panel title={p('wrong.title')}>
      <p class="muted">{p('wrong.lead')}</p>
      <ul class="cards">
        {resource.value.map(({ one, verdict }) => (
          <Kept key={one.report.transcript.requestId} kept={one}>
            {t(`reports.verdict.${verdict}`)}
          </Kept>
        ))}
      </ul>
    </Panel>
  );
}

function Kept({ kept, children }: { kept: KeptReport; children: string }) {
  const { report, atMs, isTaken } = kept;
  const { keyId, transcript } = report;
  const tell = useWrite<{ keyId: string }>(async () => {
    await client.personalKeys.report(keyId, transcript);
    await vault.keepReport({ ...kept, isTaken: true });
  });
  const name = `report-${transcript.requestId.slice(-12)}.json`;
  return (
    <li>
      {tell.error && <Refusal what={{ said: p('wrong.not-told') }} error={tell.error} />}
      <div class="row">
        <b class="grow">{children}</b>
        <button type="button" class="link" onClick={() => saveFile(name, JSON.stringify(report))}>
          {t('reports.save')}
        </button>
        {!isTaken && (
          <button
            type="button"
            class="btn"
            aria-busy={tell.busy}
            onClick={() => void tell.run({ keyId })}
          >
            {p('wrong.tell')}
          </button>
        )}
      </div>
      <p class="small muted">
        {formatMoment(new Date(atMs).toISOString())} · {p(isTaken ? 'wrong.told' : 'wrong.untold')}
      </p>
    </li>
  );
}
