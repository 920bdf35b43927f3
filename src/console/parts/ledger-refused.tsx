import { maybe, t } from '../i18n/index.ts';
import { Glyph } from './glyph.tsx';

/** What this browser does not believe of the ledger, with the code of its refusal. */
export function LedgerRefused({ code }: { code: string }) {
  return (
    <div class="verdict no" role="alert">
      <Glyph name="no" />
      <h2>{t('ledger.refused')}</h2>
      <p>
        {maybe(`ledger.refusal.${code}`) ?? t('ledger.refusal.other')}{' '}
        <span class="mono">{code}</span>
      </p>
    </div>
  );
}
