// One cold start: milliseconds from the first call to a loaded module, and on to a signature.

import { loadGm } from '../src/core/gm.ts';

const begin = performance.now();
const gm = await loadGm();
const loaded = performance.now();
const privateKey = new Uint8Array(32).fill(0x3a);
gm.sm2.sign(privateKey, new Uint8Array(64));
const signed = performance.now();
process.stdout.write(JSON.stringify({ load: loaded - begin, sign: signed - loaded }));
