import type { Federated, Matrix } from '../../../core/federated.ts';
import { arrived, dealerOf, type MemberInput, sender } from './member.ts';
import { bytesOf, type TrainingMessage } from './messages.ts';
import { deriveKey, maskInts } from './seeds.ts';

/**
 * Deals the correlated randomness of another node's secure products (Beaver 1991): masks A of its
 * columns and b of the residuals come from seeds, and only A'b minus a mask travels.
 *
 * It gets none of the masked operands, so it learns nothing; with either of the two nodes together
 * it would learn the other's operand.
 */
export interface Dealer {
  /** Seeds for the two nodes that it serves. */
  seeds(): TrainingMessage[];
  setShape(body: Uint8Array): void;
  deal(round: number): TrainingMessage[];
}

export function createDealer(
  federated: Federated,
  { id, members, secret }: Pick<MemberInput, 'id' | 'members' | 'secret'>,
): Dealer {
  const send = sender(id);
  const [label = ''] = members;
  const served = members.slice(1).find((holder) => dealerOf(members, holder) === id);
  const holderSeed = deriveKey(secret, 'deal', 'columns');
  const labelSeed = deriveKey(secret, 'deal', 'residuals');
  const workspace = federated.openWorkspace();
  let masks: Matrix | undefined;
  return {
    seeds() {
      if (served === undefined) return [];
      return [
        send(served, 'product-seed', 0, holderSeed),
        send(label, 'product-seed', 0, labelSeed),
      ];
    },
    setShape(body) {
      const view = new DataView(body.buffer, body.byteOffset, body.length);
      masks = workspace.masks(
        deriveKey(holderSeed, 'columns'),
        view.getUint32(0),
        view.getUint32(4),
      );
    },
    deal(round) {
      if (served === undefined) return [];
      const matrix = arrived(masks);
      const b = maskInts(federated, labelSeed, matrix.rows, 'residuals', round);
      const share = maskInts(federated, holderSeed, matrix.columns, 'product', round);
      const dealt = workspace.transposed(matrix, b).map((x, c) => x - (share[c] ?? 0));
      return [send(label, 'dealt', round, bytesOf(dealt))];
    },
  };
}
