import { useState } from 'preact/hooks';
import type { BiometricLooked, Payment } from '../../client/index.ts';
import { base64urlText } from '../../lib/base64url.ts';
import { Refusal } from '../parts/states.tsx';
import { FaceSample } from '../person/face-sample.tsx';
import { useWrite } from '../write.ts';
import { payingClient } from './session.ts';
import { q } from './words.ts';

type Missed = Exclude<BiometricLooked['finding'], 'match'>;

/** Where the policy takes a face for a challenged order: the payer shows it, from the paying device. */
export function Look({ payment, reload }: { payment: Payment; reload: () => void }) {
  const [sample, setSample] = useState<Uint8Array | undefined>(undefined);
  const [missed, setMissed] = useState<Missed | undefined>(undefined);
  const look = useWrite<{ id: string; sample: string }>(async ({ id, ...shown }) => {
    setMissed(undefined);
    const { payments } = payingClient(payment.terminalId);
    const { finding } = await payments.look(id, { modality: 'face', ...shown });
    if (finding !== 'match') setMissed(finding);
    reload();
  });
  const left = payment.looksLeft ?? 0;
  return (
    <section class="look">
      <h2>{q('look.title')}</h2>
      <p class="muted">{q(`look.${payment.biometric ?? 'clears'}`)}</p>
      {missed && (
        <p class="wrong" role="alert">
          {q(`look.found.${missed}`)}
        </p>
      )}
      {look.error && <Refusal what={{ said: q('look.not') }} error={look.error} />}
      {left > 0 && (
        <>
          <FaceSample onSample={setSample} />
          <button
            type="button"
            class="btn primary"
            aria-disabled={!sample}
            aria-busy={look.busy}
            onClick={() =>
              sample && void look.run({ id: payment.id, sample: base64urlText(sample) })
            }
          >
            {q('look.do')}
          </button>
        </>
      )}
      <p class="small muted">{q('look.left', { n: left })}</p>
    </section>
  );
}
