import { useState } from 'preact/hooks';
import { setTick } from '../home/ticks.ts';
import { t } from '../i18n/index.ts';
import { client, session } from '../session.ts';
import { useWrite } from '../write.ts';
import { Refusal } from './states.tsx';

/**
 * Demo mode only: has the service serve this subject's entry with one byte changed, and mends it.
 * What is stored stays as it is; whoever verifies meanwhile must refuse.
 */
export function LedgerLie(props: { subject: string; onChange: () => void }) {
  const [altered, setAltered] = useState(false);
  const change = useWrite<{ alter: boolean }>(async ({ alter }) => {
    const { ledger } = client.demo;
    await (alter ? ledger.alter(props.subject) : ledger.restore());
    setAltered(alter);
    if (alter) setTick('certificate.alter');
    props.onChange();
  });
  if (session.value.kind !== 'ready' || session.value.identities.length === 0) return null;
  return (
    <div class="demo-lie">
      {change.error && <Refusal what="certificate.not-moved" error={change.error} />}
      <p class="small">
        <b>{t('demo.word')}</b> {t(altered ? 'demo.ledger.altered' : 'demo.ledger.lead')}
      </p>
      <div class="foot">
        <button
          type="button"
          class="btn"
          aria-busy={change.busy}
          onClick={() => void change.run({ alter: true })}
        >
          {t('demo.ledger.alter')}
        </button>
        <button
          type="button"
          class="btn"
          aria-busy={change.busy}
          onClick={() => void change.run({ alter: false })}
        >
          {t('demo.ledger.restore')}
        </button>
      </div>
    </div>
  );
}
