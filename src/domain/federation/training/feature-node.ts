import { type Federated, FederationError, type Matrix } from '../../../core/federated.ts';
import { type Block, createBlock, partOf } from './block.ts';
import { createDealer } from './dealer.ts';
import {
  arrived,
  dealerOf,
  type MemberInput,
  type NodeCheckpoint,
  type Persons,
  readTags,
  rowsOf,
  sender,
  splitRows,
  type TrainedPart,
  tagsBody,
} from './member.ts';
import {
  bytesOf,
  coordinatorId,
  int32sOf,
  type TrainingMessage,
  type TrainingNode,
} from './messages.ts';
import { createPairMasks } from './pair-masks.ts';
import { deriveKey, maskInts } from './seeds.ts';

/** A party that holds features and no labels. */
export interface FeatureNode extends TrainingNode {
  /** Its part of the model, once the training has ended. */
  finish(): TrainedPart;
  save(): NodeCheckpoint;
  restore(checkpoint: NodeCheckpoint): void;
}

/**
 * Per round it sends its scores under masks that cancel in the sum over all feature holders, and
 * gets back masked residuals and the label holder's share of X'd; its own share completes the sum.
 */
export function createFeatureNode(federated: Federated, input: MemberInput): FeatureNode {
  const { id, members, tags } = input;
  const [label = ''] = members;
  const send = sender(id);
  const workspace = federated.openWorkspace();
  const dealer = createDealer(federated, input);
  const pairMasks = createPairMasks(federated, input);
  let rows: readonly number[] | undefined;
  let persons: Persons | undefined;
  let productSeed: Uint8Array | undefined;
  let block: Block | undefined;
  let masks: Matrix | undefined;
  let best = new Float64Array();

  /** Once the rows and the dealer's seed are known: the columns minus masks. */
  function prepare(): TrainingMessage[] {
    if (!persons || !productSeed || block) return [];
    block = createBlock(federated, { ...input, persons }, input.options);
    best = block.weights.slice();
    const shape = [persons.train.length, block.columns] as const;
    masks = workspace.masks(deriveKey(productSeed, 'columns'), ...shape);
    const body = new Uint8Array(8);
    new DataView(body.buffer).setUint32(0, shape[0]);
    new DataView(body.buffer).setUint32(4, shape[1]);
    return [
      send(dealerOf(members, id), 'shape', 0, body),
      send(label, 'hidden', 0, bytesOf(workspace.hide(block.bits, masks))),
    ];
  }

  function scoresOf(round: number): TrainingMessage {
    const words = new BigUint64Array(arrived(block).scores().buffer);
    pairMasks.hideScores(words, round);
    return send(label, 'scores', round, bytesOf(words));
  }

  function advance({ round, body }: TrainingMessage): void {
    const own = arrived(block);
    const trained = arrived(persons).train.length;
    const { isBest, scaleBits, words } = readResiduals(body);
    if (words.length !== trained + own.columns) {
      throw new FederationError('message_invalid', 'residuals of another length');
    }
    if (isBest) best = own.weights.slice();
    const share = maskInts(federated, arrived(productSeed), own.columns, 'product', round);
    const product = workspace.transposed(arrived(masks), words.subarray(0, trained));
    const gradient = product.map((x, c) => x + (words[trained + c] ?? 0) + (share[c] ?? 0));
    own.advance(gradient, scaleBits);
  }

  return {
    id,
    receive(message) {
      switch (message.kind) {
        case 'begin':
          return [send(coordinatorId, 'tags', 0, tagsBody(tags))];
        case 'persons':
          rows = rowsOf(tags, readTags(message.body));
          return [...pairMasks.seeds(), ...dealer.seeds()];
        case 'split':
          persons = splitRows(arrived(rows), message.body);
          return prepare();
        case 'mask-seed':
          pairMasks.setSeed(message.from, message.body);
          return [];
        case 'product-seed':
          productSeed = message.body;
          return prepare();
        case 'shape':
          dealer.setShape(message.body);
          return [];
        case 'round':
          return [scoresOf(message.round), ...dealer.deal(message.round)];
        case 'residuals':
          advance(message);
          return [];
        case 'stop':
          if (message.body[0] === 1) best = arrived(block).weights.slice();
          arrived(block).weights.set(best);
          return [scoresOf(message.round)];
        default:
          throw new FederationError('message_invalid', 'not a message for a feature holder');
      }
    },
    finish: () => partOf(arrived(block)),
    save: () => ({ weights: [...arrived(block).weights], best: [...best] }),
    restore(checkpoint) {
      arrived(block).weights.set(checkpoint.weights);
      best = Float64Array.from(checkpoint.best);
    },
  };
}

/** The body of `residuals`: whether the weights before it are the best so far, scale, words. */
export function residualsBody(
  isBest: boolean,
  scaleBits: number,
  shown: Int32Array,
  product: Int32Array,
): Uint8Array {
  const body = new Uint8Array(4 + shown.byteLength + product.byteLength);
  body.set([isBest ? 1 : 0, scaleBits]);
  body.set(bytesOf(shown), 4);
  body.set(bytesOf(product), 4 + shown.byteLength);
  return body;
}

function readResiduals(body: Uint8Array) {
  const words = int32sOf(body.subarray(4));
  return { isBest: body[0] === 1, scaleBits: body[1] ?? 0, words };
}
