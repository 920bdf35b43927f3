import type { Operation } from '../../client/index.ts';
import { formatMoment } from '../format.ts';
import { t } from '../i18n/index.ts';
import { type Column, ListTable } from '../parts/list-table.tsx';
import { Paged } from '../parts/paged.tsx';
import { Empty } from '../parts/states.tsx';
import { client, identity } from '../session.ts';
import { actionOf, amountText, OperationStatus } from './parts.tsx';

/** Uses of a key, newest first. */
export function UsesTable({ keyId }: { keyId: string }) {
  return (
    <Paged
      load={(cursor, signal) => client.institutionKeys.operations(keyId, { cursor }, { signal })}
      inputs={[keyId, identity.value?.id]}
      empty={<Empty title={t('key.uses.none')} hint={t('key.uses.none.hint')} />}
    >
      {(items) => <OperationRows items={items} />}
    </Paged>
  );
}

const columns = (): readonly Column<Operation>[] => [
  {
    title: t('use.reason'),
    wide: true,
    plain: true,
    cell: ({ id, reason }) => (
      <a href={`/uses/${id}`} lang="zh-CN">
        {reason}
      </a>
    ),
  },
  { title: t('use.action'), cell: actionOf },
  { title: t('operation.person'), cell: ({ actor }) => actor },
  {
    title: t('use.amount'),
    class: 'num',
    cell: ({ amount }) => (amount ? amountText(amount) : '–'),
  },
  {
    title: t('operation.made'),
    class: 'date',
    plain: true,
    cell: ({ createdAt }) => formatMoment(createdAt),
  },
  { title: t('field.state'), plain: true, cell: (item) => <OperationStatus item={item} /> },
];

export const OperationRows = ({ items }: { items: readonly Operation[] }) => (
  <ListTable items={items} idOf={({ id }) => id} columns={columns()} />
);
