import { createServer, type Server } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliver } from '../../src/domain/webhooks/deliver.ts';
import { systemClock } from '../../src/platform/system.ts';
import { bodyOf, type Edge, startEdge } from '../helpers/edge.ts';

const path = '/v1/webhooks';
const administrator = { as: 'administrator-lin' };

interface Received {
  readonly headers: Record<string, string>;
  readonly body: string;
}

describe('webhooks through the API', () => {
  let edge: Edge;
  let receiver: Server;
  let url: string;
  const received: Received[] = [];

  beforeAll(async () => {
    edge = await startEdge(() => ({ clock: systemClock }));
    receiver = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      received.push({ headers: request.headers as Record<string, string>, body });
      // What leads elsewhere is not followed.
      if (request.url === '/elsewhere') response.writeHead(307, { location: '/' });
      else response.writeHead(204);
      response.end();
    });
    await new Promise<void>((settle) => receiver.listen(0, '127.0.0.1', settle));
    const address = receiver.address();
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  });
  afterAll(() => receiver.close());

  const make = (json: object) => edge.call(path, { ...administrator, json });

  it('tell a real receiver over HTTP, which checks it by the reference library', async () => {
    const made = await bodyOf(
      await make({ url: `${url}/`, actions: ['seal_account.*', 'webhook.*'] }),
    );
    const { id } = made.webhook as { id: string };
    await deliver(edge.deps, 'beichen-bank');
    const message = received.at(-1);
    const verified = new Webhook(String(made.secret)).verify(
      message?.body ?? '',
      message?.headers ?? {},
    );
    expect(verified).toMatchObject({ type: 'webhook.create', data: { subject: `webhook:${id}` } });
    expect(message?.headers['content-type']).toBe('application/json');
    const shown = await bodyOf(await edge.call(`${path}/${id}`, administrator));
    expect(shown).toMatchObject({
      state: 'active',
      recent: [{ type: 'webhook.create', status: 204 }],
    });
    // The secret is shown when it is made and never again.
    expect(JSON.stringify(shown)).not.toContain('whsec_');
  });

  it('follow nobody elsewhere, and say what was answered', async () => {
    const made = await bodyOf(await make({ url: `${url}/elsewhere`, actions: ['*'] }));
    const { id } = made.webhook as { id: string };
    const before = received.length;
    const tested = await bodyOf(
      await edge.call(`${path}/${id}/test`, { ...administrator, method: 'POST' }),
    );
    expect(tested).toMatchObject({ id: 'test', status: 307 });
    expect(received).toHaveLength(before + 1);
    const removed = await edge.call(`${path}/${id}`, { ...administrator, method: 'DELETE' });
    expect(removed.status).toBe(204);
    expect((await edge.call(`${path}/${id}`, administrator)).status).toBe(404);
  });

  it('are refused inward and in wrong forms, and belong to one institution', async () => {
    const inward = await make({ url: 'https://169.254.169.254/', actions: ['*'] });
    expect([inward.status, (await bodyOf(inward)).code]).toEqual([422, 'webhook_address_refused']);
    for (const actions of [[], ['Seal'], ['**'], ['seal.'], ['*.seal']]) {
      expect((await make({ url: `${url}/`, actions })).status).toBe(400);
    }
    const { items } = await bodyOf(await edge.call(path, administrator));
    const [one] = items as { id: string }[];
    const foreign = await edge.call(`${path}/${one?.id}`, { as: 'auditor-tang' });
    expect(foreign.status).toBe(404);
  });
});
