import { Loaded } from '../parts/states.tsx';
import { useResource } from '../resource.ts';

/** Fetched when it is opened: only operators need it. */
export function ChipsPage() {
  const [page, reload] = useResource(() => import('../chips/page.tsx'), []);
  return (
    <Loaded resource={page} reload={reload} lines={8}>
      {({ ClusterPage }) => <ClusterPage />}
    </Loaded>
  );
}
