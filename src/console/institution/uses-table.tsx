import type { Operation } from '../../client/index.ts';
import { formatMoment } from '../format.ts';
import { t } from '../i18n/index.ts';
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

export function OperationRows({ items }: { items: readonly Operation[] }) {
  return (
    <table class="table list">
      <thead>
        <tr>
          <th class="wide">{t('use.reason')}</th>
          <th>{t('use.action')}</th>
          <th>{t('operation.person')}</th>
          <th class="num">{t('use.amount')}</th>
          <th>{t('operation.made')}</th>
          <th>{t('field.state')}</th>
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <tr key={item.id}>
            <td>
              <a href={`/uses/${item.id}`} lang="zh-CN">
                {item.reason}
              </a>
            </td>
            <td data-label={t('use.action')}>{actionOf(item)}</td>
            <td data-label={t('operation.person')}>{item.actor}</td>
            <td class="num" data-label={t('use.amount')}>
              {item.amount ? amountText(item.amount) : '–'}
            </td>
            <td class="date">{formatMoment(item.createdAt)}</td>
            <td>
              <OperationStatus item={item} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
