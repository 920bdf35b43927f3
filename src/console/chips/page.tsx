import { useEffect, useState } from 'preact/hooks';
import type { ApiError, Chip, ChipBackups, ChipCluster } from '../../client/index.ts';
import { formatMoment, shortHash } from '../format.ts';
import { maybe, t } from '../i18n/index.ts';
import { Status, type Tone } from '../parts/chip.tsx';
import { Dialog, DialogActs } from '../parts/dialog.tsx';
import { TextField } from '../parts/field.tsx';
import { PageHead, Panel } from '../parts/page.tsx';
import { Empty, Loaded, Refusal } from '../parts/states.tsx';
import { asApiError, useResource } from '../resource.ts';
import { client, identity } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import './chips.css';
import { LatencyPanel } from './latency.tsx';

const pollMs = 3_000;
const beatsShown = 30;
const backupsShown = 5;

type Order = 'drain' | 'reset' | 'readmit' | 'halt';
type AskedOrder = Exclude<Order, 'readmit'>;

/** The cluster as it is, looked at again every few seconds, and what an operator may do to it. */
export function ClusterPage() {
  const [cluster, reload] = useResource(
    (signal) => client.chips.status({ signal }),
    [identity.value?.id],
  );
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) reload();
    }, pollMs);
    return () => clearInterval(timer);
  }, [reload]);
  return (
    <Loaded resource={cluster} reload={reload} lines={8}>
      {(value) => <Cluster cluster={value} reload={reload} />}
    </Loaded>
  );
}

function Cluster({ cluster, reload }: { cluster: ChipCluster; reload: () => void }) {
  const [asked, setAsked] = useState<{ order: AskedOrder; chip: Chip } | undefined>(undefined);
  const [adding, setAdding] = useState(false);
  const [error, setError] = useState<ApiError | undefined>(undefined);
  const isWell = cluster.chips.every(
    ({ health, duty }) => health === 'healthy' && duty !== 'quarantined',
  );

  async function give({ order, chip }: { order: Order; chip: Chip }) {
    setAsked(undefined);
    setError(undefined);
    try {
      // Who empties a chip that keys still need has said so in the dialog.
      if (order === 'reset') await client.chips.reset(chip.chip, chip.keysToMove > 0);
      else await client.chips[order](chip.chip);
      showToast({ text: t(`chips.done.${order}`, { chip: chip.chip }) });
    } catch (cause) {
      setError(asApiError(cause));
    }
    reload();
  }

  return (
    <>
      <PageHead
        title={t('chips.title')}
        state={
          <Status tone={isWell ? 'ok' : 'wait'} chip>
            {t(isWell ? 'chips.well' : 'chips.degraded')}
          </Status>
        }
        facts={<span>{t('chips.lead')}</span>}
        actions={
          <button type="button" class="btn" onClick={() => setAdding(true)}>
            {t('chips.add')}
          </button>
        }
      />
      <div class="body">
        {error && <Refusal what="chips.failed" error={error} />}
        <Figures cluster={cluster} />
        <Panel title={t('chips.one')} flush>
          <ChipTable
            cluster={cluster}
            order={(order, chip) =>
              order === 'readmit' ? void give({ order, chip }) : setAsked({ order, chip })
            }
          />
        </Panel>
        <LatencyPanel />
        <Panel title={t('chips.backups')} flush>
          <Backups />
        </Panel>
        <Panel title={t('chips.events')} flush>
          <Events events={cluster.events} />
        </Panel>
      </div>
      <Dialog
        title={asked ? t(`chips.${asked.order}.ask`, { chip: asked.chip.chip }) : ''}
        open={asked !== undefined}
        onClose={() => setAsked(undefined)}
      >
        {asked && (
          <Confirm {...asked} give={() => void give(asked)} cancel={() => setAsked(undefined)} />
        )}
      </Dialog>
      <Dialog title={t('chips.add')} open={adding} onClose={() => setAdding(false)}>
        <AddChip
          done={(chip) => {
            setAdding(false);
            showToast({ text: t('chips.added', { chip }) });
            reload();
          }}
        />
      </Dialog>
    </>
  );
}

/** What an order does, to be read before it is given. */
function Confirm(props: { order: AskedOrder; chip: Chip; give: () => void; cancel: () => void }) {
  const { order, chip } = props;
  const losable = order === 'reset' ? chip.keysToMove : 0;
  const [accepted, setAccepted] = useState(false);
  return (
    <>
      <p>{t(`chips.${order}.what`, { count: chip.keys })}</p>
      {losable > 0 && (
        <label class="check">
          <input
            type="checkbox"
            checked={accepted}
            onChange={(event) => setAccepted(event.currentTarget.checked)}
          />
          <span>{t('chips.reset.loss', { count: losable })}</span>
        </label>
      )}
      <DialogActs
        label={t(`chips.${order}`)}
        disabled={losable > 0 && !accepted}
        onCancel={props.cancel}
        onDo={props.give}
      />
    </>
  );
}

function Figures({ cluster }: { cluster: ChipCluster }) {
  const serving = cluster.chips.filter(
    ({ health, duty }) => duty === 'active' && (health === 'healthy' || health === 'slow'),
  );
  const sorted = cluster.chips.flatMap(({ latenciesMs }) => latenciesMs).sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const figures: [string, string][] = [
    [t('chips.keys'), String(cluster.keys)],
    [t('chips.serving'), `${serving.length} / ${cluster.chips.length}`],
    [t('chips.median'), `${median} ${t('chips.ms')}`],
    [t('chips.offers'), offered(cluster.offers)],
  ];
  return (
    <dl class="chip-figures">
      {figures.map(([name, value]) => (
        <div key={name}>
          <dd>{value}</dd>
          <dt>{name}</dt>
        </div>
      ))}
    </dl>
  );
}

/** The best that a key can demand now. */
function offered(offers: ChipCluster['offers']): string {
  const best = offers.at(-1);
  return best ? t(`chips.protection.${best}`) : '–';
}

const healthTones = { healthy: 'ok', slow: 'wait', suspect: 'wait', out: 'no' } as const;

function stateOf({ duty, health }: Chip): { tone: Tone; words: string } {
  if (duty === 'quarantined') return { tone: 'no', words: t('chips.duty.quarantined') };
  if (duty === 'draining') return { tone: 'run', words: t('chips.duty.draining') };
  if (duty === 'drained') return { tone: 'off', words: t('chips.duty.drained') };
  if (duty === 'empty') return { tone: 'off', words: t('chips.duty.empty') };
  return { tone: healthTones[health], words: t(`chips.health.${health}`) };
}

function ChipTable(props: { cluster: ChipCluster; order: (order: Order, chip: Chip) => void }) {
  const { chips, mayHalt } = props.cluster;
  return (
    <table class="table list">
      <thead>
        <tr>
          <th>{t('chips.one')}</th>
          <th>{t('chips.state')}</th>
          <th>{t('chips.zone')}</th>
          <th>{t('chips.protection')}</th>
          <th class="num">{t('chips.keys')}</th>
          <th>{t('chips.load')}</th>
          <th>{t('chips.latency')}</th>
          <th>{t('chips.log')}</th>
          <td />
        </tr>
      </thead>
      <tbody>
        {chips.map((chip) => {
          const { tone, words } = stateOf(chip);
          const isActive = chip.duty === 'active';
          return (
            <tr key={chip.chip}>
              <td class="nowrap">
                <b>{chip.chip}</b>
                {chip.pool !== 'shared' && <span class="faint small"> {chip.pool}</span>}
              </td>
              <td class="nowrap">
                <Status tone={tone}>{words}</Status>
                {chip.keysToMove > 0 && (
                  <span class="faint small"> {t('chips.left', { count: chip.keysToMove })}</span>
                )}
              </td>
              <td data-label={t('chips.zone')}>{chip.zone}</td>
              <td
                data-label={t('chips.protection')}
                title={t('chips.build', { build: chip.build })}
              >
                {t(`chips.protection.${chip.protection}`)}
              </td>
              <td class="num" data-label={t('chips.keys')}>
                {chip.keys}
              </td>
              <td data-label={t('chips.load')}>
                <Spark values={stepsOf(chip.loads)} label={t('chips.load')} />
              </td>
              <td data-label={t('chips.latency')}>
                <Spark values={chip.latenciesMs} label={t('chips.latency')} unit={t('chips.ms')} />
              </td>
              <td class="mono" data-label={t('chips.log')} title={chip.logHash}>
                {chip.logHash === '' ? '–' : shortHash(chip.logHash)}
              </td>
              <td class="chip-acts">
                {isActive && (
                  <button type="button" class="link" onClick={() => props.order('drain', chip)}>
                    {t('chips.drain')}
                  </button>
                )}
                {(chip.duty === 'drained' || chip.duty === 'quarantined') && (
                  <button type="button" class="link" onClick={() => props.order('reset', chip)}>
                    {t('chips.reset')}
                  </button>
                )}
                {chip.duty === 'empty' && (
                  <button type="button" class="link" onClick={() => props.order('readmit', chip)}>
                    {t('chips.readmit')}
                  </button>
                )}
                {mayHalt && isActive && chip.health !== 'out' && (
                  <button type="button" class="link" onClick={() => props.order('halt', chip)}>
                    {t('chips.halt')}
                  </button>
                )}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** Log positions at heartbeats as what happened in between. */
function stepsOf(positions: readonly number[]): number[] {
  return positions.slice(1).map((value, i) => value - (positions[i] ?? value));
}

/** A small plot of the newest values; the newest one stands beside it in figures. */
function Spark(props: { values: readonly number[]; label: string; unit?: string }) {
  const values = props.values.slice(-beatsShown);
  const newest = values.at(-1) ?? 0;
  const top = Math.max(1, ...values);
  const points = values.map((value, i) => {
    const x = values.length > 1 ? (i * 100) / (values.length - 1) : 0;
    return `${x.toFixed(1)},${(23 - (value / top) * 22).toFixed(1)}`;
  });
  const text = `${newest}${props.unit ? ` ${props.unit}` : ''}`;
  return (
    <span class="chip-spark">
      <svg
        viewBox="0 0 100 24"
        preserveAspectRatio="none"
        role="img"
        aria-label={`${props.label} ${text}`}
      >
        <polyline points={points.join(' ')} />
      </svg>
      <span class="num">{text}</span>
    </span>
  );
}

/** Which backups their keepers confirmed; the newest one is the only one that can be restored. */
function Backups() {
  const [backups, reload] = useResource(
    (signal) => client.chipBackups.list({ signal }),
    [identity.value?.id],
  );
  return (
    <Loaded resource={backups} reload={reload} lines={2}>
      {({ items }) => <BackupTable items={items} />}
    </Loaded>
  );
}

function BackupTable({ items }: { items: ChipBackups['items'] }) {
  if (items.length === 0) {
    return <Empty title={t('chips.backups.none')} hint={t('chips.backups.how')} />;
  }
  return (
    <table class="table list">
      <thead>
        <tr>
          <th>{t('chips.backup.number')}</th>
          <th>{t('chips.backup.made')}</th>
          <th class="num">{t('chips.keys')}</th>
          <th class="num">{t('chips.backup.revoked')}</th>
          <th class="num">{t('chips.backup.missed')}</th>
          <th>{t('chips.backup.hash')}</th>
          <th>{t('chips.backup.by')}</th>
        </tr>
      </thead>
      <tbody>
        {items.slice(0, backupsShown).map((backup, i) => (
          <tr key={backup.number}>
            <td class="nowrap">
              <b>{backup.number}</b>
              {i === 0 && <span class="faint small"> {t('chips.backup.newest')}</span>}
            </td>
            <td class="date" data-label={t('chips.backup.made')}>
              {formatMoment(backup.madeAt)}
            </td>
            <td class="num" data-label={t('chips.keys')}>
              {backup.keys}
            </td>
            <td class="num" data-label={t('chips.backup.revoked')}>
              {backup.tombstones}
            </td>
            <td class="num" data-label={t('chips.backup.missed')}>
              {backup.missed > 0 ? <Status tone="no">{String(backup.missed)}</Status> : 0}
            </td>
            <td class="mono" data-label={t('chips.backup.hash')} title={backup.hash}>
              {shortHash(backup.hash)}
            </td>
            <td data-label={t('chips.backup.by')}>{backup.confirmedBy}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Events({ events }: { events: ChipCluster['events'] }) {
  if (events.length === 0) return <Empty title={t('chips.events.none')} />;
  return (
    <table class="table list">
      <tbody>
        {events.slice(0, 20).map((event, i) => (
          <tr key={`${event.at}-${i}`}>
            <td class="date">{formatMoment(event.at)}</td>
            <td class="nowrap">{event.chip}</td>
            <td class="wide">{maybe(`chips.event.${event.what}`) ?? event.what}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const namePattern = /^[a-z][a-z0-9-]{0,31}$/;

function AddChip({ done }: { done: (chip: string) => void }) {
  const [chip, setChip] = useState('');
  const [zone, setZone] = useState('');
  const { busy, error, run } = useWrite(async (draft: { chip: string; zone: string }, keyFor) => {
    await client.chips.add(draft, { idempotencyKey: keyFor('add') });
    done(draft.chip);
  });
  const isWhole = namePattern.test(chip) && namePattern.test(zone);
  return (
    <form
      class="chip-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (isWhole) void run({ chip, zone });
      }}
    >
      {error && <Refusal what="chips.failed" error={error} />}
      <TextField
        label={t('chips.add.name')}
        value={chip}
        onInput={setChip}
        hint={t('chips.add.hint')}
        placeholder="chip-5"
        required
      />
      <TextField
        label={t('chips.zone')}
        value={zone}
        onInput={setZone}
        hint={t('chips.add.hint')}
        placeholder="b"
        required
      />
      <div class="acts">
        <button type="submit" class="btn primary" disabled={busy || !isWhole}>
          {t('chips.add')}
        </button>
      </div>
    </form>
  );
}
