// What the host reads of a model file: vocabulary, filters, operating points. The tensors behind
// them are read by assembly/tagger/model.ts.
import { FIRST_ID } from './features.ts';
import { labels } from './labels.ts';
import type { Lexicon } from './lexicon.ts';
import { TaggerError } from './tagger-error.ts';

/** Which mistakes to avoid: alarms about nothing, either kind alike, or missed data. */
export const operatingPoints = ['precision', 'balanced', 'recall'] as const;
export type OperatingPoint = (typeof operatingPoints)[number];

export interface ModelHead {
  readonly vocabulary: ReadonlyMap<string, number>;
  readonly lexicon: Lexicon;
  /** Added to the score of a label's tags, by operating point and label. */
  readonly biases: Readonly<Record<OperatingPoint, readonly number[]>>;
}

export const MAGIC = 0x314d5443;
/** Words of the header before the vocabulary; see assembly/tagger/model.ts. */
export const HEADER_WORDS = 17;
export const filterNames = ['words', 'places', 'english', 'given', 'family'] as const;

/** Throws `model_invalid`. */
export function readHead(bytes: Uint8Array): ModelHead {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = HEADER_WORDS * 4;
  const word = () => {
    at += 4;
    return view.getUint32(at - 4, true);
  };
  try {
    if (view.getUint32(0, true) !== MAGIC) throw new RangeError('another kind of file');
    const characters = word();
    const sizes = filterNames.map(word);
    const biases = operatingPoints.map(() =>
      labels.map(() => {
        at += 4;
        return view.getFloat32(at - 4, true);
      }),
    );
    const vocabulary = new Map<string, number>();
    for (let i = 0; i < characters; i++, at += 2) {
      vocabulary.set(String.fromCharCode(view.getUint16(at, true)), FIRST_ID + i);
    }
    const filters = sizes.map((size) => {
      at += size;
      if (at > bytes.length || size === 0) throw new RangeError('a filter is missing');
      return bytes.slice(at - size, at);
    });
    return {
      vocabulary,
      lexicon: Object.fromEntries(
        filterNames.map((name, i) => [name, filters[i]]),
      ) as unknown as Lexicon,
      biases: Object.fromEntries(
        operatingPoints.map((name, i) => [name, biases[i]]),
      ) as unknown as ModelHead['biases'],
    };
  } catch (cause) {
    throw new TaggerError('model_invalid', 'The module carries no model of this kind.', { cause });
  }
}
