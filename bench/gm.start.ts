// One cold start: milliseconds from the first call to a loaded module, and on to a signature; wall
// time, and CPU time of the process with its compiler threads.

import { loadGm } from '../src/core/gm.ts';

function now(): { wall: number; cpu: number } {
  const { user, system } = process.cpuUsage();
  return { wall: performance.now(), cpu: (user + system) / 1000 };
}

const begin = now();
const gm = await loadGm();
const loaded = now();
gm.sm2.sign(new Uint8Array(32).fill(0x3a), new Uint8Array(64));
const signed = now();
process.stdout.write(
  JSON.stringify({
    load: loaded.wall - begin.wall,
    loadCpu: loaded.cpu - begin.cpu,
    sign: signed.wall - loaded.wall,
    signCpu: signed.cpu - loaded.cpu,
  }),
);
