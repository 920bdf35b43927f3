import type { ComponentChildren } from 'preact';
import { t } from '../i18n/index.ts';
import { SelectField, TextField } from '../parts/field.tsx';
import {
  allChannels,
  type CapDraft,
  capHolders,
  freshKey,
  type RateDraft,
  type RulesDraft,
} from './rules-draft.ts';
import { Permissions } from './rules-tiers.tsx';
import { f } from './words.ts';

/** Rows that one adds, changes and removes. */
function Rows<T extends { readonly key: number }>(props: {
  title: string;
  none: string;
  add: string;
  hint?: string;
  rows: readonly T[];
  fresh: () => T;
  onChange: (rows: readonly T[]) => void;
  children: (row: T, set: (change: Partial<T>) => void) => ComponentChildren;
}) {
  const { rows, onChange } = props;
  return (
    <fieldset class="policy-rows">
      <legend class="label">{props.title}</legend>
      {rows.length === 0 && <p class="small muted">{props.none}</p>}
      {rows.length > 0 && props.hint && <p class="small muted">{props.hint}</p>}
      {rows.map((row) => (
        <div key={row.key} class="fields">
          {props.children(row, (change) =>
            onChange(rows.map((item) => (item.key === row.key ? { ...item, ...change } : item))),
          )}
          <button
            type="button"
            class="btn quiet"
            onClick={() => onChange(rows.filter(({ key }) => key !== row.key))}
          >
            {f('rules.remove')}
          </button>
        </div>
      ))}
      <button type="button" class="btn" onClick={() => onChange([...rows, props.fresh()])}>
        {props.add}
      </button>
    </fieldset>
  );
}

export function Rates(props: {
  rates: readonly RateDraft[];
  onChange: (rates: readonly RateDraft[]) => void;
}) {
  const fresh = () => ({ key: freshKey(), currency: 'USD', price: '', date: '' });
  return (
    <Rows
      title={f('rules.rates')}
      none={f('rules.rates.none')}
      add={f('rules.add.rate')}
      rows={props.rates}
      fresh={fresh}
      onChange={props.onChange}
    >
      {({ currency, price, date }, set) => (
        <>
          <Currency value={currency} set={(value) => set({ currency: value })} />
          <TextField
            label={f('rules.rate')}
            numeric
            value={price}
            onInput={(value) => set({ price: value })}
          />
          <TextField
            label={f('rules.date')}
            value={date}
            onInput={(value) => set({ date: value })}
          />
        </>
      )}
    </Rows>
  );
}

function Currency({ value, set }: { value: string; set: (value: string) => void }) {
  return (
    <TextField
      label={f('rules.currency')}
      value={value}
      onInput={(text) => set(text.toUpperCase())}
    />
  );
}

const capNumbers = ['single', 'daily', 'count'] as const;

export function Caps(props: { draft: RulesDraft; set: (change: Partial<RulesDraft>) => void }) {
  const { draft, set } = props;
  const fresh = (): CapDraft => ({
    key: freshKey(),
    who: 'account',
    applicant: '',
    channel: 'online',
    currency: 'CNY',
    single: '',
    daily: '',
    count: '',
  });
  return (
    <>
      {(['enterprise', 'account'] as const).map((who) => {
        const title = f('rules.caps.permissions', { who: f(`rules.caps.${who}`) });
        return (
          <fieldset key={who} class="checks">
            <legend class="label">{title}</legend>
            <Permissions
              of={title}
              chosen={draft.permissions[who]}
              onChange={(chosen) => set({ permissions: { ...draft.permissions, [who]: chosen } })}
            />
          </fieldset>
        );
      })}
      <Rows
        title={f('rules.caps')}
        none={f('rules.caps.none')}
        hint={f('rules.caps.hint')}
        add={f('rules.add.cap')}
        rows={draft.caps}
        fresh={fresh}
        onChange={(caps) => set({ caps })}
      >
        {(row, change) => (
          <>
            <SelectField
              label={f('rules.who')}
              value={row.who}
              options={capHolders.map((value) => ({ value, text: f(`rules.caps.${value}`) }))}
              onChange={(who) => change({ who })}
            />
            {row.who === 'named' && (
              <TextField
                label={f('rules.applicant')}
                value={row.applicant}
                onInput={(applicant) => change({ applicant })}
              />
            )}
            <SelectField
              label={f('rules.channel')}
              value={row.channel}
              options={allChannels.map((value) => ({
                value,
                text: t(`settings.channel.${value}`),
              }))}
              onChange={(channel) => change({ channel })}
            />
            <Currency value={row.currency} set={(currency) => change({ currency })} />
            {capNumbers.map((name) => (
              <TextField
                key={name}
                label={f(`rules.${name}`)}
                numeric
                value={row[name]}
                onInput={(value) => change({ [name]: value })}
              />
            ))}
          </>
        )}
      </Rows>
    </>
  );
}
