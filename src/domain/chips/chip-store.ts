import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { tupleBytes } from '../../lib/tuple.ts';
import { nextRecord } from '../audit/chain.ts';
import type { AuditDetail, AuditRecord, ChainHead } from '../audit/types.ts';
import type { Clock, Random } from '../ports.ts';
import { ChipFault } from './faults.ts';
import type { Cells } from './ports.ts';
import type { ChipCertificate } from './roster.ts';
import type { ChipTools } from './tools.ts';
import type { Incarnation, KeyKind, KeyName } from './types.ts';
import { type ChipVault, openFromStore, sealForStore } from './wrapping.ts';

/** A key as it lives in a chip. */
export interface HeldKey extends KeyKind {
  readonly epoch: number;
  /** SubjectPublicKeyInfo; empty for wrapping keys. */
  readonly publicKey: Uint8Array;
  /** The secret key; of a key in a token, what the token knows it by. */
  readonly secret: Uint8Array;
  /** Whether the key is in the chip's token. */
  readonly inToken?: true;
  /** The refreshed share that is not yet committed. */
  readonly nextSecret?: Uint8Array;
}

/** What a chip keeps: its identity, the keys, the fencing numbers, the log. */
export interface ChipStore {
  readonly incarnation: Incarnation;
  readonly identity: Uint8Array;
  readonly publicKeyHex: string;
  certificate(): ChipCertificate | undefined;
  setCertificate(certificate: ChipCertificate): void;
  keyCount(): number;
  names(): readonly KeyName[];
  /** Forgets all keys and who the chip was, for a new storage and identity. The log goes on. */
  reset(): void;
  has(name: KeyName): boolean;
  /** Lends the key to `use` and wipes it afterwards. @throws ChipFault `not_held` */
  withKey<T>(name: KeyName, use: (key: HeldKey) => Promise<T>): Promise<T>;
  put(key: HeldKey): void;
  wipe(name: KeyName): void;
  /** Accepts a number above all before it, for good. @throws ChipFault `stale_ticket` */
  fence(name: KeyName, number: number): void;
  /** The key as bytes for another chip, and back. */
  encode(key: HeldKey): Uint8Array;
  log(action: string, name: KeyName, requestId: string, detail: AuditDetail): AuditRecord;
  head(): ChainHead | undefined;
  /** Up to `most` records behind the position `after`, in their order; the newest without it. */
  records(most: number, after?: number): readonly AuditRecord[];
}

export interface ChipStoreDeps {
  readonly cells: Cells;
  readonly vault: ChipVault;
  readonly tools: ChipTools;
  readonly clock: Clock;
  readonly random: Random;
  /** Records of the log that are kept; the chain goes on when older ones are gone. */
  readonly recordsMost?: number;
}

const logDigits = 12;
/** About a hundred megabytes: a log without an end would fill the storage that the keys are in. */
const recordsMostDefault = 200_000;

/** Beginnings of the cells that a reset takes away. Starts are counted on, and the log stays. */
const ofOneStorage = [
  'key:',
  'fence:',
  'ceremony',
  'certificate',
  'identity',
  'storage-epoch',
] as const;

/** Opens a chip's store: counts this start, and makes an identity on a new storage. */
export function openChipStore(deps: ChipStoreDeps): ChipStore {
  const { cells, vault, tools, clock, random } = deps;
  let self = wakeUp();
  let keys = [...cells.list('key:')].length;

  function wakeUp() {
    const incarnation = start(cells, random);
    const identity = identityOf(deps, incarnation);
    return { incarnation, identity, publicKeyHex: bytesToHex(tools.gm.sm2.publicKey(identity)) };
  }

  function contextOf(name: KeyName): Uint8Array {
    return tupleBytes('cinnabar chip key 1', vault.chip, name.tenant, name.keyId);
  }

  return {
    get incarnation() {
      return self.incarnation;
    },
    get identity() {
      return self.identity;
    },
    get publicKeyHex() {
      return self.publicKeyHex;
    },
    certificate: () => cells.get('certificate') as ChipCertificate | undefined,
    setCertificate: (certificate) => cells.put('certificate', certificate),
    keyCount: () => keys,
    names: () => [...cells.list('key:')].map(([cell]) => nameOfCell(cell)),
    reset() {
      for (const prefix of ofOneStorage) {
        for (const [cell] of [...cells.list(prefix)]) cells.delete(cell);
      }
      tools.sodium.memzero(self.identity);
      keys = 0;
      self = wakeUp();
    },
    has: (name) => cells.get(keyCell(name)) !== undefined,
    async withKey(name, use) {
      const stored = cells.get(keyCell(name));
      if (!(stored instanceof Uint8Array)) throw new ChipFault('not_held');
      const bytes = openFromStore(vault, contextOf(name), stored);
      const key = decodeKey(bytes);
      tools.sodium.memzero(bytes);
      try {
        return await use(key);
      } finally {
        tools.sodium.memzero(key.secret);
        if (key.nextSecret) tools.sodium.memzero(key.nextSecret);
      }
    },
    put(key) {
      if (cells.get(keyCell(key)) === undefined) keys += 1;
      const bytes = encodeKey(key);
      cells.put(keyCell(key), sealForStore(vault, contextOf(key), bytes, random));
      tools.sodium.memzero(bytes);
    },
    wipe(name) {
      if (cells.get(keyCell(name)) !== undefined) keys -= 1;
      cells.delete(keyCell(name));
    },
    fence(name, number) {
      const cell = `fence:${name.tenant}/${name.keyId}`;
      const highest = cells.get(cell);
      if (typeof highest === 'number' && number <= highest) throw new ChipFault('stale_ticket');
      cells.put(cell, number);
    },
    encode: encodeKey,
    log(action, name, requestId, detail) {
      const entry = {
        action,
        actor: 'key-guard',
        subject: `key:${name.tenant}/${name.keyId}`,
        outcome: 'done' as const,
        requestId,
        detail,
      };
      const record = nextRecord(headOf(cells), vault.chip, entry, clock.now());
      cells.put(logCell(record.index), record);
      cells.delete(logCell(record.index - (deps.recordsMost ?? recordsMostDefault)));
      cells.put('head', { index: record.index, hashHex: record.hashHex });
      return record;
    },
    head: () => headOf(cells),
    records(most, after = (headOf(cells)?.index ?? -1) - most) {
      const found = cells.list('log:', most, after < 0 ? undefined : logCell(after));
      return [...found].map(([, record]) => record as AuditRecord);
    },
  };
}

function logCell(index: number): string {
  return `log:${String(index).padStart(logDigits, '0')}`;
}

function headOf(cells: Cells): ChainHead | undefined {
  return cells.get('head') as ChainHead | undefined;
}

function keyCell({ tenant, keyId }: KeyName): string {
  return `key:${tenant}/${keyId}`;
}

function nameOfCell(cell: string): KeyName {
  const [tenant = '', keyId = ''] = cell.slice('key:'.length).split('/');
  return { tenant, keyId };
}

function start(cells: Cells, random: Random): Incarnation {
  const before = cells.get('boots');
  const bootCount = (typeof before === 'number' ? before : 0) + 1;
  cells.put('boots', bootCount);
  let storageEpoch = cells.get('storage-epoch');
  if (typeof storageEpoch !== 'string') {
    storageEpoch = bytesToHex(random.bytes(16));
    cells.put('storage-epoch', storageEpoch);
  }
  return { storageEpoch: String(storageEpoch), bootCount, bootNonce: bytesToHex(random.bytes(16)) };
}

function identityOf({ cells, vault, tools, random }: ChipStoreDeps, { storageEpoch }: Incarnation) {
  const context = tupleBytes('cinnabar chip identity 1', vault.chip, storageEpoch);
  const stored = cells.get('identity');
  if (stored instanceof Uint8Array) return openFromStore(vault, context, stored);
  const { privateKey } = tools.gm.sm2.generateKeyPair();
  cells.put('identity', sealForStore(vault, context, privateKey, random));
  return privateKey;
}

function encodeKey({ secret, nextSecret, publicKey, ...kind }: HeldKey): Uint8Array {
  return utf8ToBytes(
    JSON.stringify({
      ...kind,
      publicKeyHex: bytesToHex(publicKey),
      secretHex: bytesToHex(secret),
      nextSecretHex: nextSecret ? bytesToHex(nextSecret) : '',
    }),
  );
}

/** Reads what `encode` wrote; the bytes were authenticated before. */
export function decodeKey(bytes: Uint8Array): HeldKey {
  const { publicKeyHex, secretHex, nextSecretHex, ...kind } = JSON.parse(
    new TextDecoder().decode(bytes),
  );
  const held = { ...kind, publicKey: hexToBytes(publicKeyHex), secret: hexToBytes(secretHex) };
  return nextSecretHex === '' ? held : { ...held, nextSecret: hexToBytes(nextSecretHex) };
}
