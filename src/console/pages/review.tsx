import { Loaded } from '../parts/states.tsx';
import { useResource } from '../resource.ts';

/** The workstation is fetched when it is opened. */
export function ReviewPage() {
  const [page, reload] = useResource(() => import('../review/workstation.tsx'), []);
  return (
    <Loaded resource={page} reload={reload} lines={8}>
      {({ Workstation }) => <Workstation />}
    </Loaded>
  );
}
