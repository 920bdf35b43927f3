import { expect, it } from 'vitest';
import { loadFederated } from '../../../src/core/federated.ts';
import { train } from '../../../src/domain/federation/training/train.ts';
import { inventData, trainingOf } from '../../helpers/federated-data.ts';
import { inventedGramModelHash, inventedModelHash } from './invented-model.ts';

it('A4: training in workerd gives the model that Node gives, to the bit', async () => {
  const input = await trainingOf(inventData(700, 3), 'secrets of workerd');
  const { model } = await train(await loadFederated(), input);
  expect(model.hash).toBe(inventedModelHash);
});

it('A4: so does the training in one round', async () => {
  const input = await trainingOf(inventData(700, 3), 'secrets of workerd');
  const options = { lambda: 5, method: 'gram' } as const;
  const { model } = await train(await loadFederated(), { ...input, options });
  expect(model.hash).toBe(inventedGramModelHash);
});
