import { useState } from 'preact/hooks';
import type { Card, Seal } from '../../client/index.ts';
import { t } from '../i18n/index.ts';
import { client } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { TextField } from './field.tsx';
import { Refusal } from './states.tsx';

/** A seal as a teller calls it. */
export function sealLabel(seal: Seal): string {
  return seal.remark === '' ? seal.serial : `${seal.remark} ${seal.serial}`;
}

/** Which seals of a card must be on a paper together, one combination a line. */
export function Combinations({ card, seals }: { card: Card; seals: readonly Seal[] }) {
  if (card.combinations.length === 0) return <span class="faint">{t('combination.any')}</span>;
  const nameOf = (id: string) => {
    const seal = seals.find((one) => one.id === id);
    return seal ? sealLabel(seal) : id;
  };
  return (
    <ul class="plain">
      {card.combinations.map((ids) => (
        <li key={ids.join()}>{ids.map(nameOf).join(' + ')}</li>
      ))}
    </ul>
  );
}

/** Sets a card's combinations: rows of seals, each row sufficient by itself. */
export function CombinationsForm(props: {
  card: Card;
  seals: readonly Seal[];
  onDone: () => void;
}) {
  const { card, seals } = props;
  const [rows, setRows] = useState<readonly (readonly string[])[]>(
    card.combinations.length > 0 ? card.combinations : [[]],
  );
  const [reason, setReason] = useState('');
  const [checked, setChecked] = useState(false);
  const write = useWrite(
    async (change: { combinations: readonly (readonly string[])[]; reason: string }, keyFor) => {
      await client.cards.change(
        card.id,
        { version: card.version, ...change },
        { idempotencyKey: keyFor('card') },
      );
      showToast({ text: t('combination.done') });
      props.onDone();
    },
  );
  function toggle(row: number, id: string) {
    setRows(
      rows.map((ids, i) => {
        if (i !== row) return ids;
        return ids.includes(id) ? ids.filter((one) => one !== id) : [...ids, id];
      }),
    );
  }
  function submit() {
    setChecked(true);
    const combinations = rows.filter((ids) => ids.length > 0);
    if (reason.trim() !== '') void write.run({ combinations, reason: reason.trim() });
  }
  return (
    <form
      class="in"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {write.error && <Refusal what="combination.not-set" error={write.error} retry={submit} />}
      <p class="small muted">{t('combination.hint')}</p>
      {rows.map((ids, row) => (
        <fieldset key={row} class="row">
          <legend class="label">{t('combination.row', { n: row + 1 })}</legend>
          {seals.map((seal) => (
            <label key={seal.id} class="check">
              <input
                type="checkbox"
                checked={ids.includes(seal.id)}
                onChange={() => toggle(row, seal.id)}
              />
              {sealLabel(seal)}
            </label>
          ))}
        </fieldset>
      ))}
      <TextField
        label={t('seal.change.reason')}
        value={reason}
        onInput={setReason}
        wrong={checked && reason.trim() === '' ? t('field.required') : undefined}
        required
      />
      <div class="foot">
        <button type="button" class="btn quiet" onClick={props.onDone}>
          {t('action.cancel')}
        </button>
        <button
          type="button"
          class="btn"
          disabled={rows.length >= 16}
          onClick={() => setRows([...rows, []])}
        >
          {t('combination.add')}
        </button>
        <button type="submit" class="btn primary" aria-busy={write.busy}>
          {t('combination.set')}
        </button>
      </div>
    </form>
  );
}
