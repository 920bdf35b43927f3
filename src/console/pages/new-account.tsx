import { useState } from 'preact/hooks';
import { t } from '../i18n/index.ts';
import { useKeys } from '../keys.ts';
import {
  type AccountDraft,
  AccountFields,
  checkAccount,
  cleanAccount,
} from '../parts/account-fields.tsx';
import { FormFrame } from '../parts/form-frame.tsx';
import { PageHead, Panel } from '../parts/page.tsx';
import { navigate } from '../router.ts';
import { client } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';

export function NewAccountPage() {
  const [draft, setDraft] = useState<AccountDraft>({ number: '', name: '', contact: '' });
  const [checked, setChecked] = useState(false);
  const problems = checked ? checkAccount(draft) : {};
  const write = useWrite<AccountDraft>(async (account, keyFor) => {
    const made = await client.accounts.create(cleanAccount(account), {
      idempotencyKey: keyFor('account'),
    });
    showToast({ text: t('account.made', { name: made.name }) });
    navigate(`/seals/accounts/${made.id}`);
  });

  function submit() {
    setChecked(true);
    if (Object.keys(checkAccount(draft)).length === 0) void write.run(draft);
  }
  useKeys([{ key: 'mod+Enter', label: t('account.open'), run: submit }]);

  return (
    <>
      <PageHead title={t('account.new')} crumbs={[{ text: t('nav.seals'), href: '/seals' }]} />
      <FormFrame
        layout="narrow"
        what="account.not-made"
        error={write.error}
        retry={submit}
        onSubmit={submit}
      >
        <Panel title={t('seal.account')}>
          <AccountFields value={draft} onChange={setDraft} problems={problems} />
        </Panel>
        <div class="foot">
          <a class="btn quiet" href="/seals">
            {t('action.cancel')}
          </a>
          <button type="submit" class="btn primary" aria-busy={write.busy}>
            {t('account.open')} <kbd>Ctrl ↵</kbd>
          </button>
        </div>
      </FormFrame>
    </>
  );
}
