import { useState } from 'preact/hooks';
import { inLanguage, t } from '../i18n/index.ts';
import { identity, signIn } from '../session.ts';
import { remember, remembered } from '../storage.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { TextField } from './field.tsx';
import { Refusal } from './states.tsx';

/** Comes in with a passkey: no name and no password, the authenticator knows whose it is. */
export function SignIn(props: { onDone?: () => void }) {
  const [institution, setInstitution] = useState(
    () => identity.value?.institution.id ?? remembered('institution') ?? '',
  );
  const enter = useWrite<{ institution: string }>(async (draft) => {
    await signIn(draft.institution);
    remember('institution', draft.institution);
    const who = identity.value;
    if (who) showToast({ text: t('sign-in.done', { name: inLanguage(who.name) }) });
    props.onDone?.();
  });
  return (
    <form
      class="sign-in"
      onSubmit={(event) => {
        event.preventDefault();
        void enter.run({ institution: institution.trim() });
      }}
    >
      {enter.error && <Refusal what="sign-in.not" error={enter.error} />}
      <TextField
        label={t('sign-in.institution')}
        hint={t('sign-in.hint')}
        value={institution}
        onInput={setInstitution}
        mono
      />
      <button type="submit" class="btn" aria-busy={enter.busy}>
        {t('sign-in.action')}
      </button>
    </form>
  );
}
