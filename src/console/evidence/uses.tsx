import { useState } from 'preact/hooks';
import type { InstitutionKey, UsageRecord } from '../../client/index.ts';
import { formatMoment } from '../format.ts';
import { gather } from '../gather.ts';
import { t } from '../i18n/index.ts';
import { Export } from '../institution/key.tsx';
import { listMax, purposeOf } from '../institution/parts.tsx';
import { SelectField } from '../parts/field.tsx';
import { type Column, ListTable } from '../parts/list-table.tsx';
import { PageHead, Panel } from '../parts/page.tsx';
import { Paged } from '../parts/paged.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { query, setParameter } from '../router.ts';
import { client, identity } from '../session.ts';

interface NamedKey {
  readonly key: InstitutionKey;
  readonly institution: string;
}

async function keysOf(signal: AbortSignal): Promise<readonly NamedKey[]> {
  const { items } = await client.institutions.list({ limit: listMax }, { signal });
  const lists = await Promise.all(
    items.map(async ({ id, subject }) => {
      const { items: keys } = await client.institutions.keys(id, { limit: listMax }, { signal });
      return keys.map((key) => ({ key, institution: subject.commonName }));
    }),
  );
  return lists.flat();
}

/** So many are looked through at once; more on request. */
const recordsAtOnce = 2000;

export function UsesPage() {
  const [keys, reload] = useResource(keysOf, [identity.value?.id]);
  return (
    <>
      <PageHead
        title={t('uses.title')}
        crumbs={[{ text: t('audit.title'), href: '/audit' }]}
        facts={<span>{t('uses.lead')}</span>}
        actions={
          <a class="btn primary" href="/audit/verify">
            {t('uses.verify')}
          </a>
        }
      />
      <div class="body">
        <Loaded resource={keys} reload={reload} lines={6}>
          {(found) =>
            found.length === 0 ? (
              <Empty title={t('institution.keys.none')} hint={t('institutions.none.hint')} />
            ) : (
              <Records keys={found} />
            )
          }
        </Loaded>
      </div>
    </>
  );
}

function Records({ keys }: { keys: readonly NamedKey[] }) {
  // Most records are of signing keys; the order of the list says nothing.
  const chosen =
    keys.find(({ key }) => key.id === query.value.get('key')) ??
    keys.find(({ key }) => key.purpose === 'signature') ??
    keys[0];
  const id = chosen?.key.id ?? '';
  const [words, setWords] = useState('');
  const load = (from: string | undefined, signal: AbortSignal) =>
    gather<UsageRecord>(
      (cursor) => client.institutionKeys.records(id, { limit: listMax, cursor }, { signal }),
      recordsAtOnce,
      from,
    );
  const none = <Empty title={t('uses.none')} hint={t('uses.none.hint')} />;
  return (
    <>
      <SelectField
        label={t('uses.key')}
        value={id}
        options={keys.map(({ key, institution }) => ({
          value: key.id,
          text: `${institution} · ${purposeOf(key)}`,
        }))}
        onChange={(value) => setParameter('key', value)}
      />
      <Panel
        title={t('uses.title')}
        flush
        aside={
          <>
            <input
              class="input search"
              type="search"
              aria-label={t('uses.search')}
              placeholder={t('uses.search')}
              value={words}
              onInput={(event) => setWords(event.currentTarget.value)}
            />
            <Export id={id} />
          </>
        }
      >
        <Paged load={load} inputs={[id, identity.value?.id]} empty={none}>
          {(records) => {
            const found = records.filter((record) => matches(record, words));
            if (found.length === 0) return none;
            return (
              <ListTable
                items={found}
                idOf={(record) => bodyOf(record).operationId}
                columns={columns()}
              />
            );
          }}
        </Paged>
      </Panel>
    </>
  );
}

interface Body {
  readonly operationId: string;
  readonly actor: string;
  readonly reason: string;
  readonly documentType: string;
  readonly receipt: { readonly operation: string; readonly atMs: number };
}

// The service wrote it in this form; whoever relies on it verifies the export.
const bodyOf = ({ body }: UsageRecord) => body as unknown as Body;

function matches(record: UsageRecord, words: string): boolean {
  const { actor, reason, documentType, operationId, receipt } = bodyOf(record);
  const text = [actor, reason, documentType, operationId, receipt.operation]
    .join(' ')
    .toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

const columns = (): readonly Column<UsageRecord>[] => [
  {
    title: t('verification.time'),
    class: 'date',
    plain: true,
    cell: (record) => formatMoment(new Date(bodyOf(record).receipt.atMs)),
  },
  { title: t('operation.person'), cell: (record) => bodyOf(record).actor },
  {
    title: t('use.reason'),
    wide: true,
    plain: true,
    cell: (record) => (
      <a href={`/uses/${bodyOf(record).operationId}`} lang="zh-CN">
        {bodyOf(record).reason}
      </a>
    ),
  },
  { title: t('use.type'), cell: (record) => bodyOf(record).documentType },
  {
    title: t('grant.operations'),
    class: 'nowrap',
    cell: (record) => bodyOf(record).receipt.operation,
  },
  { title: t('operation.record.ledger'), class: 'num', cell: ({ place }) => place?.index ?? '–' },
];
