// How long one applicant waits for a decision: consent, boxes, three node Workers, the decision
// Worker, the ledger, over HTTP against the service that is already running at the address given.
// Wall time, as a person feels it. Prints one JSON document of the harness's form.
import { createClient, prepareApplication } from '../src/client/index.ts';
import { samplePerson } from '../src/domain/federation/sample-people.ts';

const [url = ''] = process.argv.slice(2);
/** A person is answered for once a minute and an actor asks at most 60 times an hour. */
const requests = 50;
const atOnce = 8;

const answer = await fetch(`${url}/v1/demo/token`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ identity: 'customer-chen' }),
});
const { token } = (await answer.json()) as { token: string };
const client = createClient({ baseUrl: url, token: async () => token });

interface Sample {
  /** Milliseconds of wall time, and those that the coordinator counted. */
  readonly whole: number;
  readonly inside: number;
}

async function decide(index: number): Promise<Sample> {
  const startedAt = performance.now();
  const prepared = await prepareApplication(client, {
    identity: samplePerson(index),
    requested: {
      role: 'checker',
      permissions: ['view', 'make', 'check'],
      limits: [
        { channel: 'online', currency: 'CNY', single: '5000000', daily: '20000000', count: 20 },
      ],
    },
  });
  const { scoring } = await prepared.send(client);
  return { whole: performance.now() - startedAt, inside: scoring.outcome?.elapsedMs ?? 0 };
}

function figure(name: string, millis: readonly number[]) {
  const sorted = millis.map((ms) => ms * 1000).sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.round((sorted.length - 1) * share)] ?? 0;
  return { name, micros: at(0.5), low: at(0.25), high: at(0.75), rounds: sorted.length };
}

// The first one wakes the Workers.
await decide(0);
const single: Sample[] = [];
for (let i = 1; i <= requests / 2; i++) single.push(await decide(i));
const crowd: Sample[] = [];
for (let i = requests / 2 + 1; i < requests; i += atOnce) {
  const group = Array.from({ length: Math.min(atOnce, requests - i) }, (_, j) => decide(i + j));
  crowd.push(...(await Promise.all(group)));
}
const results = [
  ['federation-latency-single', 'A decision, one at a time', single],
  ['federation-latency-crowd', `A decision, ${atOnce} at a time`, crowd],
].map(([id, title, samples]) => ({
  id,
  title,
  figures: [
    figure(
      'at the terminal',
      (samples as Sample[]).map(({ whole }) => whole),
    ),
    figure(
      'at the coordinator',
      (samples as Sample[]).map(({ inside }) => inside),
    ),
  ],
}));
process.stdout.write(
  `${JSON.stringify({ host: 'workerd, over HTTP', clock: 'wall time', results })}\n`,
);
