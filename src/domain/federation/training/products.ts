import { concatBytes } from '@noble/hashes/utils.js';
import {
  type Federated,
  FederationError,
  type Matrix,
  type Workspace,
} from '../../../core/federated.ts';
import { arrived, dealerOf, type MemberInput, sender } from './member.ts';
import { bytesOf, int32sOf, type MessageKind, type TrainingMessage } from './messages.ts';
import type { PairMasks } from './pair-masks.ts';
import { deriveKey, maskInts } from './seeds.ts';

/** Yes-or-no columns of one node, row by row. */
export interface Columns {
  readonly bits: Uint8Array;
  readonly count: number;
}

/**
 * The product X'Y of the columns of every two nodes, of which the label holder gets to know the
 * sum of two shares and nobody anything else (Beaver 1991, for matrices).
 *
 * A third node deals masks A and B of the two operands and shares of A'B, all but one from seeds.
 * The nodes show each other X - A and Y - B; then A'(Y - B) and (X - A)'Y, with the dealt shares,
 * add up to X'Y mod 2^32. Where two feature holders multiply the label holder is the one that
 * deals, so the shares that it gets from them are under a mask that only those two know.
 */
export interface Products {
  /** Seeds for the products that this node deals. */
  seeds(): TrainingMessage[];
  /** Multiplies these columns with those of every other node. */
  setColumns(columns: Columns): TrainingMessage[];
  /** A message of one of the kinds of a product. */
  receive(message: TrainingMessage): TrainingMessage[];
}

/** Products are named by the places of the two nodes in the list, the lower first. */
interface Product {
  readonly left: number;
  readonly right: number;
  readonly dealer: string;
}

interface Operands {
  seed?: Uint8Array;
  /** The other node's columns minus masks. */
  hidden?: Int32Array;
  dealt?: Int32Array;
  /** As dealer: columns of the two nodes, by their places. */
  readonly shapes: Map<number, number>;
}

export function productsOf(members: readonly string[]): Product[] {
  return members.flatMap((_, left) =>
    members.slice(left + 1).map((holder, i) => ({
      left,
      right: left + 1 + i,
      dealer: left === 0 ? dealerOf(members, holder) : (members[0] ?? ''),
    })),
  );
}

const headerBytes = 2;

export function createProducts(
  federated: Federated,
  { id, members, secret }: Pick<MemberInput, 'id' | 'members' | 'secret'>,
  pairMasks: PairMasks,
): Products {
  const self = members.indexOf(id);
  const all = productsOf(members).map((product) => ({
    ...product,
    state: { shapes: new Map() } as Operands,
  }));
  const own = all.filter(({ left, right }) => left === self || right === self);
  let columns: Columns | undefined;

  const seedOf = ({ left, right }: Product, side: number) =>
    deriveKey(secret, 'deal', left, right, side);
  const nameOf = (place: number) => members[place] ?? '';
  const send = (to: string, kind: MessageKind, { left, right }: Product, body: Uint8Array) =>
    sender(id)(to, kind, 0, concatBytes(Uint8Array.of(left, right), body));

  /** The own columns minus masks, once columns and seed are there. */
  function show(product: (typeof all)[number]): TrainingMessage[] {
    const { seed } = product.state;
    if (!columns || !seed) return [];
    const workspace = federated.openWorkspace();
    const masks = masksOf(workspace, seed, columns);
    const partner = product.left === self ? product.right : product.left;
    const shape = bytesOf(Uint32Array.of(columns.bits.length / columns.count, columns.count));
    return [
      send(product.dealer, 'shape', product, shape),
      send(
        nameOf(partner),
        'hidden',
        product,
        hiddenBody(columns.count, workspace.hide(columns.bits, masks)),
      ),
    ];
  }

  function deal(product: (typeof all)[number], rows: number): TrainingMessage[] {
    const { shapes } = product.state;
    const [left, right] = [shapes.get(product.left), shapes.get(product.right)];
    if (left === undefined || right === undefined) return [];
    const workspace = federated.openWorkspace();
    const [seed, other] = [seedOf(product, product.left), seedOf(product, product.right)];
    const a = workspace.masks(deriveKey(seed, 'columns'), rows, left);
    const b = workspace.masks(deriveKey(other, 'columns'), rows, right);
    const share = maskInts(federated, seed, left * right, 'product');
    const dealt = workspace.cross(a, b).map((word, i) => word - (share[i] ?? 0));
    return [send(nameOf(product.right), 'dealt', product, bytesOf(dealt))];
  }

  /** The own share of the product, once all operands are there; the label holder's goes to itself. */
  function share(product: (typeof all)[number]): TrainingMessage[] {
    const { seed, hidden, dealt } = product.state;
    const isLeft = product.left === self;
    if (!columns || !seed || !hidden || !(isLeft || dealt)) return [];
    const workspace = federated.openWorkspace();
    const other = loadHidden(workspace, hidden, columns.bits.length / columns.count);
    const words = isLeft
      ? // A'(Y - B) and the share of A'B that comes from the seed.
        plus(
          workspace.cross(masksOf(workspace, seed, columns), other),
          maskInts(federated, seed, columns.count * other.columns, 'product'),
        )
      : // (X - A)'Y and the share of A'B that was dealt.
        plus(
          workspace.cross(other, workspace.columns(columns.bits, columns.count)),
          arrived(dealt),
        );
    delete product.state.hidden;
    const partner = nameOf(isLeft ? product.right : product.left);
    const shown = product.left === 0 ? words : pairMasks.hideShare(words, partner);
    return [send(nameOf(0), 'share', product, bytesOf(shown))];
  }

  return {
    seeds: () =>
      all
        .filter(({ dealer }) => dealer === id)
        .flatMap((product) =>
          [product.left, product.right].map((side) =>
            send(nameOf(side), 'product-seed', product, seedOf(product, side)),
          ),
        ),
    setColumns(given) {
      columns = given;
      return own.flatMap((product) => [...show(product), ...share(product)]);
    },
    receive({ kind, from, body }) {
      const product = arrived(all.find(({ left, right }) => left === body[0] && right === body[1]));
      const { state } = product;
      const content = int32sOf(body.subarray(headerBytes));
      switch (kind) {
        case 'product-seed':
          state.seed = body.slice(headerBytes);
          return [...show(product), ...share(product)];
        case 'shape':
          state.shapes.set(members.indexOf(from), content[1] ?? 0);
          return deal(product, content[0] ?? 0);
        case 'hidden':
          state.hidden = content;
          return share(product);
        case 'dealt':
          state.dealt = content;
          return share(product);
        default:
          throw new FederationError('message_invalid', 'not a message of a product');
      }
    },
  };
}

function masksOf(workspace: Workspace, seed: Uint8Array, { bits, count }: Columns): Matrix {
  return workspace.masks(deriveKey(seed, 'columns'), bits.length / count, count);
}

/** How many columns, then the columns minus masks. */
function hiddenBody(count: number, hidden: Int32Array): Uint8Array {
  return concatBytes(bytesOf(Uint32Array.of(count)), bytesOf(hidden));
}

function loadHidden(workspace: Workspace, hidden: Int32Array, rows: number): Matrix {
  return workspace.load(hidden.subarray(1), rows, hidden[0] ?? 0);
}

/** A share of a product and the other summand of it. @throws FederationError `message_invalid` */
function plus(share: Int32Array, dealt: Int32Array): Int32Array<ArrayBuffer> {
  if (share.length !== dealt.length) {
    throw new FederationError('message_invalid', 'a product of another shape');
  }
  return Int32Array.from(share, (word, i) => word + (dealt[i] ?? 0));
}
