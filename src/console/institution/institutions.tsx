import { useState } from 'preact/hooks';
import type { KeyHolder } from '../../client/index.ts';
import { t } from '../i18n/index.ts';
import { useKeys } from '../keys.ts';
import { SelectField, TextField } from '../parts/field.tsx';
import { PageHead, Panel } from '../parts/page.tsx';
import { Paged } from '../parts/paged.tsx';
import { Empty, Loaded, Refusal } from '../parts/states.tsx';
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
            {(items) => (
              <table class="table list">
                <thead>
                  <tr>
                    <th class="wide">{t('institution.name')}</th>
                    <th>{t('institution.officers')}</th>
                    <th>{t('institution.threshold')}</th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((item) => (
                    <tr key={item.id}>
                      <td>
                        <a href={`/institutions/${item.id}`} lang="zh-CN">
                          {item.subject.commonName}
                        </a>
                      </td>
                      <td data-label={t('institution.officers')}>
                        {item.officers.map(({ actor }) => actor).join(' · ')}
                      </td>
                      <td class="nowrap" data-label={t('institution.threshold')}>
                        {t('institution.rule', {
                          threshold: item.threshold,
                          count: item.officers.length,
                        })}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
          </Paged>
        </Panel>
      </div>
    </>
  );
}

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
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        {write.error && <Refusal what="institutions.not-registered" error={write.error} />}
        <TextField
          label={t('institution.name')}
          hint={t('institution.name.hint')}
          required
          value={name}
          onInput={setName}
          wrong={checked && missing ? t('institution.missing') : undefined}
        />
        <OfficersField value={officers} onChange={setOfficers} checked={checked} />
        <div class="foot">
          <button type="button" class="btn quiet" onClick={onCancel}>
            {t('action.cancel')}
          </button>
          <button type="submit" class="btn primary" aria-busy={write.busy}>
            {t('institutions.register')}
          </button>
        </div>
      </form>
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
