import type { Permission } from '../../client/index.ts';
import { t } from '../i18n/index.ts';
import { allPermissions, type RowDraft } from './rules-draft.ts';
import { f } from './words.ts';

const numbers = [
  ['pd', 'rules.pd'],
  ['single', 'rules.single'],
  ['daily', 'rules.daily'],
  ['count', 'rules.count'],
  ['dual', 'rules.dual'],
  ['approvers', 'rules.approvers'],
] as const;

/** The table of tiers, to be edited. */
export function Tiers(props: {
  rows: readonly RowDraft[];
  onChange: (rows: readonly RowDraft[]) => void;
}) {
  const { rows, onChange } = props;
  const set = (tier: number, change: Partial<RowDraft>) =>
    onChange(rows.map((row) => (row.tier === tier ? { ...row, ...change } : row)));
  return (
    <table class="table list rules">
      <thead>
        <tr>
          <th>{f('rules.tier')}</th>
          {numbers.map(([name, words]) => (
            <th key={name} class="num">
              {f(words)}
            </th>
          ))}
          <th>{f('rules.permissions')}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.tier}>
            <td>
              <b>{row.tier}</b>
            </td>
            {numbers.map(([name, words]) => (
              <td key={name} class="num" data-label={f(words)}>
                {name === 'pd' && row.tier === rows.length ? (
                  '–'
                ) : (
                  <input
                    class="input num short"
                    inputMode="decimal"
                    aria-label={`${f('rules.tier')} ${row.tier}: ${f(words)}`}
                    value={row[name]}
                    onInput={(event) => set(row.tier, { [name]: event.currentTarget.value })}
                  />
                )}
              </td>
            ))}
            <td data-label={f('rules.permissions')}>
              <div class="checks">
                <Permissions
                  of={`${f('rules.tier')} ${row.tier}`}
                  chosen={row.permissions}
                  onChange={(permissions) => set(row.tier, { permissions })}
                />
                <Check
                  text={f('rules.ordered')}
                  label={`${f('rules.tier')} ${row.tier}: ${f('rules.ordered')}`}
                  checked={row.ordered}
                  onChange={(value) => set(row.tier, { ordered: value })}
                />
              </div>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A small switch for each permission. */
export function Permissions(props: {
  of: string;
  chosen: readonly Permission[];
  onChange: (chosen: readonly Permission[]) => void;
}) {
  const { chosen, onChange } = props;
  return (
    <>
      {allPermissions.map((name) => (
        <Check
          key={name}
          text={t(`settings.permission.${name}`)}
          label={`${props.of}: ${t(`settings.permission.${name}`)}`}
          checked={chosen.includes(name)}
          onChange={(isOn) =>
            onChange(isOn ? [...chosen, name] : chosen.filter((other) => other !== name))
          }
        />
      ))}
    </>
  );
}

function Check(props: {
  text: string;
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
}) {
  return (
    <label class="check small">
      <input
        type="checkbox"
        aria-label={props.label}
        checked={props.checked}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />{' '}
      {props.text}
    </label>
  );
}
