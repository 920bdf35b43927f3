import { Loaded } from '../parts/states.tsx';
import { useResource } from '../resource.ts';

/** Fetched when it is opened: the model is larger than the console. */
export function TaggerPage() {
  const [page, reload] = useResource(async () => {
    const [{ Playground }, { loadTagger }] = await Promise.all([
      import('../tagger/page.tsx'),
      import('../../core/tagger.ts'),
    ]);
    return { Playground, tagger: await loadTagger() };
  }, []);
  return (
    <Loaded resource={page} reload={reload} lines={8}>
      {({ Playground, tagger }) => <Playground tagger={tagger} />}
    </Loaded>
  );
}
