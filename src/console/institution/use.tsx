import { useState } from 'preact/hooks';
import type { Grant, InstitutionKey, Operation, Seal } from '../../client/index.ts';
import type { NamedFile, NewDocument } from '../../client/institution-api.ts';
import { formatMoment } from '../format.ts';
import { language, t } from '../i18n/index.ts';
import { inCapitals, parseAmount } from '../money.ts';
import { SelectField, TextField } from '../parts/field.tsx';
import { FormFoot, FormFrame } from '../parts/form-frame.tsx';
import { PageHead, Panel } from '../parts/page.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { navigate } from '../router.ts';
import { client, identity } from '../session.ts';
import { useWrite } from '../write.ts';
import { FileInput, listMax, purposeOf, termsOf } from './parts.tsx';

type Action = NewDocument['action'];

interface Context {
  readonly key: InstitutionKey;
  /** Own grants that are in force now. */
  readonly grants: readonly Grant[];
  readonly seals: readonly Seal[];
  /** Completed operations that made an electronic seal. */
  readonly made: readonly Operation[];
}

async function contextOf(id: string, signal: AbortSignal): Promise<Context> {
  const [key, grants, operations, seals] = await Promise.all([
    client.institutionKeys.get(id, { signal }),
    client.institutionKeys.grants(id, { limit: listMax }, { signal }),
    client.operations.list({ state: 'completed', limit: listMax }, { signal }),
    // Not everybody reads seals; who does not, makes none.
    client.seals.list({ limit: listMax }, { signal }).catch(() => ({ items: [] })),
  ]);
  const now = Date.now();
  return {
    key,
    grants: grants.items.filter(
      ({ actor, state, validUntil }) =>
        actor === identity.value?.id && state === 'active' && Date.parse(validUntil) > now,
    ),
    seals: seals.items.filter(({ status }) => status === 'active'),
    made: operations.items.filter(({ document }) => document?.action === 'make_seal'),
  };
}

export function UsePage({ id }: { id: string }) {
  const [resource, reload] = useResource(
    (signal) => contextOf(id, signal),
    [id, identity.value?.id],
  );
  return (
    <>
      <PageHead
        title={t('use.title')}
        crumbs={[
          { text: t('institutions.title'), href: '/institutions' },
          { text: t('institution.keys'), href: `/institution-keys/${id}` },
        ]}
        facts={
          <>
            {resource.kind === 'ready' && <span>{purposeOf(resource.value.key)}</span>}
            <span>{t('use.lead')}</span>
          </>
        }
      />
      <div class="body narrow">
        <Loaded resource={resource} reload={reload} lines={8}>
          {(context) =>
            context.grants.length === 0 ? (
              <Empty title={t('use.grant.none')} hint={t('use.grant.none.hint')} />
            ) : (
              <Ask context={context} />
            )
          }
        </Loaded>
      </div>
    </>
  );
}

interface Draft {
  action: Action;
  grantId: string;
  file: NamedFile | undefined;
  type: string;
  reason: string;
  amount: string;
  sealId: string;
  sealName: string;
  sealOf: string;
}

function actionsFor({ purpose, algorithm }: InstitutionKey): readonly Action[] {
  if (purpose === 'encryption') return ['open'];
  return algorithm === 'sm2' ? ['cms', 'pdf', 'seal', 'make_seal'] : ['pdf', 'cms'];
}

const typePattern = /^[a-z][a-z0-9_]{0,31}$/;
const sealYears = 3;

function mistakes(draft: Draft, context: Context): Partial<Record<keyof Draft, string>> {
  const wrong: Partial<Record<keyof Draft, string>> = {};
  const { action } = draft;
  if (action !== 'make_seal' && !draft.file) wrong.file = t('use.file.missing');
  if (!typePattern.test(draft.type.trim())) wrong.type = t('use.type.hint');
  if (draft.reason.trim() === '') wrong.reason = t('institution.missing');
  if (draft.amount.trim() !== '' && parseAmount(draft.amount, 'CNY') === undefined) {
    wrong.amount = t('use.amount.wrong');
  }
  if (action === 'make_seal' && draft.sealName.trim() === '') {
    wrong.sealName = t('institution.missing');
  }
  if (action === 'make_seal' && context.seals.length === 0) wrong.sealId = t('use.seal.none');
  if (action === 'seal' && context.made.length === 0) wrong.sealOf = t('use.seal.of.none');
  return wrong;
}

function documentOf(draft: Draft, grant: Grant, context: Context): NewDocument {
  const amountMinor = parseAmount(draft.amount, 'CNY');
  const terms = {
    grantId: grant.id,
    personalKeyId: grant.personalKeyId,
    documentType: draft.type.trim(),
    reason: draft.reason.trim(),
    ...(amountMinor === undefined ? {} : { currency: 'CNY', amountMinor }),
  };
  const { action, file = { bytes: new Blob(), name: '' } } = draft;
  switch (action) {
    case 'make_seal': {
      const sealId = draft.sealId || (context.seals[0]?.id ?? '');
      const until = new Date();
      until.setFullYear(until.getFullYear() + sealYears, until.getMonth(), until.getDate());
      until.setUTCHours(0, 0, 0, 0);
      const name = draft.sealName.trim();
      return { ...terms, action, name, sealId, validUntil: until.toISOString() };
    }
    case 'seal':
      return { ...terms, action, file, sealOf: draft.sealOf || (context.made[0]?.id ?? '') };
    default:
      return { ...terms, action, file };
  }
}

function Ask({ context }: { context: Context }) {
  const { key, grants } = context;
  const actions = actionsFor(key);
  const [draft, setDraft] = useState<Draft>({
    action: actions[0] ?? 'cms',
    grantId: '',
    file: undefined,
    type: grants[0]?.documentTypes[0] ?? '',
    reason: '',
    amount: '',
    sealId: '',
    sealName: '',
    sealOf: '',
  });
  const [checked, setChecked] = useState(false);
  const change = (part: Partial<Draft>) => setDraft((old) => ({ ...old, ...part }));
  const wrong = checked ? mistakes(draft, context) : {};
  const grant = grants.find(({ id }) => id === draft.grantId) ?? grants[0];
  const write = useWrite<NewDocument>(async (document, keyFor) => {
    const asked = await client.operations.askDocument(key.id, document, {
      idempotencyKey: keyFor('ask'),
    });
    navigate(`/uses/${asked.id}`);
  });
  function submit() {
    setChecked(true);
    if (!grant || Object.keys(mistakes(draft, context)).length > 0) return;
    void write.run(documentOf(draft, grant, context));
  }
  return (
    <FormFrame what="use.not-asked" error={write.error} retry={submit} onSubmit={submit}>
      <Panel title={t('use.action')}>
        <SelectField
          label={t('use.action')}
          hint={t(`use.action.${draft.action}.hint`)}
          value={draft.action}
          options={actions.map((value) => ({ value, text: t(`use.action.${value}`) }))}
          onChange={(action) => change({ action })}
        />
        <Subject context={context} draft={draft} change={change} wrong={wrong} />
      </Panel>
      <Panel title={t('use.grant')}>
        <SelectField
          label={t('use.grant')}
          value={grant?.id ?? ''}
          options={grants.map((one) => ({
            value: one.id,
            text: `${termsOf(one)} · ${t('grant.used', { used: one.used, max: one.usesMax })}`,
          }))}
          onChange={(grantId) => change({ grantId })}
        />
        <TextField
          label={t('use.type')}
          hint={t('use.type.hint')}
          required
          value={draft.type}
          onInput={(type) => change({ type })}
          wrong={wrong.type}
        />
        <TextField
          label={t('use.amount')}
          hint={amountHint(draft.amount)}
          numeric
          value={draft.amount}
          onInput={(amount) => change({ amount })}
          wrong={wrong.amount}
        />
        <TextField
          label={t('use.reason')}
          hint={t('use.reason.hint')}
          required
          value={draft.reason}
          onInput={(reason) => change({ reason })}
          wrong={wrong.reason}
        />
      </Panel>
      <FormFoot cancel={`/institution-keys/${key.id}`} submit={t('use.ask')} busy={write.busy} />
    </FormFrame>
  );
}

/** Wherever money is decided it also stands in words. */
function amountHint(text: string): string {
  const minor = parseAmount(text, 'CNY');
  if (minor === undefined || language.value !== 'zh') return t('use.amount.hint');
  return inCapitals(minor);
}

function Subject(props: {
  context: Context;
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  wrong: Partial<Record<keyof Draft, string>>;
}) {
  const { context, draft, change, wrong } = props;
  const { action } = draft;
  if (action === 'make_seal') {
    return (
      <>
        <TextField
          label={t('use.seal.name')}
          required
          value={draft.sealName}
          onInput={(sealName) => change({ sealName })}
          wrong={wrong.sealName}
        />
        <SelectField
          label={t('use.seal')}
          hint={wrong.sealId}
          value={draft.sealId || (context.seals[0]?.id ?? '')}
          options={context.seals.map(({ id, serial, remark }) => ({
            value: id,
            text: remark === '' ? serial : `${serial} · ${remark}`,
          }))}
          onChange={(sealId) => change({ sealId })}
        />
      </>
    );
  }
  return (
    <>
      {action === 'seal' && (
        <SelectField
          label={t('use.seal.of')}
          hint={wrong.sealOf ?? (context.made.length === 0 ? t('use.seal.of.none') : undefined)}
          value={draft.sealOf || (context.made[0]?.id ?? '')}
          options={context.made.map(({ id, document, createdAt }) => ({
            value: id,
            text: `${document?.name ?? ''} · ${formatMoment(createdAt)}`,
          }))}
          onChange={(sealOf) => change({ sealOf })}
        />
      )}
      <FileInput
        label={t('use.file')}
        hint={t('use.file.hint')}
        value={draft.file}
        accept={action === 'pdf' ? 'application/pdf' : ''}
        wrong={wrong.file}
        onChange={(file) => change({ file })}
      />
    </>
  );
}
