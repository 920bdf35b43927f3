/**
 * What the nodes of a training say to each other. All of it is bytes, so that it can be counted,
 * sealed and sent; a node gets to know nothing in another way.
 */
export type MessageKind =
  /** The coordinator starts. */
  | 'begin'
  /** A node's join tags, sorted, to the coordinator. */
  | 'tags'
  /** The tags that all nodes have, in the order that all rows follow from here. */
  | 'persons'
  /** Which persons the label holder trains on and which it validates with. */
  | 'split'
  /** 32 bytes between two feature holders, from which masks of scores are made. */
  | 'mask-seed'
  /** 32 bytes from a dealer to the two nodes of a secure product. */
  | 'product-seed'
  /** How many rows and columns the product has, from the feature holder to its dealer. */
  | 'shape'
  /** A feature holder's columns minus its masks, to the label holder, once. */
  | 'hidden'
  /** The coordinator starts a round. */
  | 'round'
  /** A feature holder's scores under masks that cancel in the sum. */
  | 'scores'
  /** What a dealer adds to a secure product. */
  | 'dealt'
  /** The label holder's masked residuals and its share of the product, to a feature holder. */
  | 'residuals'
  /** Training ends; the weights of the best round are kept. */
  | 'stop'
  /** One round only: a share of the product of two nodes' columns, to the label holder. */
  | 'share'
  /** One round only: counts of a feature holder's own columns, and the signs of their weights. */
  | 'counts'
  /** One round only: a feature holder's weights, from the label holder. */
  | 'weights';

export interface TrainingMessage {
  readonly kind: MessageKind;
  readonly from: string;
  readonly to: string;
  /** 0 during preparation. */
  readonly round: number;
  readonly body: Uint8Array;
}

/** A node acts only when a message comes, and only by sending messages. */
export interface TrainingNode {
  readonly id: string;
  /** @throws FederationError `message_invalid` for one that does not fit its state */
  receive(message: TrainingMessage): readonly TrainingMessage[];
}

/** The party that routes messages and starts rounds. It sees only what is sent to it. */
export const coordinatorId = 'coordinator';

/** How many messages and bytes of each kind were sent. */
export type Traffic = Partial<Record<MessageKind, { messages: number; bytes: number }>>;

/** Delivers messages in the order in which they are sent, until none is left. */
export function deliver(
  nodes: ReadonlyMap<string, TrainingNode>,
  first: readonly TrainingMessage[],
  traffic: Traffic,
): void {
  const queue = [...first];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    // What a node keeps for itself travels nowhere.
    if (next.from !== next.to) count(traffic, next);
    queue.push(...(nodes.get(next.to)?.receive(next) ?? []));
  }
}

function count(traffic: Traffic, { kind, body }: TrainingMessage): void {
  const { messages, bytes } = traffic[kind] ?? { messages: 0, bytes: 0 };
  traffic[kind] = { messages: messages + 1, bytes: bytes + body.length };
}

/** The bytes of numbers; little-endian, as every machine that runs WebAssembly stores them. */
export function bytesOf(numbers: Int32Array | Uint32Array | BigUint64Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

/** Words of 32 bits in a message, copied so that they are aligned. */
export function int32sOf(bytes: Uint8Array): Int32Array<ArrayBuffer> {
  return new Int32Array(bytes.slice().buffer);
}

/** Words of 64 bits in a message. */
export function wordsOf(bytes: Uint8Array): BigUint64Array<ArrayBuffer> {
  return new BigUint64Array(bytes.slice().buffer);
}
