import { useState } from 'preact/hooks';
import {
  activateOperation,
  approveUse,
  readOutcome,
  readUse,
  StatementDiffers,
  type UseDecision,
  useWords,
} from '../../client/certificates.ts';
import {
  ApiError,
  type DocumentVerdict,
  type Operation,
  type UsageRecord,
} from '../../client/index.ts';
import type { DocumentKind } from '../../client/institution-api.ts';
import { formatBytes, formatMoment } from '../format.ts';
import { type Key, language, t } from '../i18n/index.ts';
import { inCapitals } from '../money.ts';
import { Glyph } from '../parts/glyph.tsx';
import { Facts, PageHead, Panel } from '../parts/page.tsx';
import { Loaded, Refusal } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { saveFile } from '../save-file.ts';
import { client, identity } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { actionOf, amountText, codeText, OperationStatus } from './parts.tsx';
import { SignDialog } from './sign-dialog.tsx';

interface Shown {
  readonly operation: Operation;
  readonly record: UsageRecord | undefined;
}

async function shownOf(id: string, signal: AbortSignal): Promise<Shown> {
  const operation = await client.operations.get(id, { signal });
  const record =
    operation.state === 'completed' ? await client.operations.record(id, { signal }) : undefined;
  return { operation, record };
}

export function OperationPage({ id }: { id: string }) {
  const [resource, reload] = useResource((signal) => shownOf(id, signal), [id, identity.value?.id]);
  return (
    <Loaded resource={resource} reload={reload} lines={8}>
      {(shown) => <Detail shown={shown} reload={reload} />}
    </Loaded>
  );
}

const steps = ['asked', 'approved', 'executed', 'completed'] as const;
const reachedBy: Record<Operation['state'], number> = {
  asked: 0,
  approved: 1,
  activated: 1,
  executed: 2,
  completed: 3,
  refused: 1,
  cancelled: 0,
};

function Path({ state }: { state: Operation['state'] }) {
  return (
    <ol class="steps">
      {steps.map((step, i) => (
        <li key={step} class={i <= reachedBy[state] ? 'done' : ''}>
          <Glyph name={i <= reachedBy[state] ? 'ok' : 'todo'} />
          <b>{t(`operation.step.${step}`)}</b>
        </li>
      ))}
    </ol>
  );
}

function Detail({ shown, reload }: { shown: Shown; reload: () => void }) {
  const { operation, record } = shown;
  const [asked, setAsked] = useState<'confirm' | 'approve' | undefined>(undefined);
  const { id, institutionKeyId, state, document } = operation;
  const isOwn = operation.actor === identity.value?.id;
  // What cannot be read from the text to be signed is not shown, and so not signed.
  const decision = decisionOf(operation);
  const mayConfirm = decision && isOwn && ['approved', 'activated', 'executed'].includes(state);
  const mayApprove = decision && !isOwn && state === 'asked' && operation.approvalText !== null;
  const cancel = useWrite<Record<string, never>>(async () => {
    await client.operations.cancel(id);
    showToast({ text: t('operation.cancelled') });
    reload();
  });
  return (
    <>
      <PageHead
        title={document?.name ?? actionOf(operation)}
        isName
        crumbs={[
          { text: t('institutions.title'), href: '/institutions' },
          { text: t('key.uses'), href: `/institution-keys/${institutionKeyId}` },
        ]}
        state={<OperationStatus item={operation} chip />}
        facts={
          <>
            <span>{actionOf(operation)}</span>
            <span>{operation.actor}</span>
            <span>{formatMoment(operation.createdAt)}</span>
          </>
        }
        actions={
          <>
            {isOwn && (state === 'asked' || state === 'approved') && (
              <button
                type="button"
                class="btn"
                aria-busy={cancel.busy}
                onClick={() => void cancel.run({})}
              >
                {t('operation.cancel')}
              </button>
            )}
            {mayApprove && (
              <button type="button" class="btn primary" onClick={() => setAsked('approve')}>
                {t('operation.approve')}
              </button>
            )}
            {mayConfirm && (
              <button type="button" class="btn primary" onClick={() => setAsked('confirm')}>
                {t('operation.confirm')}
              </button>
            )}
          </>
        }
      />
      <div class="body">
        {cancel.error && <Refusal what="operation.not-cancelled" error={cancel.error} />}
        {state === 'asked' && (
          <p class="small muted">
            {t('operation.waiting', {
              count: operation.approvalsNeeded - operation.approvals.length,
            })}
          </p>
        )}
        {!decision && (
          <Refusal what="operation.unreadable-text" error={new ApiError('statement_differs')} />
        )}
        <Path state={state} />
        {document && <Files operation={operation} isOwn={isOwn} />}
        {decision && (
          <Panel title={t('operation.what')}>
            <p>{useWords(decision)[language.value]}</p>
            <Facts items={factsOf(decision)} />
          </Panel>
        )}
        {state === 'executed' && operation.receipt && <Outcome operation={operation} />}
        {record && (
          <Panel title={t('operation.record')}>
            <Facts items={recordFacts(record)} />
          </Panel>
        )}
      </div>
      <SignDialog
        title={t(asked === 'approve' ? 'operation.approve' : 'operation.confirm.title')}
        open={asked !== undefined}
        onClose={() => setAsked(undefined)}
        keyIds={asked === 'approve' ? undefined : [operation.personalKeyId]}
        text={asked === 'approve' ? (operation.approvalText ?? '') : operation.decision}
        act={async (session, keyId) => {
          if (asked === 'approve') await approveUse(client, session, keyId, operation);
          else {
            const key = await client.institutionKeys.get(institutionKeyId);
            await activateOperation(client, session, key, operation);
          }
          showToast({ text: t(asked === 'approve' ? 'operation.approved' : 'operation.done') });
          reload();
        }}
      >
        <p class="small muted">{t('operation.confirm.lead')}</p>
        {decision && (
          <>
            <p>{useWords(decision)[language.value]}</p>
            <Facts items={factsOf(decision)} />
          </>
        )}
        <p class="small muted">{t('operation.confirm.valid')}</p>
      </SignDialog>
    </>
  );
}

/** The decision as it will be signed; nothing when its text says something else than is shown. */
function decisionOf(operation: Operation): UseDecision | undefined {
  try {
    return readUse(operation);
  } catch (cause) {
    if (cause instanceof StatementDiffers) return undefined;
    throw cause;
  }
}

/** All of it is read from the text that is signed. */
function factsOf(decision: UseDecision) {
  const { person, grant, document, amount, risk, sealVerification } = decision;
  const capitals =
    amount?.currency === 'CNY' && language.value === 'zh' ? ` ${inCapitals(amount.minor)}` : '';
  return [
    [t('use.action'), t(`use.action.${document?.action ?? 'raw'}` as 'use.action.raw')],
    [t('use.type'), decision.documentType],
    [t('use.reason'), decision.reason],
    [t('use.amount'), amount ? `${amountText(amount)}${capitals}` : t('grant.no-amount')],
    ...(document
      ? [
          [t('use.file'), `${document.name} · ${formatBytes(document.bytes)}`] as const,
          [t('operation.digest'), <span class="mono wrap">{document.sha256}</span>] as const,
        ]
      : []),
    [t('operation.person'), `${person.actor} · ${t(`decision.role.${person.role}` as Key)}`],
    [t('decision.grant'), grantText(grant)],
    [
      t('decision.certificates'),
      <span class="mono wrap">
        {heldText(decision.key.certificate)} · {heldText(person.certificate)}
      </span>,
    ],
    [t('decision.risk'), riskText(risk)],
    ...(sealVerification
      ? [
          [
            t('decision.seal'),
            <a href={`/verifications/${sealVerification.id}`}>
              {t(`state.${sealVerification.verdict}` as Key)} · {formatMoment(sealVerification.at)}
            </a>,
          ] as const,
        ]
      : []),
    [t('decision.at'), formatMoment(decision.at)],
  ] as const;
}

/** A certificate with how it stood when it was decided. */
const heldText = ({ serial, standing }: UseDecision['key']['certificate']) =>
  `${serial} (${t(`standing.${standing}` as Key)})`;

function grantText({ validUntil, usesMax, amountMax }: UseDecision['grant']): string {
  return t('decision.grant.text', {
    until: formatMoment(validUntil),
    uses: usesMax,
    amount: amountText(amountMax),
  });
}

function riskText({ score, reasons, verdict }: UseDecision['risk']): string {
  const said = reasons.map(({ rule }) => t(`decision.rule.${rule}` as Key));
  return [t(`decision.risk.${verdict}`, { score }), ...said].join(' · ');
}

/** What the chip says it did, checked against the text of the outcome that is signed for it. */
function Outcome({ operation }: { operation: Operation }) {
  const [resource, reload] = useResource(
    () => readOutcome(operation, operation),
    [operation.id, operation.outcome ?? ''],
  );
  return (
    <Panel title={t('outcome.title')}>
      <Loaded resource={resource} reload={reload} lines={3}>
        {(receipt) => (
          <Facts
            items={[
              [t('outcome.done'), `${receipt.operation} · ${formatMoment(new Date(receipt.atMs))}`],
              [t('operation.record.chip'), `${receipt.chip} · ${receipt.sequence}`],
              [t('outcome.result'), <span class="mono wrap">{receipt.resultHashHex}</span>],
            ]}
          />
        )}
      </Loaded>
    </Panel>
  );
}

interface Receipt {
  readonly chip: string;
  readonly sequence: number;
}

function recordFacts({ body, recordSha256, place }: UsageRecord) {
  // Of the record's own form; readers of it check it, here it is only shown.
  const { chip, sequence } = body.receipt as unknown as Receipt;
  return [
    [
      t('operation.record.ledger'),
      place ? (
        <a href={`/ledger-entry/${place.index}`}>
          {t('operation.record.entry', { index: place.index })}
        </a>
      ) : (
        '–'
      ),
    ],
    [
      t('operation.record.proof'),
      place
        ? t('operation.record.proof.text', { count: place.proof.length, size: place.size })
        : '–',
    ],
    [t('operation.record.hash'), <span class="mono wrap">{recordSha256}</span>],
    [t('operation.record.chip'), `${chip} · ${sequence}`],
  ] as const;
}

const kindOf: Partial<Record<NonNullable<Operation['document']>['action'], DocumentKind>> = {
  cms: 'cms',
  pdf: 'pdf',
  make_seal: 'electronic_seal',
  seal: 'sealed',
};

/** The file that went in and what came of it, with a check of the signature right here. */
function Files({ operation, isOwn }: { operation: Operation; isOwn: boolean }) {
  const [verdict, setVerdict] = useState<DocumentVerdict | undefined>(undefined);
  const { id, state, document } = operation;
  const download = useWrite<{ part: 'input' | 'result'; name: string }>(async ({ part, name }) =>
    saveFile(name, await client.operations.document(id, part)),
  );
  const check = useWrite<{ kind: DocumentKind }>(async ({ kind }) => {
    const result = { bytes: await client.operations.document(id), name: 'result' };
    const input = { bytes: await client.operations.document(id, 'input'), name: 'input' };
    const needsContent = kind === 'sealed' || kind === 'cms';
    setVerdict(await client.documents.verify(kind, result, needsContent ? input : undefined));
  });
  if (!document || !isOwn) return null;
  const kind = kindOf[document.action];
  const isDone = state === 'completed' && document.failure === null;
  return (
    <Panel title={t('use.file')}>
      {download.error && <Refusal what="operation.not-downloaded" error={download.error} />}
      {check.error && <Refusal what="operation.not-downloaded" error={check.error} />}
      {document.failure && <p>{t('operation.unreadable')}</p>}
      {verdict && <Verdict verdict={verdict} />}
      <div class="foot">
        <button
          type="button"
          class="btn"
          onClick={() => void download.run({ part: 'input', name: document.name })}
        >
          {t('operation.input')}
        </button>
        {isDone && kind && (
          <button
            type="button"
            class="btn"
            aria-busy={check.busy}
            onClick={() => void check.run({ kind })}
          >
            {t('operation.verify')}
          </button>
        )}
        {isDone && (
          <button
            type="button"
            class="btn"
            aria-busy={download.busy}
            onClick={() => void download.run({ part: 'result', name: document.resultName })}
          >
            {t('operation.result')}
          </button>
        )}
      </div>
    </Panel>
  );
}

export function Verdict({ verdict }: { verdict: DocumentVerdict }) {
  const { ok, reason, signers, seal } = verdict;
  const [signer] = signers;
  return (
    <div class={`verdict ${ok ? 'ok' : 'no'}`} role="status">
      <Glyph name={ok ? 'ok' : 'no'} />
      <h2>
        {ok && signer
          ? t('operation.verified', {
              signer: signer.subject || signer.serial,
              standing: t(`standing.${signer.standing}`),
            })
          : t('operation.not-verified', { reason: codeText(reason ?? '') })}
      </h2>
      {seal && (
        <p>
          <img
            class="esl"
            src={`data:image/${seal.pictureType};base64,${seal.pictureB64}`}
            alt={seal.name}
          />
          <span lang="zh-CN">{seal.name}</span>
        </p>
      )}
    </div>
  );
}
