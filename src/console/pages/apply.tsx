import { Loaded } from '../parts/states.tsx';
import { useResource } from '../resource.ts';

/** Fetched when it is opened: it brings the cryptography of the terminal with it. */
export function ApplyPage() {
  const [page, reload] = useResource(() => import('../federation/apply.tsx'), []);
  return (
    <Loaded resource={page} reload={reload} lines={8}>
      {({ Apply }) => <Apply />}
    </Loaded>
  );
}
