import type { ReadOptions } from '../../client/transport.ts';
import type { Key } from '../i18n/index.ts';
import { t } from '../i18n/index.ts';
import { Panel } from '../parts/page.tsx';
import { Loaded } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { allows, client, identity } from '../session.ts';

/** As many as are counted; more is "more than". */
const countMax = 50;

interface Queue {
  readonly words: Key;
  readonly href: string;
  readonly mine: () => boolean;
  /** What waits, `countMax` + 1 at most. */
  readonly waiting: (read: ReadOptions) => Promise<number>;
}

const some = { limit: countMax + 1 };
const sizeOf = async (page: Promise<{ items: readonly unknown[] }>) => (await page).items.length;

const queues: readonly Queue[] = [
  {
    words: 'home.waiting.reviews',
    href: '/review',
    mine: () => identity.value?.role === 'reviewer',
    waiting: (read) => sizeOf(client.reviews.list({ ...some, state: 'open' }, read)),
  },
  {
    words: 'home.waiting.seals',
    href: '/seal-changes',
    mine: () => allows('approveSeals'),
    waiting: (read) => sizeOf(client.sealChanges.list({ ...some, state: 'proposed' }, read)),
  },
  {
    words: 'home.waiting.applications',
    href: '/certificates/applications',
    mine: () => allows('identifyApplicants') || allows('approveCertificates'),
    waiting: (read) =>
      sizeOf(client.certificates.applications.list({ ...some, stage: 'pending' }, read)),
  },
  {
    words: 'home.waiting.signatures',
    href: '/approvals',
    mine: () => true,
    async waiting(read) {
      const { changes, operations } = await client.operations.pending(read);
      return changes.length + operations.length;
    },
  },
  {
    words: 'home.waiting.payments',
    href: '/risk',
    mine: () => allows('watchPayments'),
    waiting: (read) => sizeOf(client.assessedOrders.list({ ...some, state: 'challenged' }, read)),
  },
  {
    words: 'home.waiting.policies',
    href: '/policies',
    mine: () => allows('approvePolicies'),
    waiting: (read) => sizeOf(client.policies.changes({ ...some, state: 'proposed' }, read)),
  },
];

/** What other people left for this one to decide. */
export function Waiting() {
  const id = identity.value?.id;
  const [resource, reload] = useResource(
    (signal) =>
      Promise.all(
        queues
          .filter(({ mine }) => mine())
          .map(async (queue) => ({ ...queue, count: await queue.waiting({ signal }) })),
      ),
    [id],
  );
  return (
    <Panel title={t('home.waiting')} flush>
      <Loaded resource={resource} reload={reload} lines={3}>
        {(all) => {
          const open = all.filter(({ count }) => count > 0);
          if (open.length === 0) {
            return <p class="in small muted">{t('home.waiting.none')}</p>;
          }
          return (
            <ul class="waiting">
              {open.map(({ words, href, count }) => (
                <li key={words}>
                  <a href={href}>
                    <b class="num">{count > countMax ? `${countMax}+` : count}</b>
                    <span>{t(words)}</span>
                  </a>
                </li>
              ))}
            </ul>
          );
        }}
      </Loaded>
    </Panel>
  );
}
