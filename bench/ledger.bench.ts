// The ledger in Node, over its store in RAM: appends in batches as they arrive under load and
// proofs of places all over the log, at several sizes of it; then an outsider's check of the whole
// log. Keys, signatures and witnesses are real. CPU time of the process, so that a busy machine
// changes little. Usage: node ledger.mjs [entries]; prints one JSON document.
import { policyFrom, verifyLog } from '../src/core/ledger.ts';
import type { LedgerEvent } from '../src/domain/ledger/events.ts';
import { memoryLedger } from '../src/platform/memory/ledger.ts';

const most = Number(process.argv[2] ?? 100_000);
const batch = 2000;
const measured = 10_000;
const ledger = memoryLedger({ now: () => Date.now() });
const hash = 'ab'.repeat(32);

function event(index: number): LedgerEvent {
  const at = '2026-03-02T03:00:01.000Z';
  return { v: 1, type: 'thawed', subject: `cert/c${index}`, prev: null, at, certSha256: hash };
}

async function cpuMs(act: () => Promise<void>): Promise<number> {
  const start = process.cpuUsage();
  await act();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

async function appendUpTo(from: number, size: number): Promise<void> {
  for (let first = from; first < size; first += batch) {
    const some = Array.from({ length: Math.min(batch, size - first) }, (_, at) => first + at);
    await Promise.all(some.map((index) => ledger.append(event(index), { requestId: 'r1' })));
  }
}

/** The last appends up to `size`, and as many proofs of places far from each other. */
async function stepTo(from: number, size: number) {
  const last = Math.max(from, size - measured);
  await appendUpTo(from, last);
  const appendMs = await cpuMs(() => appendUpTo(last, size));
  const proveMs = await cpuMs(async () => {
    for (let at = 0; at < measured; at++) await ledger.proveInclusion((at * 7919) % size, size);
  });
  return {
    entries: size,
    appendsPerSecond: Math.round(((size - last) / appendMs) * 1000),
    proofMicros: Math.round((proveMs / measured) * 1000),
  };
}

const sizes = [5_000, 100_000, 1_000_000].filter((size) => size < most);
const steps: Awaited<ReturnType<typeof stepTo>>[] = [];
for (const size of [...sizes, most]) steps.push(await stepTo(steps.at(-1)?.entries ?? 0, size));

const single = 200;
const singleMs = await cpuMs(async () => {
  for (let at = 0; at < single; at++) await ledger.append(event(most + at), { requestId: 'r1' });
});
await ledger.checkpoint();
const policy = policyFrom(await ledger.trust());
const verifyMs = await cpuMs(async () => {
  const report = await verifyLog(ledger, policy);
  if (report.entries !== most + single) throw new Error('the log lost entries');
});
console.log(
  JSON.stringify({
    steps,
    singleAppendMs: Number((singleMs / single).toFixed(2)),
    verifySeconds: Number((verifyMs / 1000).toFixed(1)),
  }),
);
