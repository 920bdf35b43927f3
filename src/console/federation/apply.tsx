import '../styles/federation.css';
import { useEffect, useState } from 'preact/hooks';
import type {
  ApiError,
  OpenedScoring,
  PreparedApplication,
  ScoringProgress,
} from '../../client/index.ts';
import { IdentityError, prepareApplication } from '../../client/index.ts';
import { t } from '../i18n/index.ts';
import { isKeyPassword } from '../parts/key-password.tsx';
import { PageHead } from '../parts/page.tsx';
import { Refusal } from '../parts/states.tsx';
import { asApiError } from '../resource.ts';
import { client } from '../session.ts';
import type { TerminalKey } from './certificate-step.tsx';
import { ConsentCard, WhoSees } from './consent.tsx';
import { DecisionView } from './decision.tsx';
import { ApplicationForm, type ApplicationFormValue, emptyForm, requestedOf } from './form.tsx';
import { PartiesNow } from './health.tsx';
import { NodeStates } from './nodes.tsx';

type Phase =
  | { kind: 'form'; wrong: readonly string[]; error?: ApiError }
  | { kind: 'consent'; prepared: Prepared }
  | { kind: 'running'; prepared: Prepared }
  | { kind: 'decided'; prepared: Prepared; opened: OpenedScoring }
  | { kind: 'failed'; prepared: Prepared; error: ApiError };

/** With the key that the certificate will be for: the decision names it. */
type Prepared = PreparedApplication & { readonly terminalKey: TerminalKey };

/** What the coordinator says of a request while it is under way, and in the end when it has failed. */
function useProgress(
  requestId: string | undefined,
  isRunning: boolean,
): ScoringProgress | undefined {
  const [progress, setProgress] = useState<ScoringProgress | undefined>(undefined);
  useEffect(() => {
    if (requestId === undefined) return;
    const controller = new AbortController();
    const { signal } = controller;
    if (isRunning) void client.federation.watch(requestId, setProgress, signal);
    // A request that was turned away at the door is not known there; its error says all.
    else void client.federation.progress(requestId, { signal }).then(setProgress, () => {});
    return () => controller.abort();
  }, [requestId, isRunning]);
  return progress;
}

/** From who one is and what one wants, over consent, to a decision that only this page can read. */
export function Apply() {
  const [value, setValue] = useState<ApplicationFormValue>(emptyForm);
  const [phase, setPhase] = useState<Phase>({ kind: 'form', wrong: [] });
  const requestId =
    phase.kind === 'running' || phase.kind === 'failed' ? phase.prepared.requestId : undefined;
  const progress = useProgress(requestId, phase.kind === 'running');

  async function prepare() {
    const requested = requestedOf(value);
    const { identity, password } = value;
    const wrong = [
      ...(requested ? [] : ['limits']),
      ...(isKeyPassword(password) ? [] : ['password']),
    ];
    if (!requested || wrong.length > 0) return setPhase({ kind: 'form', wrong });
    try {
      const { makeSm2Request } = await import('../../client/certificate-request.ts');
      const terminalKey = await makeSm2Request(password);
      const subjectKeySha256 = terminalKey.publicKeySha256;
      const input = { identity, requested, subjectKeySha256 };
      const prepared = await prepareApplication(client, input);
      setPhase({ kind: 'consent', prepared: { ...prepared, terminalKey } });
    } catch (cause) {
      if (cause instanceof IdentityError) setPhase({ kind: 'form', wrong: cause.fields });
      else setPhase({ kind: 'form', wrong: [], error: asApiError(cause) });
    }
  }

  async function agree(prepared: Prepared) {
    setPhase({ kind: 'running', prepared });
    try {
      const opened = await prepared.send(client);
      // What was typed is of no more use; the decision does not hold it.
      setValue(emptyForm);
      setPhase({ kind: 'decided', prepared, opened });
    } catch (cause) {
      setPhase({ kind: 'failed', prepared, error: asApiError(cause) });
    }
  }

  const again = () => setPhase({ kind: 'form', wrong: [] });
  return (
    <>
      <PageHead title={t('apply.settings-title')} facts={<span>{t('apply.lead')}</span>} />
      <ol class="phases" aria-label={t('apply.steps')}>
        {(['form', 'consent', 'running', 'decided'] as const).map((step) => (
          <li
            key={step}
            aria-current={
              step === (phase.kind === 'failed' ? 'running' : phase.kind) ? 'step' : undefined
            }
          >
            {t(`apply.step.${step}`)}
          </li>
        ))}
      </ol>
      {phase.kind === 'form' && (
        <ApplicationForm
          value={value}
          onChange={setValue}
          wrong={phase.wrong}
          error={phase.error}
          onSubmit={() => void prepare()}
        />
      )}
      {phase.kind === 'form' && (
        <div class="body narrow">
          <PartiesNow />
        </div>
      )}
      {phase.kind === 'consent' && (
        <div class="body narrow">
          <ConsentCard
            prepared={phase.prepared}
            onAgree={() => void agree(phase.prepared)}
            onRefuse={again}
          />
          <WhoSees roster={phase.prepared.roster} />
        </div>
      )}
      {(phase.kind === 'running' || phase.kind === 'failed') && (
        <div class="body narrow">
          {phase.kind === 'failed' && (
            <Refusal what="apply.not-decided" error={phase.error} retry={again} />
          )}
          <NodeStates
            roster={phase.prepared.roster}
            progress={progress}
            isRunning={phase.kind === 'running'}
          />
        </div>
      )}
      {phase.kind === 'decided' && (
        <DecisionView prepared={phase.prepared} opened={phase.opened} again={again} />
      )}
    </>
  );
}
