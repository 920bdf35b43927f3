import { useState } from 'preact/hooks';
import type { Institution, KeyHolder } from '../../client/index.ts';
import { t } from '../i18n/index.ts';
import { useKeys } from '../keys.ts';
import { SelectField, TextField } from '../parts/field.tsx';
import { FormFoot, FormFrame } from '../parts/form-frame.tsx';
import { type Column, ListTable } from '../parts/list-table.tsx';
import { PageHead, Panel } from '../parts/page.tsx';
import { Paged } from '../parts/paged.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { navigate } from '../router.ts';
import { allows, client, identity } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { listMax } from './parts.tsx';

export function InstitutionsPage() {
  const [asked, setAsked] = useState(false);
  const registers = allows('governKeys');
  useKeys(
    registers ? [{ key: 'n', label: t('institutions.register'), run: () => setAsked(true) }] : [],
  );
  return (
    <>
      <PageHead
        title={t('institutions.title')}
        facts={<span>{t('institutions.lead')}</span>}
        actions={
          <>
            <a class="btn" href="/approvals">
              {t('approvals.title')}
            </a>
            {registers && (
              <button type="button" class="btn primary" onClick={() => setAsked(true)}>
                {t('institutions.register')} <kbd>N</kbd>
              </button>
            )}
          </>
        }
      />
      <div class="body">
        {asked && <Register onCancel={() => setAsked(false)} />}
        <Panel title={t('institutions.list')} flush>
          <Paged
            load={(cursor, signal) => client.institutions.list({ cursor }, { signal })}
            inputs={[identity.value?.id]}
            empty={<Empty title={t('institutions.none')} hint={t('institutions.none.hint')} />}
          >
            {(items) => <ListTable items={items} idOf={({ id }) => id} columns={columns()} />}
          </Paged>
        </Panel>
      </div>
    </>
  );
}

const columns = (): readonly Column<Institution>[] => [
  {
    title: t('institution.name'),
    wide: true,
    plain: true,
    cell: ({ id, subject }) => (
      <a href={`/institutions/${id}`} lang="zh-CN">
        {subject.commonName}
      </a>
    ),
  },
  {
    title: t('institution.officers'),
    cell: ({ officers }) => officers.map(({ actor }) => actor).join(' · '),
  },
  {
    title: t('institution.threshold'),
    class: 'nowrap',
    cell: ({ threshold, officers }) => t('institution.rule', { threshold, count: officers.length }),
  },
];

function Register({ onCancel }: { onCancel: () => void }) {
  const [name, setName] = useState('');
  const [officers, setOfficers] = useState<Officers>({ keys: [], threshold: 2 });
  const [checked, setChecked] = useState(false);
  const write = useWrite<{ name: string; officers: Officers }>(async (draft, keyFor) => {
    const made = await client.institutions.register(
      {
        subject: { commonName: draft.name, organization: draft.name, country: 'CN' },
        officerKeyIds: [...draft.officers.keys],
        threshold: draft.officers.threshold,
      },
      { idempotencyKey: keyFor('register') },
    );
    showToast({ text: t('institutions.registered') });
    navigate(`/institutions/${made.id}`);
  });
  const missing = name.trim() === '';
  function submit() {
    setChecked(true);
    if (!missing && isQuorum(officers)) void write.run({ name: name.trim(), officers });
  }
  return (
    <Panel title={t('institutions.register')}>
      <FormFrame what="institutions.not-registered" error={write.error} onSubmit={submit}>
        <TextField
          label={t('institution.name')}
          hint={t('institution.name.hint')}
          required
          value={name}
          onInput={setName}
          wrong={checked && missing ? t('institution.missing') : undefined}
        />
        <OfficersField value={officers} onChange={setOfficers} checked={checked} />
        <FormFoot cancel={onCancel} submit={t('institutions.register')} busy={write.busy} />
      </FormFrame>
    </Panel>
  );
}

/** Personal keys of officers, and how many of them must agree. */
export interface Officers {
  readonly keys: readonly string[];
  readonly threshold: number;
}

export const isQuorum = ({ keys, threshold }: Officers) => keys.length >= threshold;

export function OfficersField(props: {
  value: Officers;
  onChange: (value: Officers) => void;
  checked: boolean;
}) {
  const { value, onChange } = props;
  const [holders, reload] = useHolders();
  const toggled = (id: string) =>
    value.keys.includes(id) ? value.keys.filter((one) => one !== id) : [...value.keys, id];
  return (
    <Loaded resource={holders} reload={reload} lines={3}>
      {({ items }) => (
        <>
          <fieldset class="field">
            <legend class="label">{t('institution.officers')}</legend>
            {items.length === 0 && <p class="small muted">{t('institution.officers.none')}</p>}
            {items.map((holder) => (
              <label key={holder.personalKeyId} class="check">
                <input
                  type="checkbox"
                  checked={value.keys.includes(holder.personalKeyId)}
                  onChange={() => onChange({ ...value, keys: toggled(holder.personalKeyId) })}
                />
                {holderText(holder)}
              </label>
            ))}
            <div class={props.checked && !isQuorum(value) ? 'wrong' : 'hint'}>
              {props.checked && !isQuorum(value)
                ? t('institution.officers.wrong', { count: value.threshold })
                : t('institution.officers.hint')}
            </div>
          </fieldset>
          <SelectField
            label={t('institution.threshold')}
            hint={t('institution.threshold.hint')}
            value={String(value.threshold)}
            options={Array.from({ length: Math.max(3, items.length) }, (_, i) => ({
              value: String(i + 1),
              text: String(i + 1),
            }))}
            onChange={(text) => onChange({ ...value, threshold: Number(text) })}
          />
        </>
      )}
    </Loaded>
  );
}

export const holderText = ({ actor, label }: KeyHolder) => `${actor} · ${label}`;

export function useHolders() {
  return useResource(
    (signal) => client.institutions.holders({ limit: listMax }, { signal }),
    [identity.value?.id],
  );
}
