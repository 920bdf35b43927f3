import { useState } from 'preact/hooks';
import type { PersonalKey } from '../../client/index.ts';
import { formatMoment } from '../format.ts';
import { Status, type Tone } from '../parts/chip.tsx';
import { PageHead, Panel } from '../parts/page.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { navigate } from '../router.ts';
import { identity } from '../session.ts';
import { ownKeys } from './keys-here.ts';
import { MakeKey } from './make-key.tsx';
import { PersonTabs } from './tabs.tsx';
import { vault } from './terminal.ts';
import { p } from './words.ts';

const tones: Record<PersonalKey['state'], Tone> = {
  pending: 'run',
  active: 'ok',
  withdrawn: 'off',
};

export function KeyStatus({ item, chip }: { item: PersonalKey; chip?: boolean }) {
  return (
    <Status tone={tones[item.state]} chip={chip ?? false}>
      {p(`key.state.${item.state}`)}
    </Status>
  );
}

/** All keys of the person, on whatever device, and a new one on this. */
export function KeysPage() {
  const [making, setMaking] = useState(false);
  const [resource, reload] = useResource(
    async (signal) => ({ keys: await ownKeys(signal), here: await vault.ids() }),
    [identity.value?.id],
  );
  return (
    <>
      <PageHead
        title={p('keys.title')}
        facts={<PersonTabs />}
        actions={
          !making && (
            <button type="button" class="btn primary" onClick={() => setMaking(true)}>
              {p('keys.make')}
            </button>
          )
        }
      />
      <div class="body">
        <p class="muted">
          {p('keys.lead')} {p('key.renewal')}
        </p>
        {making && <MakeKey onMade={(id) => navigate(`/keys/${id}`)} />}
        <Panel title={p('keys.title')} flush>
          <Loaded resource={resource} reload={reload}>
            {({ keys, here }) =>
              keys.length === 0 ? (
                <Empty title={p('keys.none')} hint={p('keys.none.hint')} />
              ) : (
                <ul class="cards">
                  {keys.map((key) => (
                    <KeyCard key={key.id} item={key} isHere={here.includes(key.id)} />
                  ))}
                </ul>
              )
            }
          </Loaded>
        </Panel>
      </div>
    </>
  );
}

function KeyCard({ item, isHere }: { item: PersonalKey; isHere: boolean }) {
  return (
    <li>
      <div class="row">
        <a class="grow" href={`/keys/${item.id}`}>
          <b>{item.label}</b>
        </a>
        <KeyStatus item={item} />
      </div>
      <p class="small muted">
        {p('key.made-at', { at: formatMoment(item.createdAt) })}
        {item.state === 'active' && ` · ${p(isHere ? 'keys.here' : 'keys.elsewhere')}`}
        {item.lockedUntil && ` · ${p('key.locked', { at: formatMoment(item.lockedUntil) })}`}
      </p>
    </li>
  );
}
