import { DurableObject } from 'cloudflare:workers';
import type { KeysReply, UnwrapMessage, WrapMessage } from '../../domain/chips/messages.ts';
import {
  type ChipVault,
  createKey,
  epochOf,
  openVault,
  type StoredKey,
  unwrapDataKey,
  wrapDataKey,
} from '../../domain/chips/wrapping.ts';
import { systemRandom } from '../system.ts';

export interface ChipsEnv {
  /** 32 bytes, base64url. */
  readonly CHIP_STORAGE_KEY: string;
  readonly SOFTWARE_CHIPS: DurableObjectNamespace<SoftwareChip>;
}

/**
 * A chip in software: keys are made here, stored encrypted under a secret that only this Worker
 * has, and used here. No method returns one. Against whoever runs the Worker it protects nothing;
 * that takes hardware behind the same messages.
 */
export class SoftwareChip extends DurableObject<ChipsEnv> {
  readonly #sql: SqlStorage;
  readonly #vault: Promise<ChipVault>;

  constructor(ctx: DurableObjectState, env: ChipsEnv) {
    super(ctx, env);
    if (ctx.id.name === undefined) throw new Error('a chip is addressed by its name');
    this.#sql = ctx.storage.sql;
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS wrapping_keys (
      tenant TEXT NOT NULL,
      epoch INTEGER NOT NULL,
      encrypted_key BLOB NOT NULL,
      PRIMARY KEY (tenant, epoch)
    ) STRICT`);
    this.#vault = openVault(parseKey(env.CHIP_STORAGE_KEY), ctx.id.name);
    // Awaited by each call; without a handler the runtime would also report it as unhandled.
    this.#vault.catch(() => undefined);
  }

  async wrap({ tenant, items }: WrapMessage): Promise<KeysReply> {
    const vault = await this.#vault;
    const stored = this.#currentKey(tenant) ?? this.#addKey(vault, tenant, 1);
    const keys = items.map(({ dataKey, context }) =>
      wrapDataKey(vault, stored, dataKey, context, systemRandom),
    );
    return { ok: true, keys };
  }

  async unwrap({ tenant, items }: UnwrapMessage): Promise<KeysReply> {
    const vault = await this.#vault;
    const keys: Uint8Array[] = [];
    for (const { wrappedKey, context } of items) {
      const epoch = epochOf(wrappedKey);
      const stored = epoch === undefined ? undefined : this.#keyOf(tenant, epoch);
      const key = stored && unwrapDataKey(vault, stored, wrappedKey, context);
      if (key === undefined) return { ok: false, code: 'not_authentic' };
      keys.push(key);
    }
    return { ok: true, keys };
  }

  /** Whether the storage secret is usable. */
  async isReady(): Promise<boolean> {
    await this.#vault;
    return true;
  }

  #addKey(vault: ChipVault, tenant: string, epoch: number): StoredKey {
    const stored = createKey(vault, { tenant, epoch }, systemRandom);
    this.#sql.exec(
      'INSERT INTO wrapping_keys (tenant, epoch, encrypted_key) VALUES (?, ?, ?)',
      tenant,
      epoch,
      stored.encryptedKey,
    );
    return stored;
  }

  #currentKey(tenant: string): StoredKey | undefined {
    return this.#read(
      'SELECT epoch, encrypted_key FROM wrapping_keys WHERE tenant = ? ORDER BY epoch DESC LIMIT 1',
      tenant,
    );
  }

  #keyOf(tenant: string, epoch: number): StoredKey | undefined {
    return this.#read(
      'SELECT epoch, encrypted_key FROM wrapping_keys WHERE tenant = ? AND epoch = ?',
      tenant,
      epoch,
    );
  }

  #read(query: string, tenant: string, ...rest: number[]): StoredKey | undefined {
    const [row] = this.#sql.exec(query, tenant, ...rest).toArray();
    if (row === undefined) return undefined;
    const { epoch, encrypted_key: key } = row;
    if (typeof epoch !== 'number' || !(key instanceof ArrayBuffer)) {
      throw new Error('wrapping_keys: a row is not in the expected form');
    }
    return { tenant, epoch, encryptedKey: new Uint8Array(key) };
  }
}

function parseKey(text: string | undefined): Uint8Array {
  if (!text || !/^[A-Za-z0-9_-]{43}$/.test(text)) {
    throw new Error('CHIP_STORAGE_KEY must be 32 bytes in base64url');
  }
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
