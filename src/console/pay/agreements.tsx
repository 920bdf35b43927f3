import type { Payment } from '../../client/index.ts';
import { formatMoment } from '../format.ts';
import { gather } from '../gather.ts';
import { language } from '../i18n/index.ts';
import { Panel } from '../parts/page.tsx';
import { Loaded, Refusal } from '../parts/states.tsx';
import { Sure } from '../person/sure.tsx';
import { useResource } from '../resource.ts';
import { client, identity } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { q } from './words.ts';

/** Whether others of the organisation must agree before the payer can confirm. */
export function lacksAgreement({ state, dualControl }: Payment): boolean {
  const isWaiting = state === 'assessed' && dualControl !== undefined;
  return isWaiting && standing(dualControl).length < dualControl.needed;
}

/** An agreement whose certificate was revoked or held since counts no more. */
function standing({ agreed }: NonNullable<Payment['dualControl']>) {
  return agreed.filter(({ stands }) => stands);
}

/** Who agreed to an order, and how many are still awaited. */
export function Agreements({ payment: { dualControl } }: { payment: Payment }) {
  if (!dualControl) return null;
  const { organization, needed, agreed } = dualControl;
  return (
    <p role="status">
      {q('agree.needed', { organization, needed, agreed: standing(dualControl).length })}{' '}
      {agreed
        .map(({ by, atMs, stands }) => {
          const at = formatMoment(new Date(atMs).toISOString());
          return stands ? `${by} · ${at}` : `${by} · ${at} (${q('agree.lapsed')})`;
        })
        .join(', ')}
    </p>
  );
}

/** More than a person looks through at a time; the rest follows when these are done. */
const shownMax = 200;

/** Orders of others in the person's organisation that wait for it; nothing where none do. */
export function ToAgree() {
  const [resource, reload] = useResource(
    (signal) =>
      gather((cursor) => client.payments.toAgree({ limit: 100, cursor }, { signal }), shownMax),
    [identity.value?.id],
  );
  return (
    <Loaded resource={resource} reload={reload}>
      {({ items }) =>
        items.length === 0 ? null : (
          <Panel title={q('agree.title')} flush>
            <ul class="cards">
              {items.map((item) => (
                <Item key={item.id} item={item} reload={reload} />
              ))}
            </ul>
          </Panel>
        )
      }
    </Loaded>
  );
}

function Item({ item, reload }: { item: Payment; reload: () => void }) {
  const agree = useWrite<{ id: string }>(async ({ id }) => {
    await client.payments.agree(id);
    showToast({ text: q('agree.done') });
    reload();
  });
  return (
    <li>
      <p>{item.words[language.value]}</p>
      <p class="small muted">
        {q('agree.by', { payer: item.payer, at: formatMoment(item.createdAt) })}
      </p>
      {agree.error && <Refusal what={{ said: q('agree.not') }} error={agree.error} />}
      <Sure
        label={q('agree.do')}
        warning={q('agree.sure')}
        busy={agree.busy}
        onDo={() => void agree.run({ id: item.id })}
      />
    </li>
  );
}
