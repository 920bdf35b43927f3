import { manifestHash } from '../../core/software/manifest.ts';
import { kept } from './kept.ts';

/**
 * The hash of the manifest that the guard lets run here; empty where there is no guard. A page that
 * nothing guards names no software, so once any was released it opens no session (E5).
 */
export async function guardedSoftware(): Promise<string> {
  const manifest = (await guardTerminal()) ? await kept('manifest').get() : undefined;
  return manifest === undefined ? '' : manifestHash(manifest);
}

/**
 * Sets the guard over everything that this device runs from now on, and says whether it stands.
 * Where the software was not released, or the browser has no service workers, the page goes on
 * without one.
 */
export async function guardTerminal(): Promise<boolean> {
  if (!('serviceWorker' in navigator)) return false;
  try {
    const { installing, active } = await navigator.serviceWorker.register('/guard.js');
    return installing ? await stands(installing) : active !== null;
  } catch {
    return false;
  }
}

function stands(worker: ServiceWorker): Promise<boolean> {
  return new Promise((resolve) => {
    const look = () => {
      if (worker.state === 'activated') resolve(true);
      if (worker.state === 'redundant') resolve(false);
    };
    worker.addEventListener('statechange', look);
    look();
  });
}
