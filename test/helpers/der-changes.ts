import fc from 'fast-check';
import { DerReader, derElement } from '../../src/lib/der.ts';

/** An element of DER, with those inside it where its tag says that there are some. */
interface Element {
  readonly tag: number;
  readonly contents: Uint8Array;
  readonly inner: readonly Element[];
}

const CONSTRUCTED = 0x20;
/** More than an engine takes as arguments of one call. */
const manyBytes = 200_000;

function elementsOf(bytes: Uint8Array): readonly Element[] {
  const reader = new DerReader(bytes);
  const elements: Element[] = [];
  while (!reader.isAtEnd) {
    const { tag, contents } = reader.any();
    elements.push({
      tag,
      contents,
      inner: (tag & CONSTRUCTED) === 0 ? [] : elementsOf(contents),
    });
  }
  return elements;
}

/** Writes the elements again, each of them handed to `change` first, in the order of the bytes. */
function written(
  elements: readonly Element[],
  change: (element: Element) => Uint8Array[] | undefined,
): Uint8Array[] {
  return elements.flatMap((element) => {
    const changed = change(element);
    if (changed) return changed;
    const { tag, contents, inner } = element;
    return [derElement(tag, ...(inner.length > 0 ? written(inner, change) : [contents]))];
  });
}

/**
 * Well-formed DER that is not what it was: one element of `der` has other contents, very many of
 * them, another tag, stands twice or not at all. All lengths around it are right.
 */
export function changedDer(der: Uint8Array): fc.Arbitrary<Uint8Array> {
  const elements = elementsOf(der);
  let count = 0;
  written(elements, () => void count++);
  const replacements = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => ({ bytes })),
    fc.nat(255).map((byte) => ({ bytes: new Uint8Array(manyBytes).fill(byte) })),
    fc.nat(254).map((tag) => ({ tag: (tag & 0x1f) === 0x1f ? 4 : tag })),
    fc.constantFrom(0, 2).map((times) => ({ times })),
  );
  return fc.tuple(fc.nat(count - 1), replacements).map(([wanted, replacement]) => {
    let at = 0;
    const parts = written(elements, ({ tag, contents }) => {
      if (at++ !== wanted) return undefined;
      const change = { bytes: contents, tag, times: 1, ...replacement };
      return Array(change.times).fill(derElement(change.tag, change.bytes));
    });
    return new Uint8Array(Buffer.concat(parts));
  });
}
