import { Loaded } from '../parts/states.tsx';
import { useResource } from '../resource.ts';

/** Fetched when it is opened: few people need it, and nobody at first. */
export function CorePage() {
  const [page, reload] = useResource(() => import('../measure/page.tsx'), []);
  return (
    <Loaded resource={page} reload={reload} lines={8}>
      {({ MeasurePage }) => <MeasurePage />}
    </Loaded>
  );
}
