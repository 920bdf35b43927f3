import { expect, it } from 'vitest';
import { startEdge } from '../helpers/edge.ts';
import type { Send } from './api-document.ts';
import { malformedRequests } from './bad-input.ts';

const requestsPerOperation = Number(process.env.DRILL_REQUESTS ?? 12);
const seed = Number(process.env.DRILL_SEED ?? 20_261_127);
const none = { serverErrors: [], undocumented: [], notProblems: [], echoes: [] };

async function memoryService(): Promise<Send> {
  const edge = await startEdge();
  return (path, { contentType, ...request }) =>
    edge.call(path, {
      ...request,
      ...(contentType ? { headers: { 'content-type': contentType } } : {}),
    });
}

it('M1: no malformed request fails the service, and each refusal says what it is', async () => {
  const send = await memoryService();
  const { operations, requests, ...faults } = await malformedRequests(send, {
    requestsPerOperation,
    seed,
  });
  console.log(JSON.stringify({ operations, requests }));
  expect(faults).toEqual(none);
}, 600_000);

it('M1: a service that repeats its input, or fails, fails the drill', async () => {
  const send = await memoryService();
  const spoilt: Send = async (path, request) => {
    const response = await send(path, request);
    if (response.status !== 400) return response;
    const detail = `${path} ${request.body ?? ''}`;
    const problem = { ...((await response.json()) as object), detail };
    const status = detail.length % 7 === 0 ? 500 : 400;
    return Response.json(problem, { status, headers: response.headers });
  };
  const size = { requestsPerOperation: 20, seed, only: /POST .v1.seals.accounts$/ };
  const { echoes, serverErrors } = await malformedRequests(spoilt, size);
  expect(echoes.length).toBeGreaterThan(0);
  expect(serverErrors.length).toBeGreaterThan(0);
});
