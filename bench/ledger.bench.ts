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
const single = 200;
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

/** Microseconds of one, of so many. */
async function microsOfOne(times: number, act: (at: number) => Promise<unknown>): Promise<number> {
  const ms = await cpuMs(async () => {
    for (let at = 0; at < times; at++) await act(at);
  });
  return Math.round((ms / times) * 1000);
}

/** A log that grows from one measured size to the next. */
function growing() {
  const ledger = memoryLedger({ now: () => Date.now() });
  let size = 0;

  async function appendUpTo(end: number): Promise<void> {
    while (size < end) {
      const some = Array.from({ length: Math.min(batch, end - size) }, (_, at) => size + at);
      size += some.length;
      await Promise.all(some.map((index) => ledger.append(event(index), { requestId: 'r1' })));
    }
  }

  /** The last appends up to `end`, single ones, and proofs of places far from each other. */
  async function stepTo(end: number) {
    const bulkEnd = end - single;
    await appendUpTo(Math.max(size, bulkEnd - measured));
    const from = size;
    const appendMs = await cpuMs(() => appendUpTo(bulkEnd));
    const singleMicros = await microsOfOne(single, () => appendUpTo(size + 1));
    const proofMicros = await microsOfOne(measured, (at) =>
      ledger.proveInclusion((at * 7919) % end, end),
    );
    const consistencyMicros = await microsOfOne(measured, (at) =>
      ledger.proveConsistency(1 + ((at * 7919) % end), end),
    );
    return {
      entries: end,
      appendsPerSecond: Math.round(((bulkEnd - from) / appendMs) * 1000),
      singleAppendMs: Number((singleMicros / 1000).toFixed(2)),
      proofMicros,
      consistencyMicros,
    };
  }
  return { ledger, stepTo };
}

// A log that is thrown away, so that the first size is not the one that is compiled.
await growing().stepTo(3000);

const { ledger, stepTo } = growing();
const sizes = [1_000, 10_000, 100_000, 1_000_000].filter((size) => size < most);
const steps: Awaited<ReturnType<typeof stepTo>>[] = [];
for (const size of [...sizes, most]) steps.push(await stepTo(size));

await ledger.checkpoint();
const policy = policyFrom(await ledger.trust());
const verifyMs = await cpuMs(async () => {
  const report = await verifyLog(ledger, policy);
  if (report.entries !== most) throw new Error('the log lost entries');
});
console.log(JSON.stringify({ steps, verifySeconds: Number((verifyMs / 1000).toFixed(1)) }));
