import { useState } from 'preact/hooks';
import type { InstitutionKey, NewGrant } from '../../client/index.ts';
import { t } from '../i18n/index.ts';
import { parseAmount } from '../money.ts';
import { SelectField, TextField } from '../parts/field.tsx';
import { FormFoot, FormFrame } from '../parts/form-frame.tsx';
import { Panel } from '../parts/page.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { client } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { holderText, useHolders } from './institutions.tsx';

interface Draft {
  holder: string;
  days: string;
  uses: string;
  types: string;
  amount: string;
  approvals: '0' | '1' | '2';
}

const empty: Draft = { holder: '', days: '90', uses: '100', types: '', amount: '', approvals: '0' };
const dayMs = 24 * 60 * 60 * 1000;
const typePattern = /^[a-z][a-z0-9_]{0,31}$/;

const typesOf = (text: string) => text.split(/[\s,，、]+/).filter((one) => one !== '');
const wholeUpTo = (text: string, most: number) =>
  /^[1-9]\d{0,6}$/.test(text) && Number(text) <= most;

function mistakes(draft: Draft): Partial<Record<keyof Draft, string>> {
  const wrong: Partial<Record<keyof Draft, string>> = {};
  if (!wholeUpTo(draft.days, 3650)) wrong.days = t('grant.days.wrong');
  if (!wholeUpTo(draft.uses, 1_000_000)) wrong.uses = t('grant.uses.wrong');
  if (!typesOf(draft.types).every((one) => typePattern.test(one))) {
    wrong.types = t('grant.types.wrong');
  }
  if (draft.amount.trim() !== '' && parseAmount(draft.amount, 'CNY') === undefined) {
    wrong.amount = t('use.amount.wrong');
  }
  return wrong;
}

/** Proposes that a person may use the key. */
export function GrantForm(props: {
  item: InstitutionKey;
  onDone: () => void;
  onCancel: () => void;
}) {
  const { id, institutionId, purpose } = props.item;
  const [draft, setDraft] = useState(empty);
  const [checked, setChecked] = useState(false);
  const [holders, reload] = useHolders();
  const change = (part: Partial<Draft>) => setDraft((old) => ({ ...old, ...part }));
  const wrong = checked ? mistakes(draft) : {};
  const write = useWrite<NewGrant>(async (grant, keyFor) => {
    await client.institutions.grant(institutionId, grant, { idempotencyKey: keyFor('grant') });
    showToast({ text: t('key.granted') });
    props.onDone();
  });
  return (
    <Panel title={t('key.grant')}>
      <Loaded resource={holders} reload={reload} lines={4}>
        {({ items }) => {
          const holder = items.find((one) => one.personalKeyId === draft.holder) ?? items[0];
          if (!holder) return <Empty title={t('institution.officers.none')} />;
          const { actor, personalKeyId } = holder;
          function submit() {
            setChecked(true);
            if (Object.keys(mistakes(draft)).length > 0) return;
            const minor = parseAmount(draft.amount, 'CNY');
            // To the minute: a form that is sent again is the same grant.
            const nowMs = Math.floor(Date.now() / 60_000) * 60_000;
            void write.run({
              institutionKeyId: id,
              actor,
              personalKeyId,
              operations: [purpose === 'signature' ? 'sign' : 'decrypt'],
              validFrom: new Date(nowMs).toISOString(),
              validUntil: new Date(nowMs + Number(draft.days) * dayMs).toISOString(),
              usesMax: Number(draft.uses),
              documentTypes: typesOf(draft.types),
              ...(minor === undefined ? {} : { amountMax: { currency: 'CNY', minor } }),
              approvalsNeeded: Number(draft.approvals),
            });
          }
          return (
            <FormFrame what="key.not-granted" error={write.error} onSubmit={submit}>
              <SelectField
                label={t('grant.person')}
                value={personalKeyId}
                options={items.map((one) => ({ value: one.personalKeyId, text: holderText(one) }))}
                onChange={(value) => change({ holder: value })}
              />
              <div class="fields">
                <TextField
                  label={t('grant.days')}
                  numeric
                  value={draft.days}
                  onInput={(days) => change({ days })}
                  wrong={wrong.days}
                />
                <TextField
                  label={t('grant.uses')}
                  numeric
                  value={draft.uses}
                  onInput={(uses) => change({ uses })}
                  wrong={wrong.uses}
                />
                <SelectField
                  label={t('grant.approvals')}
                  value={draft.approvals}
                  options={(['0', '1', '2'] as const).map((value) => ({ value, text: value }))}
                  onChange={(approvals) => change({ approvals })}
                />
              </div>
              <TextField
                label={t('grant.types')}
                hint={t('grant.types.hint')}
                value={draft.types}
                onInput={(types) => change({ types })}
                wrong={wrong.types}
              />
              <TextField
                label={t('grant.amount')}
                hint={t('grant.amount.hint')}
                numeric
                value={draft.amount}
                onInput={(amount) => change({ amount })}
                wrong={wrong.amount}
              />
              <FormFoot cancel={props.onCancel} submit={t('key.grant')} busy={write.busy} />
            </FormFrame>
          );
        }}
      </Loaded>
    </Panel>
  );
}
