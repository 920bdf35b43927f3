import { useEffect, useId, useState } from 'preact/hooks';
import type { Account } from '../../client/index.ts';
import { inFours } from '../format.ts';
import { t } from '../i18n/index.ts';
import { useResource } from '../resource.ts';
import { client } from '../session.ts';
import { Field } from './field.tsx';

const searchAfterMs = 150;
const shownMax = 8;

function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), searchAfterMs);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

/**
 * Finds one account by number or name: a combobox after the ARIA pattern, with its list open while
 * it has the focus. The service does the searching, so it works for any number of accounts.
 */
export function AccountPicker(props: {
  value: Account | undefined;
  onChange: (account: Account | undefined) => void;
  wrong?: string | undefined;
}) {
  const [text, setText] = useState('');
  const [open, setOpen] = useState(false);
  const [cursor, setCursor] = useState(0);
  const listId = useId();
  const settled = useSettled(text);
  const [found] = useResource(
    (signal) => client.accounts.list({ q: settled, limit: shownMax }, { signal }),
    [settled],
  );
  const accounts = found.kind === 'ready' ? found.value.items : [];
  const shown = open ? props.value === undefined || text !== '' : false;

  function choose(account: Account | undefined) {
    if (!account) return;
    props.onChange(account);
    setText('');
    setOpen(false);
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      setOpen(true);
      const step = event.key === 'ArrowDown' ? 1 : accounts.length - 1;
      if (accounts.length > 0) setCursor((cursor + step) % accounts.length);
    } else if (event.key === 'Enter' && shown) {
      event.preventDefault();
      choose(accounts[cursor]);
    } else if (event.key === 'Escape') {
      setOpen(false);
      setText('');
    }
  }

  const label = props.value ? `${props.value.name}　${inFours(props.value.number)}` : '';
  return (
    <Field label={t('seal.account')} hint={t('seal.account.hint')} wrong={props.wrong}>
      {(ids) => (
        <div class="combo">
          <input
            {...ids}
            class="input"
            role="combobox"
            autocomplete="off"
            spellcheck={false}
            aria-expanded={shown}
            aria-controls={listId}
            aria-autocomplete="list"
            aria-activedescendant={
              shown && accounts[cursor] ? `${listId}-${accounts[cursor].id}` : undefined
            }
            value={open ? text : label}
            placeholder={open && props.value ? label : t('seal.account.placeholder')}
            onFocus={() => setOpen(true)}
            onClick={() => setOpen(true)}
            onBlur={() => setOpen(false)}
            onInput={(event) => {
              setText(event.currentTarget.value);
              setOpen(true);
              setCursor(0);
            }}
            onKeyDown={onKeyDown}
          />
          <div
            id={listId}
            class="options"
            role="listbox"
            aria-label={t('seal.account')}
            hidden={!shown}
          >
            {accounts.map((account, index) => (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the focus and the keys
              <div
                key={account.id}
                id={`${listId}-${account.id}`}
                role="option"
                tabIndex={-1}
                aria-selected={index === cursor}
                // The field keeps the focus: a press must not take it before the choice is made.
                onMouseDown={(event) => event.preventDefault()}
                onClick={() => choose(account)}
              >
                <span class="grow">{account.name}</span>
                <span class="mono faint">{inFours(account.number)}</span>
              </div>
            ))}
            {found.kind === 'ready' && accounts.length === 0 && (
              <p class="small faint">{t('seal.account.none')}</p>
            )}
          </div>
        </div>
      )}
    </Field>
  );
}
