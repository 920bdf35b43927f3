import { createRequire } from 'node:module';
import type { BundledHost } from './bundled-host.ts';

/** What of Node's `ws` is used: Node 20 has no WebSocket of its own. */
interface Socket {
  on(event: 'open' | 'error', heard: (error?: Error) => void): void;
  on(event: 'message', heard: (text: Buffer) => void): void;
  send(text: string): void;
  close(): void;
}

// The one that wrangler brings along.
const fromWrangler = createRequire(createRequire(import.meta.url).resolve('wrangler'));
const fromMiniflare = createRequire(fromWrangler.resolve('miniflare'));
const WebSocket = fromMiniflare('ws') as new (address: string) => Socket;

/** Of `Runtime.getHeapUsage`, in bytes: on the JavaScript heap, behind its objects, in buffers. */
interface HeapUsage {
  readonly usedSize: number;
  readonly embedderHeapUsedSize: number;
  readonly backingStorageSize: number;
}

/**
 * What a Worker holds once its garbage is gone, bytes: objects, buffers, and the memory of
 * WebAssembly modules. Garbage that waits for its collection, of which V8 lets tens of megabytes lie
 * in each Worker, and pages that the allocator keeps for later are no part of it.
 *
 * @param wake asks the Worker something: one that has nothing to do collects nothing
 * @throws when the host is not inspected, or does not answer
 */
export async function liveBytes(
  { inspector }: BundledHost,
  worker: string,
  wake: () => Promise<unknown>,
): Promise<number> {
  if (!inspector) throw new Error('the host is not inspected');
  const { ask, close } = await debuggerOf(`ws://${inspector}/${worker}`);
  let isCollected = false;
  const awake = async () => {
    while (!isCollected) await wake();
  };
  const collect = async () => {
    try {
      // What ends with the first collection may hold what the second one takes.
      for (let twice = 0; twice < 2; twice++) await ask('HeapProfiler.collectGarbage');
    } finally {
      isCollected = true;
    }
  };
  try {
    await Promise.all([awake(), collect()]);
    const usage = (await ask('Runtime.getHeapUsage')) as HeapUsage;
    return usage.usedSize + usage.embedderHeapUsedSize + usage.backingStorageSize;
  } finally {
    close();
  }
}

/** A line to the debugger of one Worker (Chrome DevTools Protocol). */
async function debuggerOf(address: string) {
  const socket = new WebSocket(address);
  const waiting = new Map<number, { settle(result: unknown): void; fail(error: Error): void }>();
  await new Promise<void>((open, fail) => {
    socket.on('open', () => open());
    socket.on('error', (error) => {
      fail(error ?? new Error('no debugger'));
      for (const one of waiting.values()) one.fail(error ?? new Error('no debugger'));
    });
  });
  socket.on('message', (text) => {
    const { id, result, error } = JSON.parse(text.toString());
    const one = waiting.get(id);
    waiting.delete(id);
    if (error) one?.fail(new Error(error.message));
    else one?.settle(result);
  });
  let asked = 0;
  return {
    ask(method: string): Promise<unknown> {
      asked += 1;
      const id = asked;
      return new Promise((settle, fail) => {
        waiting.set(id, { settle, fail });
        socket.send(JSON.stringify({ id, method }));
      });
    },
    close: () => socket.close(),
  };
}
