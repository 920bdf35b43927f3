import { useState } from 'preact/hooks';
import { type Imprint, isWaiting, type Seal } from '../../client/index.ts';
import { t } from '../i18n/index.ts';
import { useKeys } from '../keys.ts';
import { SelectField, TextField } from '../parts/field.tsx';
import { FormFoot, FormFrame } from '../parts/form-frame.tsx';
import { ImprintInput } from '../parts/imprint-input.tsx';
import { PageHead, Panel } from '../parts/page.tsx';
import { FetchedPicture } from '../parts/picture.tsx';
import { Loaded } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { navigate } from '../router.ts';
import { client } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';

const ways = ['rebuild', 'add', 'status'] as const;
type Way = (typeof ways)[number];
type Status = Seal['status'];
const statuses: readonly Status[] = ['active', 'suspended', 'closed'];

interface Draft {
  readonly way: Way;
  readonly imprint: Imprint | undefined;
  readonly remark: string;
  readonly status: Status;
  readonly reason: string;
  /** Closing is for good, so it is said twice. */
  readonly sure: boolean;
}

function wrongIn(draft: Draft, seal: Seal) {
  const isStatus = draft.way === 'status';
  return {
    imprint: isStatus || draft.imprint ? undefined : t('imprint.required'),
    reason: isStatus && draft.reason.trim() === '' ? t('field.required') : undefined,
    status: isStatus && draft.status === seal.status ? t('seal.change.same') : undefined,
    sure: isStatus && draft.status === 'closed' && !draft.sure ? t('seal.change.sure') : undefined,
  };
}

function submitted(seal: Seal, draft: Draft, key: string) {
  const options = { idempotencyKey: key };
  const { revision } = seal;
  if (draft.way === 'status') {
    const change = { revision, status: draft.status, reason: draft.reason.trim() };
    return client.seals.setStatus(seal.id, change, options);
  }
  const { imprint } = draft;
  if (!imprint) throw new Error('a seal is changed without an imprint');
  if (draft.way === 'add') return client.seals.addImprint(seal.id, { revision, imprint }, options);
  const remark = draft.remark.trim();
  return client.seals.rebuild(seal.id, { revision, remark, imprint }, options);
}

function StatusFields(props: {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  wrong: ReturnType<typeof wrongIn> | undefined;
}) {
  const { draft, change, wrong } = props;
  return (
    <div class="fields">
      <SelectField
        label={t('field.state')}
        value={draft.status}
        options={statuses.map((value) => ({ value, text: t(`seal.status.${value}`) }))}
        onChange={(status) => change({ status })}
      />
      <TextField
        label={t('seal.change.reason')}
        value={draft.reason}
        wrong={wrong?.reason}
        onInput={(reason) => change({ reason })}
        required
      />
      {draft.status === 'closed' && (
        <label class="check">
          <input
            type="checkbox"
            checked={draft.sure}
            onChange={(event) => change({ sure: event.currentTarget.checked })}
          />
          {t('seal.change.closing')}
        </label>
      )}
      {(wrong?.status ?? wrong?.sure) && (
        <p class="hint wrong" role="alert">
          {wrong?.status ?? wrong?.sure}
        </p>
      )}
    </div>
  );
}

function Form({ seal, name }: { seal: Seal; name: string }) {
  const [draft, setDraft] = useState<Draft>({
    way: 'rebuild',
    imprint: undefined,
    remark: seal.remark,
    status: seal.status,
    reason: '',
    sure: false,
  });
  const [checked, setChecked] = useState(false);
  const change = (part: Partial<Draft>) => setDraft((now) => ({ ...now, ...part }));
  const wrong = checked ? wrongIn(draft, seal) : undefined;
  const write = useWrite<Draft>(async (wanted, keyFor) => {
    const made = await submitted(seal, wanted, keyFor(wanted.way));
    showToast({ text: t(isWaiting(made) ? 'seal.waits' : 'seal.changed') });
    navigate(`/seals/${seal.id}`);
  });
  function submit() {
    setChecked(true);
    if (Object.values(wrongIn(draft, seal)).every((text) => !text)) void write.run(draft);
  }
  useKeys([{ key: 'mod+Enter', label: t('seal.change.submit'), run: submit }]);
  return (
    <FormFrame
      layout="columns"
      what="seal.not-changed"
      error={write.error}
      retry={submit}
      onSubmit={submit}
    >
      <Panel title={t('seal.reserved')}>
        <FetchedPicture
          load={(signal) => client.seals.picture(seal.id, undefined, { signal })}
          inputs={[seal.id, seal.revision]}
          alt={t('seal.picture')}
        />
      </Panel>
      <div class="stack">
        <Panel
          title={t('seal.change.what')}
          aside={
            <fieldset class="seg" aria-label={t('seal.change.what')}>
              {ways.map((way) => (
                <button
                  key={way}
                  type="button"
                  aria-pressed={draft.way === way}
                  onClick={() => change({ way, imprint: undefined })}
                >
                  {t(`seal.change.${way}`)}
                </button>
              ))}
            </fieldset>
          }
        >
          <p class="small muted">{t(`seal.change.${draft.way}.hint`)}</p>
          {draft.way === 'status' ? (
            <StatusFields draft={draft} change={change} wrong={wrong} />
          ) : (
            <ImprintInput
              key={draft.way}
              label={t('imprint.choose.reserved')}
              kind="reserved"
              sealName={name}
              value={draft.imprint}
              onChange={(imprint) => change({ imprint })}
              wrong={wrong?.imprint}
            />
          )}
          {draft.way === 'rebuild' && (
            <TextField
              label={t('seal.remark')}
              value={draft.remark}
              onInput={(remark) => change({ remark })}
            />
          )}
        </Panel>
        <FormFoot
          cancel={`/seals/${seal.id}`}
          submit={t('seal.change.submit')}
          busy={write.busy}
          hasKey
        />
      </div>
    </FormFrame>
  );
}

/** Rebuilds a seal, adds an imprint to it, suspends or closes it (B4). */
export function ChangeSeal({ id }: { id: string }) {
  const [resource, reload] = useResource(
    async (signal) => {
      const seal = await client.seals.get(id, { signal });
      const account = await client.accounts.get(seal.accountId, { signal });
      return { seal, account };
    },
    [id],
  );
  return (
    <Loaded resource={resource} reload={reload} lines={8}>
      {({ seal, account }) => (
        <>
          <PageHead
            title={t('seal.change.title')}
            crumbs={[
              { text: t('nav.seals'), href: '/seals' },
              { text: account.name, href: `/seals/accounts/${account.id}` },
              { text: seal.remark || seal.serial, href: `/seals/${id}` },
            ]}
            facts={<span>{t('seal.revision', { n: seal.revision })}</span>}
          />
          <Form key={seal.revision} seal={seal} name={account.name} />
        </>
      )}
    </Loaded>
  );
}
