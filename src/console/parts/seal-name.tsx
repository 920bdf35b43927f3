import type { Seal } from '../../client/index.ts';
import { t } from '../i18n/index.ts';
import { namedSeal } from '../lookup.ts';
import { useResource } from '../resource.ts';

/** The seal's own mark as it was filed, in Chinese; without one, its shape in the page's language. */
export function SealMarkName({ seal }: { seal: Seal }) {
  return seal.remark === '' ? (
    <span>{t(`shape.${seal.shape}`)}</span>
  ) : (
    <span lang="zh-CN">{seal.remark}</span>
  );
}

/** Whose seal it is: the account's name, then the seal's own mark. */
export function SealName({ id }: { id: string }) {
  const [named] = useResource(() => namedSeal(id), [id]);
  if (named.kind !== 'ready') {
    return <span class="faint">{named.kind === 'failed' ? '—' : '…'}</span>;
  }
  const { seal, account } = named.value;
  return (
    <span>
      <span lang="zh-CN">{account.name}</span>{' '}
      <span class="faint">
        <SealMarkName seal={seal} />
      </span>
    </span>
  );
}
