// What a readable token saves: a login and one piece of business over loopback, where every request
// takes a stated delay more. With a whole-payload token the terminal asks a second time for its own
// permissions; with a partial one it reads them. Prints one JSON document.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Design, designs, publicParts } from './tokens-designs.ts';

const rounds = Math.max(15, Number(process.env.BENCH_ROUNDS ?? 15));
const delaysMs = [5, 20, 50];
let delayMs = 0;

const all = await designs();
const designOf = (name: string): Design => {
  const found = all.find((design) => design.name === name);
  if (!found) throw new Error(`no design ${name}`);
  return found;
};

const server = createServer(async (request, response) => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const design = designOf(url.searchParams.get('design') ?? '');
  const pieces: Uint8Array[] = [];
  for await (const piece of request) pieces.push(piece);
  await new Promise((wake) => setTimeout(wake, delayMs));
  const text = Buffer.concat(pieces).toString();
  if (url.pathname === '/token') response.end(await design.issue(publicParts.large));
  else if (url.pathname === '/userinfo') response.end(JSON.stringify(publicParts.large));
  else response.end(JSON.stringify(await design.open(text)));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

async function ask(path: string, { name }: Design, body?: string): Promise<string> {
  const address = `${origin}${path}?design=${encodeURIComponent(name)}`;
  return (await fetch(address, { method: 'POST', ...(body ? { body } : {}) })).text();
}

async function login(design: Design): Promise<number> {
  const startMs = performance.now();
  const token = await ask('/token', design);
  if (!design.isReadable) await ask('/userinfo', design);
  await ask('/business', design, token);
  return performance.now() - startMs;
}

const compared = [
  'partial, X25519',
  'partial, P-256',
  'partial, SM2',
  'whole payload, P-256',
  'whole payload, X25519',
].map(designOf);
const results = [];
for (delayMs of delaysMs) {
  const taken = compared.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    for (const [i, design] of compared.entries()) {
      const ms = await login(design);
      // The first round opens connections.
      if (round >= 0) taken[i]?.push(ms);
    }
  }
  const figures = compared.map(({ name, isReadable }, i) => {
    const sorted = (taken[i] ?? []).sort((a, b) => a - b);
    const medianMs = sorted[sorted.length >> 1] ?? 0;
    return { name, requests: isReadable ? 2 : 3, medianMs: Number(medianMs.toFixed(1)) };
  });
  results.push({ delayMs, figures });
}
server.close();
server.closeAllConnections();
process.stdout.write(`${JSON.stringify({ rounds, results })}\n`);
