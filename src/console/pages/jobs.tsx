import { Loaded } from '../parts/states.tsx';
import { useResource } from '../resource.ts';

/** Fetched when they are opened. */
export function JobsPage({ id }: { id?: string }) {
  const [page, reload] = useResource(() => import('../jobs/page.tsx'), []);
  return (
    <Loaded resource={page} reload={reload} lines={8}>
      {({ JobDetail, JobList }) =>
        id === undefined ? <JobList /> : <JobDetail key={id} id={id} />
      }
    </Loaded>
  );
}
