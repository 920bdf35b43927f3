import { Loaded } from '../parts/states.tsx';
import { useResource } from '../resource.ts';

/** The policy editor is fetched when it is opened. */
export function PoliciesPage() {
  const [page, reload] = useResource(() => import('../policies/page.tsx'), []);
  return (
    <Loaded resource={page} reload={reload} lines={8}>
      {({ PolicyEditor }) => <PolicyEditor />}
    </Loaded>
  );
}
