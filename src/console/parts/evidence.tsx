import type { RefObject } from 'preact';
import { useState } from 'preact/hooks';
import type { CertificateVerification } from '../../client/index.ts';
import { formatMoment } from '../format.ts';
import { maybe, t } from '../i18n/index.ts';
import { LedgerRefusal, pinnedTrust } from '../ledger-check.ts';
import { client } from '../session.ts';
import { useWrite } from '../write.ts';
import { Status } from './chip.tsx';
import { LedgerLie } from './ledger-lie.tsx';
import { LedgerRefused } from './ledger-refused.tsx';
import { Facts, Panel } from './page.tsx';
import { Refusal } from './states.tsx';

interface Verdict {
  ok: boolean;
  where: 'service' | 'browser';
  /** In this browser: whether it had kept the keys of the log before. */
  keysKnown?: boolean;
  at: string;
  steps: readonly {
    step: CertificateVerification['steps'][number]['step'];
    ok: boolean;
    code?: string | undefined;
    facts: Readonly<Record<string, string>>;
  }[];
}

/** The same evidence, checked by the code in this page with the keys of the log that it keeps. */
async function verifyHere(serial: string): Promise<Verdict> {
  const { trust, keysKnown } = await pinnedTrust();
  const { evidence, at } = await client.certificates.verify(serial);
  const { verifyEvidence } = await import('../../client/certificates.ts');
  const verdict = await verifyEvidence(evidence, trust, Date.now());
  return { ...verdict, where: 'browser', keysKnown, at };
}

/** What this browser refuses by itself is an answer, not a failure. */
function refusalOf(error: unknown): LedgerRefusal {
  if (error instanceof LedgerRefusal) return error;
  throw error;
}

function Steps({ verdict }: { verdict: Verdict }) {
  return (
    <ol class="evidence">
      {verdict.steps.map(({ step, ok, code, facts }) => (
        <li key={step}>
          <Status tone={ok ? 'ok' : 'no'}>{t(`evidence.${step}`)}</Status>
          {code && <p class="why">{maybe(`evidence.code.${code}`) ?? code}</p>}
          <Facts
            items={Object.entries(facts).map(([name, value]) => [
              maybe(`evidence.fact.${name}`) ?? name,
              <span key={name} class="mono wrap">
                {value}
              </span>,
            ])}
          />
        </li>
      ))}
    </ol>
  );
}

/** Each step of the verification with its inputs, at the service or in this browser. */
export function Evidence(props: {
  serial: string;
  ledgerSubject: string;
  handle: RefObject<{ run: () => void } | undefined>;
}) {
  const [verdict, setVerdict] = useState<Verdict | LedgerRefusal | undefined>(undefined);
  const verify = useWrite<{ where: Verdict['where'] }>(async ({ where }) => {
    if (where === 'browser') return setVerdict(await verifyHere(props.serial).catch(refusalOf));
    const answer = await client.certificates.verify(props.serial);
    return setVerdict({ ...answer, where });
  });
  props.handle.current = { run: () => void verify.run({ where: 'service' }) };
  return (
    <Panel
      title={t('evidence.title')}
      aside={
        <>
          <button
            type="button"
            class="btn"
            aria-busy={verify.busy}
            onClick={() => void verify.run({ where: 'browser' })}
          >
            {t('evidence.here')}
          </button>
          <button
            type="button"
            class="btn"
            aria-busy={verify.busy}
            onClick={() => void verify.run({ where: 'service' })}
          >
            {t(verdict ? 'evidence.verify' : 'evidence.verify.first')} <kbd>V</kbd>
          </button>
        </>
      }
    >
      {verify.error && <Refusal what="evidence.not-verified" error={verify.error} />}
      {!verdict && !verify.error && <p class="hint">{t('evidence.lead')}</p>}
      {verdict instanceof LedgerRefusal && <LedgerRefused code={verdict.code} />}
      {verdict && !(verdict instanceof LedgerRefusal) && (
        <>
          <p role="status">
            <Status tone={verdict.ok ? 'ok' : 'no'} chip>
              {t(verdict.ok ? 'evidence.ok' : 'evidence.no')}
            </Status>{' '}
            {t(`evidence.by.${verdict.where}`)} · {formatMoment(verdict.at)}
            {verdict.keysKnown !== undefined &&
              ` · ${t(verdict.keysKnown ? 'ledger.step.keys.same' : 'ledger.step.keys.first')}`}
          </p>
          <Steps verdict={verdict} />
        </>
      )}
      <LedgerLie
        subject={props.ledgerSubject}
        onChange={() => void verify.run({ where: 'service' })}
      />
    </Panel>
  );
}
