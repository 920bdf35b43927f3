import { t } from '../i18n/index.ts';
import { useKeys } from '../keys.ts';
import { dismissToast, toast } from '../toast.ts';

/** What was just done, and the way back while there is one. */
export function ToastSlab() {
  const shown = toast.value;
  useKeys(
    shown?.undo
      ? [
          {
            key: 'z',
            label: t('action.undo'),
            run: () => {
              shown.undo?.();
              dismissToast();
            },
          },
        ]
      : [],
  );
  return (
    <div class="toasts" role="status">
      {shown && (
        <div class="toast">
          <span>{shown.text}</span>
          {shown.undo && (
            <button
              type="button"
              onClick={() => {
                shown.undo?.();
                dismissToast();
              }}
            >
              {t('action.undo')} <kbd>Z</kbd>
            </button>
          )}
        </div>
      )}
    </div>
  );
}
