import { useState } from 'preact/hooks';
import type { Verification } from '../../client/index.ts';
import { t } from '../i18n/index.ts';
import { useKeys } from '../keys.ts';
import { Status } from '../parts/chip.tsx';
import { Refusal } from '../parts/states.tsx';
import { client } from '../session.ts';
import { useWrite } from '../write.ts';
import type { ManualAnswer, ManualOrder } from './manual-worker.ts';

/** Runs the vendors in a thread of its own, which ends with its answer. */
function compute(order: ManualOrder): Promise<ManualAnswer> {
  const worker = new Worker(new URL('./manual-worker.ts', import.meta.url), { type: 'module' });
  return new Promise<ManualAnswer>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<ManualAnswer>) => resolve(data);
    worker.onerror = () => reject(new Error('manual check: the worker failed'));
    worker.postMessage(order);
  }).finally(() => worker.terminate());
}

/** How far two computations of one score may lie apart: the digits that are shown. */
const sameScore = 0.0005;

/**
 * The reviewer's own computation (B8): the templates, opened for this person and on record, go
 * through the same modules in this browser, and the result stands beside the service's.
 */
export function ManualCheck({ verification }: { verification: Verification }) {
  const [answer, setAnswer] = useState<ManualAnswer | undefined>(undefined);
  const write = useWrite<string>(async (id) => {
    setAnswer(await compute({ templates: await client.verifications.templates(id) }));
  });
  const run = () => void write.run(verification.id);
  useKeys([{ key: 'm', label: t('manual.run'), run }]);
  return (
    <section class="manual">
      <h3>
        {t('manual.title')}
        <button type="button" class="link" aria-busy={write.busy} onClick={run}>
          {t(write.busy ? 'manual.running' : 'manual.run')} <kbd>M</kbd>
        </button>
      </h3>
      {!answer && !write.error && <p class="small muted">{t('manual.lead')}</p>}
      {write.error && <Refusal what="manual.failed" error={write.error} retry={run} />}
      {answer && (
        <table class="diff">
          <thead>
            <tr>
              <th>{t('vendor.title')}</th>
              <th class="num">{t('manual.server')}</th>
              <th class="num">{t('manual.here')}</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {verification.vendors.map((vendor) => {
              const here = answer.vendors.find(({ code }) => code === vendor.code);
              const isSame =
                here?.score !== undefined && Math.abs(here.score - vendor.score) < sameScore;
              return (
                <tr key={vendor.code}>
                  <td class="mono">{vendor.code}</td>
                  <td class="num">{vendor.score.toFixed(3)}</td>
                  <td class="num">{here?.score?.toFixed(3) ?? '—'}</td>
                  <td>
                    <Status tone={isSame ? 'ok' : 'wait'}>
                      {t(isSame ? 'manual.same' : 'manual.differs')}
                    </Status>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </section>
  );
}
