import { t } from '../i18n/index.ts';
import { activeKeys, setSingleKeys, singleKeys } from '../keys.ts';
import { Dialog } from '../parts/dialog.tsx';

/** The keys of the page that is open. */
export function Help(props: { open: boolean; onClose: () => void }) {
  const names = new Map<string, string[]>();
  for (const binding of activeKeys.value) {
    names.set(binding.label, [...(names.get(binding.label) ?? []), binding.key]);
  }
  return (
    <Dialog title={t('help.title')} open={props.open} onClose={props.onClose}>
      <dl class="keys">
        {[...names].map(([label, keys]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              {keys.map((key) => (
                <span key={key}>
                  {keyCaps(key).map((cap) => (
                    <kbd key={cap}>{cap}</kbd>
                  ))}
                </span>
              ))}
            </dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={singleKeys.value}
          onChange={(event) => setSingleKeys(event.currentTarget.checked)}
        />
        {t('help.single')}
      </label>
    </Dialog>
  );
}

const capNames: Record<string, string> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Enter: '↵',
  mod: 'Ctrl',
};

function keyCaps(key: string): string[] {
  if (key === ' ') return [t('key.space')];
  const parts = key === '+' ? ['+'] : key.split(/[+ ]/);
  return parts.map((part) => capNames[part] ?? (part.length === 1 ? part.toUpperCase() : part));
}
