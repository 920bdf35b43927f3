import type { RefObject } from 'preact';
import { useState } from 'preact/hooks';
import type { CertificateVerification } from '../../client/index.ts';
import { formatMoment } from '../format.ts';
import { maybe, t } from '../i18n/index.ts';
import { client } from '../session.ts';
import { useWrite } from '../write.ts';
import { Status } from './chip.tsx';
import { LedgerLie } from './ledger-lie.tsx';
import { Facts, Panel } from './page.tsx';
import { Refusal } from './states.tsx';

interface Verdict {
  ok: boolean;
  where: 'service' | 'browser';
  at: string;
  steps: readonly {
    step: CertificateVerification['steps'][number]['step'];
    ok: boolean;
    code?: string | undefined;
    facts: Readonly<Record<string, string>>;
  }[];
}

/** The same evidence, checked by the code in this page with the keys of the log. */
async function verifyHere(serial: string): Promise<Verdict> {
  const { evidence, at } = await client.certificates.verify(serial);
  const { verifyEvidence } = await import('../../client/certificates.ts');
  const trust = await (await fetch('/ledger/trust')).json();
  const verdict = await verifyEvidence(evidence, trust, Date.now());
  return { ...verdict, where: 'browser', at };
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
  const [verdict, setVerdict] = useState<Verdict | undefined>(undefined);
  const verify = useWrite<{ where: Verdict['where'] }>(async ({ where }) => {
    if (where === 'browser') return setVerdict(await verifyHere(props.serial));
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
      {verdict && (
        <>
          <p role="status">
            <Status tone={verdict.ok ? 'ok' : 'no'} chip>
              {t(verdict.ok ? 'evidence.ok' : 'evidence.no')}
            </Status>{' '}
            {t(`evidence.by.${verdict.where}`)} · {formatMoment(verdict.at)}
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
