import { parseManifest } from '../../core/software/manifest.ts';
import {
  expectedHash,
  type GuardDeps,
  type GuardVerdict,
  judge,
  judgeServed,
  sha256Hex,
} from './guard.ts';
import { addressOf, guardCache, kept } from './kept.ts';

// The service worker of a terminal. It stands between the page and the network for everything that
// runs: pages, scripts, styles and modules come through only with the hash that the signed manifest
// names. The manifest changes only to another one that the key manager signed.

/** What TypeScript's library for pages does not know of service workers. */
interface WorkerScope {
  addEventListener(type: string, listen: (event: WorkerEvent) => void): void;
  skipWaiting(): Promise<void>;
  readonly clients: { claim(): Promise<void> };
}
interface WorkerEvent {
  readonly request: Request;
  waitUntil(work: Promise<unknown>): void;
  respondWith(answer: Promise<Response>): void;
}
const scope = self as unknown as WorkerScope;

const guarded = /\.(?:js|css|wasm|html)$/;
/** Answered by the service itself, not from files. */
const dynamic =
  /^\/(?:v1|pki|ledger|\.well-known|docs)(?:\/|$)|^\/(?:healthz|readyz|metrics|openapi\.json)$/;

const deps: GuardDeps = {
  fetch: (path) => fetch(path, { cache: 'no-store' }),
  store: { get: (name) => kept(name).get(), put: (name, text) => kept(name).put(text) },
};

scope.addEventListener('install', (event) => event.waitUntil(begin()));
scope.addEventListener('activate', (event) => event.waitUntil(scope.clients.claim()));
scope.addEventListener('fetch', (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (event.request.method !== 'GET' || origin !== location.origin || dynamic.test(pathname))
    return;
  const isPage = event.request.mode === 'navigate';
  if (isPage) event.respondWith(page());
  else if (guarded.test(pathname)) event.respondWith(file(pathname));
});

/** A terminal is guarded from its first released software on; before that there is no guard. */
async function begin(): Promise<void> {
  const verdict = await judgeServed(deps);
  if (verdict.state !== 'released') throw new Error(`the software is ${verdict.state}`);
  await take(verdict);
  await scope.skipWaiting();
}

type Released = Extract<GuardVerdict, { readonly state: 'released' }>;

/** Fetches every file of a manifest, checks it, and only then lets the manifest run. */
async function take({ manifest, sequence }: Released): Promise<void> {
  for (const path of Object.keys(parseManifest(manifest)?.files ?? {})) {
    await checked(manifest, path);
  }
  // The number first: if it ends here, what runs is asked for again and nothing older is taken.
  await deps.store.put('sequence', String(sequence));
  await deps.store.put('manifest', manifest);
}

/** A page is asked for: the moment to look for another release, and for a withdrawal. */
async function page(): Promise<Response> {
  const running = await deps.store.get('manifest');
  const served = await judgeServed(deps);
  if (served.state === 'released' && served.manifest !== running) {
    // One that does not come whole is no reason to run it in part: the present one goes on.
    await take(served).catch(() => undefined);
  } else if (running !== undefined && (await judge(deps, running)).state === 'revoked') {
    return blocked();
  }
  return file('/index.html');
}

async function file(path: string): Promise<Response> {
  const manifest = await deps.store.get('manifest');
  try {
    if (manifest === undefined) throw new Error('there is no manifest');
    return await checked(manifest, path);
  } catch {
    return path === '/index.html' ? blocked() : Response.error();
  }
}

/** @throws Error when the bytes are not those that the manifest names */
async function checked(manifest: string, path: string): Promise<Response> {
  const expected = expectedHash(manifest, path);
  if (expected === undefined) throw new Error('the manifest does not name it');
  const cache = await guardCache();
  const place = addressOf(expected);
  const known = await cache.match(place);
  if (known) return known;
  // The host answers for a folder what it has as its index.
  const fresh = await fetch(path === '/index.html' ? '/' : path, { cache: 'no-store' });
  const bytes = await fresh.clone().arrayBuffer();
  if (!fresh.ok || (await sha256Hex(bytes)) !== expected) throw new Error('the bytes are others');
  await cache.put(place, fresh.clone());
  return fresh;
}

function blocked(): Response {
  // No words of the console: nothing of it may run.
  const words = `此设备上的软件未通过检验，已停止运行。请联系您的银行。
The software on this device did not pass its check and was stopped. Please contact your bank.`;
  const headers = { 'content-type': 'text/plain; charset=utf-8' };
  return new Response(words, { status: 503, headers });
}
