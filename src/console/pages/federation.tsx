import { Loaded } from '../parts/states.tsx';
import { useResource } from '../resource.ts';

/** Fetched when it is opened. */
export function FederationPage() {
  const [page, reload] = useResource(() => import('../federation/analysis.tsx'), []);
  return (
    <Loaded resource={page} reload={reload} lines={8}>
      {({ Analysis }) => <Analysis />}
    </Loaded>
  );
}
