import type { ComponentChildren } from 'preact';
import { useHeldKeys } from '../keys.ts';
import { useResource } from '../resource.ts';
import { Loaded, Loading } from './states.tsx';

type Parameters = Record<string, string>;

/** Says that a page is on its way, and keeps what is typed for it meanwhile. */
function OnItsWay() {
  useHeldKeys();
  return <Loading lines={8} />;
}

export interface LazyPage {
  (parameters: Parameters): ComponentChildren;
  /** Begins to fetch the script, for a page that will be shown once the session stands. */
  fetchEarly?(): void;
}

/**
 * A page whose script is fetched when it is first opened, and kept from then on: nobody waits for
 * pages of a role that is not theirs.
 */
export function lazyPage<M>(
  load: () => Promise<M>,
  show: (module: M, parameters: Parameters) => ComponentChildren,
): LazyPage {
  let kept: M | undefined;

  function Page(props: { parameters: Parameters }) {
    const [page, reload] = useResource(async () => {
      kept ??= await load();
      return kept;
    }, []);
    if (kept) return <>{show(kept, props.parameters)}</>;
    if (page.kind === 'loading') return <OnItsWay />;
    return (
      <Loaded resource={page} reload={reload}>
        {(module) => show(module, props.parameters)}
      </Loaded>
    );
  }

  const render = (parameters: Parameters) => <Page parameters={parameters} />;
  return Object.assign(render, {
    // One that fails is fetched again, and told, when the page is shown.
    fetchEarly: () => void load().catch(() => undefined),
  });
}
