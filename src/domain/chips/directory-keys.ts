import type { Book } from './directory-book.ts';
import { replicasWanted } from './placement.ts';
import type { Cells } from './ports.ts';
import type { KeyName } from './types.ts';

/** Where keys are, and which of them must go elsewhere. */
export function directoryKeys(
  {
    cells,
    repair,
  }: { readonly cells: Cells; readonly repair: (name: KeyName) => Promise<unknown> },
  book: Book,
) {
  /** Where each list was left off: what cannot move now must not stand before what can. */
  const left = new Map<string, string>();

  function heldBy(chip: string): KeyName[] {
    return [...cells.list(`held:${chip}:`)].map(([, name]) => name as KeyName);
  }

  function setCell(cell: string, name: KeyName, isThere: boolean): void {
    if (isThere) cells.put(cell, { tenant: name.tenant, keyId: name.keyId });
    else cells.delete(cell);
  }

  /** The next names of a list, from its beginning again behind its end. */
  function nextOf(prefix: string, most: number): readonly KeyName[] {
    const after = left.get(prefix);
    const found = [...cells.list(prefix, most, after)];
    if (after !== undefined && found.length < most) {
      const rest = cells.list(prefix, most - found.length);
      found.push(...[...rest].filter(([cell]) => cell <= after));
    }
    const last = found.at(-1);
    if (last) left.set(prefix, last[0]);
    return found.map(([, name]) => name as KeyName);
  }

  /** Keys that a chip should give away or forget, and keys that have fewer homes than they should. */
  function troubled(most: number): KeyName[] {
    const names = new Map<string, KeyName>();
    for (const { chip, duty, health } of book.entries()) {
      const isLeaving = duty !== 'active' || health === 'out';
      const lists = [isLeaving ? 'held' : undefined, health === 'out' ? undefined : 'left'];
      for (const list of lists) {
        if (list === undefined || names.size >= most) continue;
        for (const name of nextOf(`${list}:${chip}:`, most - names.size)) {
          names.set(guardName(name), name);
        }
      }
    }
    // Keys that lost a home when there was no other: by now there may be one.
    for (const name of names.size < most ? nextOf('thin:', most - names.size) : []) {
      names.set(guardName(name), name);
    }
    return [...names.values()];
  }

  function whereabouts(name: KeyName): string {
    const key = guardName(name);
    return book
      .entries()
      .flatMap(({ chip }) => [`held:${chip}:${key}`, `left:${chip}:${key}`])
      .filter((cell) => cells.get(cell) !== undefined)
      .join();
  }

  return {
    heldBy,

    countAll: () => new Set(book.entries().flatMap(({ chip }) => heldBy(chip).map(guardName))).size,

    track(
      name: KeyName,
      holders: readonly string[],
      wipes: readonly string[],
      endEpoch: number | undefined,
    ): void {
      const key = guardName(name);
      if (endEpoch !== undefined) cells.put(`gone:${key}`, { ...name, epoch: endEpoch });
      for (const { chip } of book.entries()) {
        setCell(`held:${chip}:${key}`, name, holders.includes(chip));
        setCell(`left:${chip}:${key}`, name, wipes.includes(chip));
      }
      setCell(`thin:${key}`, name, holders.length > 0 && holders.length < replicasWanted);
    },

    /** Has up to `most` keys moved. @returns whether more is to do that can be done */
    async moveKeys(most: number): Promise<boolean> {
      const names = troubled(most);
      let moved = 0;
      for (const name of names) {
        const before = whereabouts(name);
        await repair(name).catch(() => undefined);
        if (whereabouts(name) !== before) moved += 1;
      }
      for (const entry of book.entries()) {
        if (entry.duty !== 'draining' || heldBy(entry.chip).length > 0) continue;
        book.put({ ...book.entryOf(entry.chip), duty: 'drained' });
        book.note(entry.chip, 'drained');
      }
      return names.length >= most && moved > 0;
    },
  };
}

function guardName({ tenant, keyId }: KeyName): string {
  return `${tenant}/${keyId}`;
}
