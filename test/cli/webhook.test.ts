import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/platform/system.ts';
import { type Edge, startEdge } from '../helpers/edge.ts';
import { served } from '../helpers/served.ts';
import { buildTool, cinnabar } from './tool.ts';

let edge: Edge;
let service: Awaited<ReturnType<typeof served>>;
let receiver: Server;
let address: string;
let status = 204;

beforeAll(async () => {
  await buildTool();
  // The tool reckons ages by the real clock.
  edge = await startEdge(() => ({ clock: systemClock }));
  service = await served(edge);
  receiver = createServer((_request, response) => void response.writeHead(status).end());
  await new Promise<void>((settle) => receiver.listen(0, '127.0.0.1', settle));
  const bound = receiver.address();
  address = `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : 0}/`;
});
afterAll(() => {
  service.server.close();
  receiver.close();
});

async function run(...words: string[]) {
  const token = await edge.tokenOf('administrator-lin');
  const env = { CINNABAR_URL: service.url, CINNABAR_TOKEN: token };
  const answer = await cinnabar([...words, '--json'], { env });
  return { status: answer.status, json: JSON.parse(answer.stdout) };
}

describe('cinnabar webhook, cinnabar rotate', () => {
  it('makes, tests, pauses, resumes and removes a webhook', async () => {
    const made = await run('webhook', 'add', address, '--actions', 'payment.*,seal.enrol');
    expect(made.json).toMatchObject({ secret: expect.stringMatching(/^whsec_/) });
    const { id } = made.json.webhook;
    expect((await run('webhook', 'test', id)).status).toBe(0);
    status = 500;
    expect(await run('webhook', 'test', id)).toMatchObject({ status: 1, json: { status: 500 } });
    status = 204;
    expect((await run('webhook', 'pause', id)).json.state).toBe('paused');
    expect((await run('webhook', 'resume', id, '--from-now')).json.state).toBe('active');
    expect((await run('webhook', 'remove', id)).json.error.code).toBe('wrong_use');
    expect((await run('webhook', 'remove', id, '--yes')).status).toBe(0);
    expect((await run('webhook', 'list')).json.items).toEqual([]);
    const inward = await run('webhook', 'add', 'https://10.0.0.1/');
    expect([inward.status, inward.json.error.code]).toEqual([2, 'webhook_address_refused']);
  });

  it('rotates what is old enough, when told so, and points to the rest', async () => {
    const { json } = await run('webhook', 'add', address);
    const { id } = json.webhook;
    const young = await run('rotate', '--yes');
    expect(young.json).toMatchObject({ due: [], changed: [] });
    const listed = await run('rotate', '--older', '0');
    expect(listed.json).toMatchObject({ due: expect.arrayContaining([id]), changed: [] });
    const changed = await run('rotate', '--older', '0', '--yes');
    const [mine] = changed.json.changed.filter(({ name }: { name: string }) => name === id);
    expect(mine.secret).toMatch(/^whsec_/);
    expect(mine.secret).not.toBe(json.secret);
    const operations = await readFile('docs/operations.md', 'utf8');
    const { stdout } = await cinnabar(['rotate'], {
      env: { CINNABAR_URL: service.url, CINNABAR_TOKEN: await edge.tokenOf('operator-ma') },
    });
    const places = stdout.split('\nunder\n')[0]?.split('docs/operations.md:')[1] ?? '';
    for (const line of places.trim().split('\n').slice(1)) {
      expect(operations).toContain(`\n## ${line.split(/ {2,}/)[1]?.trim()}\n`);
    }
  });
});
