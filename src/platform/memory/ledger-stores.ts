import type {
  HistoryRange,
  LogStore,
  NewEntry,
  Published,
  StoredEntry,
  StoredTile,
  WitnessStore,
} from '../../domain/ledger/ports.ts';

const wholeHistory: HistoryRange = { first: 0, count: Number.POSITIVE_INFINITY };

/** What a log keeps, in RAM. */
export function memoryLogStore(): LogStore {
  const entries: NewEntry[] = [];
  const bySubject = new Map<string, NewEntry[]>();
  const byRequest = new Map<string, NewEntry>();
  const tiles = new Map<string, StoredTile>();
  const witnessed = new Map<string, number>();
  let treeSize = 0;
  let published: Published | undefined;
  const requestName = (subject: string, requestId: string) => `${subject} ${requestId}`;

  return {
    size: () => entries.length,
    add(entry) {
      if (entry.index !== entries.length) throw new Error('ledger: the place is taken');
      entries.push(entry);
      const ofSubject = bySubject.get(entry.subject);
      if (ofSubject) ofSubject.push(entry);
      else bySubject.set(entry.subject, [entry]);
      byRequest.set(requestName(entry.subject, entry.requestId), entry);
    },
    entry: (index): StoredEntry | undefined => entries[index],
    entries: (first, count) => entries.slice(first, first + count),
    ofSubject(subject, { first, count } = wholeHistory) {
      return (bySubject.get(subject) ?? []).slice(first, first + count);
    },
    newestOf: (subject) => bySubject.get(subject)?.at(-1),
    ofRequest: (subject, requestId) => byRequest.get(requestName(subject, requestId)),
    treeSize: () => treeSize,
    tile: (level, index) => tiles.get(`${level}/${index}`)?.hashes,
    innerOf: (level, index) => tiles.get(`${level}/${index}`)?.inner,
    grow(size, changed) {
      for (const tile of changed) tiles.set(`${tile.level}/${tile.index}`, tile);
      treeSize = size;
    },
    published: () => published,
    publish(next) {
      published = next;
    },
    witnessed: (witness) => witnessed.get(witness) ?? 0,
    setWitnessed: (witness, size) => void witnessed.set(witness, size),
  };
}

export function memoryWitnessStore(): WitnessStore {
  let tree: ReturnType<WitnessStore['last']>;
  return {
    last: () => tree,
    remember(next) {
      tree = next;
    },
  };
}
