import { expect, it } from 'vitest';
import { callAs } from '../helpers/workerd/calls.ts';
import type { Send } from './api-document.ts';
import { malformedRequests } from './bad-input.ts';

const send: Send = (path, { contentType, ...request }) =>
  callAs(request.as ?? undefined, path, {
    method: request.method,
    ...(request.body === undefined ? {} : { body: request.body }),
    ...(contentType ? { contentType } : {}),
  });

// The stores, chips and nodes behind the service are those of the deployment here.
it('M1: no malformed request fails the service inside workerd', async () => {
  const figures = await malformedRequests(send, { requestsPerOperation: 1, seed: 20_261_128 });
  const { operations, requests, ...faults } = figures;
  console.log(JSON.stringify({ operations, requests }));
  expect(Object.values(faults).flat()).toEqual([]);
}, 600_000);
