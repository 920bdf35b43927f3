// The ledger in Node, over its store in RAM: appends in batches as they arrive under load, proofs,
// and an outsider's check of the whole log. Keys, signatures and witnesses are real. Usage:
// node ledger.mjs [entries]; prints one JSON document.
import { policyFrom, verifyLog } from '../src/core/ledger.ts';
import type { LedgerEvent } from '../src/domain/ledger/events.ts';
import { memoryLedger } from '../src/platform/memory/ledger.ts';

const count = Number(process.argv[2] ?? 100_000);
const batch = 2000;
const ledger = memoryLedger({ now: () => Date.now() });
const hash = 'ab'.repeat(32);

function event(index: number): LedgerEvent {
  const at = '2026-03-02T03:00:01.000Z';
  return { v: 1, type: 'thawed', subject: `cert/c${index}`, prev: null, at, certSha256: hash };
}

async function timed<T>(act: () => Promise<T>): Promise<[number, T]> {
  const start = performance.now();
  const result = await act();
  return [performance.now() - start, result];
}

const [appendMs] = await timed(async () => {
  for (let first = 0; first < count; first += batch) {
    const some = Array.from({ length: Math.min(batch, count - first) }, (_, at) => first + at);
    await Promise.all(some.map((index) => ledger.append(event(index), { requestId: 'r1' })));
  }
});
const single = 200;
const [singleMs] = await timed(async () => {
  for (let at = 0; at < single; at++) {
    await ledger.append(event(count + at), { requestId: 'r1' });
  }
});
const size = count + single;
await ledger.checkpoint();
const proofs = Math.min(count, 10_000);
const [proveMs] = await timed(async () => {
  for (let at = 0; at < proofs; at++) await ledger.proveInclusion((at * 7919) % size, size);
});
const policy = policyFrom(await ledger.trust());
const [verifyMs, report] = await timed(() => verifyLog(ledger, policy));
if (report.entries !== size) throw new Error('the log lost entries');
console.log(
  JSON.stringify({
    entries: size,
    appendsPerSecond: Math.round((count / appendMs) * 1000),
    singleAppendMs: Number((singleMs / single).toFixed(2)),
    proofMicros: Math.round((proveMs / proofs) * 1000),
    verifySeconds: Number((verifyMs / 1000).toFixed(1)),
  }),
);
