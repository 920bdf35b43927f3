import { request } from 'node:http';
import type { BundledHost } from '../helpers/bundled-host.ts';
import { clientAs } from '../helpers/key-people.ts';
import type { Drill } from './drill.ts';
import { hostForDrills, residentMb } from './service-in-workerd.ts';

const mb = 1024 * 1024;
const growthMaxMb = 32;
const dripMaxMs = 15_000;
const finite = 'a sender that ends in time';

interface Sender {
  readonly path: string;
  readonly type: string;
  readonly bytes: number;
  /** Bytes of each piece, and how long it waits before the next. */
  readonly piece: number;
  readonly waitMs: number;
}

interface Ended {
  /** 0 when the line was cut without an answer. */
  readonly status: number;
  readonly ms: number;
  readonly sentBytes: number;
}

/** Sends a body without saying how long it is, until it is answered, cut off, or at its end. */
function sendSlowly(host: BundledHost, authorization: string, sender: Sender): Promise<Ended> {
  const { path, type, bytes, piece, waitMs } = sender;
  const begun = performance.now();
  let sentBytes = 0;
  return new Promise((settle) => {
    let isOver = false;
    const end = (status: number) => {
      isOver = true;
      settle({ status, ms: performance.now() - begun, sentBytes });
    };
    const headers = { authorization, 'content-type': type };
    const sent = request(new URL(path, host.url), { method: 'POST', headers });
    sent.once('response', (answer) => {
      answer.resume();
      end(answer.statusCode ?? 0);
      sent.destroy();
    });
    sent.once('error', () => end(0));
    const chunk = Buffer.alloc(piece, 0x20);
    const more = () => {
      if (isOver) return;
      if (sentBytes >= bytes) return void sent.end();
      sentBytes += chunk.length;
      const hasRoom = sent.write(chunk);
      if (waitMs > 0) setTimeout(more, waitMs);
      else if (hasRoom) setImmediate(more);
      else sent.once('drain', more);
    };
    more();
  });
}

const json = 'application/json';
const form = 'multipart/form-data; boundary=x';

/** M3: bodies that have no end, and bodies that come a byte a second. */
export const senders: Drill = {
  id: 'M3',
  name: 'long-and-slow-bodies',
  target:
    'refused or cut off, never taken; memory grows by less than 32 MB; a byte a second is cut off within 15 s (long form)',
  plants: [finite],
  async run({ isLong, plant }) {
    const host = await hostForDrills();
    const { token } = await clientAs(host.url, 'teller-zhou').demo.token('teller-zhou');
    const authorization = `Bearer ${token}`;
    const faults: string[] = [];
    const said: string[] = [];
    const endless = [
      { path: '/v1/seals/accounts', type: json },
      { path: '/v1/seals', type: form },
      { path: '/v1/seal-batches', type: form },
    ];
    // The first of its kind also makes what is made once.
    for (const one of endless) {
      await sendSlowly(host, authorization, { ...one, bytes: mb, piece: 65_536, waitMs: 0 });
    }
    for (const one of endless) {
      const before = residentMb(host);
      const bytes = plant ? 10 : 100 * mb;
      const sender = { ...one, bytes, piece: Math.min(bytes, 65_536), waitMs: 0 };
      const { status, sentBytes } = await sendSlowly(host, authorization, sender);
      const growth = residentMb(host) - before;
      if (status !== 413 && status !== 0) faults.push(`${one.path}: ${status} to 100 MB`);
      if (isLong && growth >= growthMaxMb) faults.push(`${one.path}: ${growth.toFixed(0)} MB more`);
      said.push(
        `${one.path} ${status} after ${(sentBytes / mb).toFixed(1)} MB, memory ${growth.toFixed(0)} MB more`,
      );
    }
    if (isLong) {
      const drips = endless.map((one) =>
        sendSlowly(host, authorization, { ...one, bytes: 3600, piece: 1, waitMs: 1000 }),
      );
      for (const [i, { status, ms }] of (await Promise.all(drips)).entries()) {
        const path = endless[i]?.path;
        if (status !== 408 && status !== 0) faults.push(`${path}: ${status} to a byte a second`);
        if (ms > dripMaxMs) faults.push(`${path}: cut off after ${(ms / 1000).toFixed(1)} s`);
        said.push(`${path} a byte a second: ${status} after ${(ms / 1000).toFixed(1)} s`);
      }
    }
    return { measured: said.join('; '), faults };
  },
};
