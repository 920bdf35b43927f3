import type { DemoIdentity } from '../../client/index.ts';
import { inLanguage, t } from '../i18n/index.ts';
import { Dialog } from '../parts/dialog.tsx';
import { SignIn } from '../parts/sign-in.tsx';
import { becomeIdentity, identity, session } from '../session.ts';
import { showToast } from '../toast.ts';

/** Whom one may be: by passkey, and in demo mode any sample person. */
export function People(props: { open: boolean; onClose: () => void }) {
  const state = session.value;
  if (state.kind !== 'ready') return null;
  const institutions = new Map<string, DemoIdentity[]>();
  for (const person of state.identities) {
    const id = person.institution.id;
    institutions.set(id, [...(institutions.get(id) ?? []), person]);
  }
  function become(person: DemoIdentity) {
    const before = identity.value;
    props.onClose();
    if (!before || before.id === person.id) return;
    becomeIdentity(person);
    showToast({
      text: t('people.changed', { name: inLanguage(person.name) }),
      undo: () => becomeIdentity(before),
    });
  }
  return (
    <Dialog title={t('people.title')} open={props.open} onClose={props.onClose}>
      <p class="small muted">{t('people.lead')}</p>
      <SignIn onDone={props.onClose} />
      {[...institutions].map(([id, people]) => (
        <section key={id} class="people">
          <h3>{people[0] && inLanguage(people[0].institution)}</h3>
          <ul>
            {people.map((person) => (
              <li key={person.id}>
                <button
                  type="button"
                  data-identity={person.id}
                  aria-current={person.id === identity.value?.id ? 'true' : undefined}
                  onClick={() => become(person)}
                >
                  <b>{inLanguage(person.name)}</b>
                  <span>{t(`role.${person.role}`)}</span>
                  <span class="faint">{inLanguage(person.branch)}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </Dialog>
  );
}
