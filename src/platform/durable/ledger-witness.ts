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
}

/** A witness of one log: it takes the log's key from its first request, and no other ever after. */
export class LedgerWitness extends DurableObject {
  readonly #name: string;
  readonly #storageKey: string | undefined;
  #witness: Witness | undefined;

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env as Cloudflare.Env);
    if (ctx.id.name === undefined) throw new Error('a witness is addressed by its name');
    this.#name = ctx.id.name;
    this.#storageKey = (env as WitnessBindings).WITNESS_STORAGE_KEY;
    ctx.storage.sql.exec(
      'CREATE TABLE IF NOT EXISTS watched (id INTEGER PRIMARY KEY CHECK (id = 1), log TEXT NOT NULL) STRICT',
    );
  }

  async key(log: string): Promise<string> {
    return this.#of(log).key();
  }

  async cosign(log: string, request: WitnessRequest): Promise<WitnessReply> {
    return this.#of(log).cosign(request);
  }

  #of(log: string): Witness {
    const { storage } = this.ctx;
    const key = parseNoteKey(log);
    storage.sql.exec('INSERT OR IGNORE INTO watched VALUES (1, ?)', log);
    const [row] = storage.sql.exec('SELECT log FROM watched').toArray();
    if (row?.log !== log) throw new Error('this witness watches another log');
    this.#witness ??= createWitness({
      clock: systemClock,
      signer: witnessSigner(storage, this.#name, secretOf('WITNESS_STORAGE_KEY', this.#storageKey)),
      store: sqlWitnessStore(storage),
      log: key,
    });
    return this.#witness;
  }
}
