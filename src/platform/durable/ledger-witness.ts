import { DurableObject } from 'cloudflare:workers';
import { parseNoteKey } from '../../core/ledger/note.ts';
import type { Witness, WitnessReply, WitnessRequest } from '../../domain/ledger/ports.ts';
import { createWitness } from '../../domain/ledger/witness.ts';
import { secretOf } from '../federation/configuration.ts';
import { systemClock } from '../system.ts';
import { sqlWitnessStore } from './ledger-store.ts';
import { witnessSigner } from './witness-key.ts';

/** What the witnesses' Worker offers to Workers that are bound to it. */
export interface WitnessService {
  /** The verifier key of a witness, in one line. `log` is that of the log it watches. */
  key(name: string, log: string): Promise<string>;
  cosign(name: string, log: string, request: WitnessRequest): Promise<WitnessReply>;
}

/** The bindings of witness.toml; docs/operations.md describes them. */
export interface WitnessBindings {
  readonly WITNESSES: DurableObjectNamespace<LedgerWitness>;
  /** 32 bytes in base64url: encrypts the witnesses' keys at rest. No other Worker is given it. */
  readonly WITNESS_STORAGE_KEY?: string;
  /**
   * The Ed25519 verifier key of the log, in one line. Empty: nothing is cosigned yet. Absent, on one
   * machine: the first log that asks is the one.
   */
  readonly LEDGER_KEY?: string;
}

/** A witness of one log, whose key is pinned: by the configuration, or by its first request. */
export class LedgerWitness extends DurableObject {
  readonly #name: string;
  readonly #storageKey: string | undefined;
  readonly #logKey: string | undefined;
  #witness: Witness | undefined;

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env as Cloudflare.Env);
    if (ctx.id.name === undefined) throw new Error('a witness is addressed by its name');
    this.#name = ctx.id.name;
    const { WITNESS_STORAGE_KEY, LEDGER_KEY } = env as WitnessBindings;
    this.#storageKey = WITNESS_STORAGE_KEY;
    this.#logKey = LEDGER_KEY;
    ctx.storage.sql.exec(
      'CREATE TABLE IF NOT EXISTS watched (id INTEGER PRIMARY KEY CHECK (id = 1), log TEXT NOT NULL) STRICT',
    );
  }

  async key(log: string): Promise<string> {
    return this.#of(log).key();
  }

  async cosign(log: string, request: WitnessRequest): Promise<WitnessReply> {
    if (this.#logKey === '')
      throw new Error('this witness watches no log yet: LEDGER_KEY is empty');
    return this.#of(log).cosign(request);
  }

  #of(log: string): Witness {
    const { storage } = this.ctx;
    const key = parseNoteKey(log);
    // Before the key is pinned, whoever asks is told this witness's own and remembered by nobody.
    if (this.#logKey !== '') this.#assertWatched(log);
    this.#witness ??= createWitness({
      clock: systemClock,
      signer: witnessSigner(storage, this.#name, secretOf('WITNESS_STORAGE_KEY', this.#storageKey)),
      store: sqlWitnessStore(storage),
      log: key,
    });
    return this.#witness;
  }

  #assertWatched(log: string): void {
    const { sql } = this.ctx.storage;
    const isOther = this.#logKey !== undefined && this.#logKey !== log;
    if (!isOther) sql.exec('INSERT OR IGNORE INTO watched VALUES (1, ?)', log);
    const [row] = sql.exec('SELECT log FROM watched').toArray();
    if (isOther || row?.log !== log) throw new Error('this witness watches another log');
  }
}
