import type { FederationInfo, PartiesHealth } from '../../client/index.ts';
import { formatMoment, shortHash } from '../format.ts';
import { inLanguage } from '../i18n/index.ts';
import { Status, type Tone } from '../parts/chip.tsx';
import { Panel } from '../parts/page.tsx';
import { usePoll } from '../parts/poll.ts';
import { Loaded } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { client } from '../session.ts';
import { f } from './words.ts';

type Health = PartiesHealth['parties'][number];

const everyMs = 15_000;
const tones: Record<Health['state'], Tone> = { up: 'ok', other_model: 'wait', down: 'no' };

/** Whether each party lives, how fast it answered and with which model; asked again by itself. */
export function PartiesNow() {
  const [health, reload] = useResource(
    async (signal) => ({
      now: await client.federation.parties({ signal }),
      federation: await client.federation.get({ signal }),
    }),
    [],
  );
  usePoll(reload, everyMs);
  return (
    <Panel title={f('health.title')}>
      <p class="small muted">{f('health.lead')}</p>
      <Loaded resource={health} reload={reload} lines={4}>
        {({ now, federation }) => (
          <ul class="parties">
            {now.parties.map((party) => (
              <Party key={party.party} health={party} federation={federation} />
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  );
}

function Party({ health, federation }: { health: Health; federation: FederationInfo }) {
  const { nodes, decision } = federation.roster;
  const { party, state, latencyMs, modelHash, answeredAt } = health;
  const named = [...nodes, decision].find(({ id }) => id === party);
  const facts = [
    latencyMs !== undefined && f('health.latency', { ms: latencyMs }),
    answeredAt === undefined
      ? f('health.never')
      : f('health.last', { at: formatMoment(answeredAt) }),
    modelHash === null && f('health.model.none'),
    modelHash && f('health.model', { hash: shortHash(modelHash) }),
  ].filter((fact) => typeof fact === 'string');
  return (
    <li>
      <b>{named ? inLanguage(named.name) : party}</b>
      <Status tone={tones[state]} chip>
        {f(`health.${state}`)}
      </Status>
      <span class="small muted" title={modelHash ?? undefined}>
        {facts.join(' · ')}
      </span>
    </li>
  );
}
