import { expect, test } from 'vitest';
import { startEdge } from '../helpers/edge.ts';
import { makeKey, refreshChanged } from '../helpers/key-attacks.ts';

test('C9: no changed byte of a refresh’s opening leaves the key without a share that signs', async () => {
  const edge = await startEdge();
  const key = await makeKey(edge, 'customer-chen');
  let length = 1;
  for (let at = 0; at < length; at++) length = await refreshChanged(edge, key, at);
  expect(length).toBeGreaterThan(64);
});
