import { DurableObject } from 'cloudflare:workers';
import { formatNoteKey, parseNoteKey } from '../../core/ledger/note.ts';
import { CinnabarError, type ErrorCode, errorTitles } from '../../domain/errors.ts';
import { createLog } from '../../domain/ledger/log.ts';
import type { Ledger, Witness, WitnessReply, WitnessRequest } from '../../domain/ledger/ports.ts';
import { createWitness } from '../../domain/ledger/witness.ts';
import { systemClock } from '../system.ts';
import { sqlLogStore, sqlWitnessStore } from './ledger-store.ts';
import { storedEd25519Signer, storedSm2Signer } from './note-keys.ts';

/** Witnesses that run beside the log. Each is an object of its own with a key of its own. */
const witnessIds = ['witness-1', 'witness-2', 'witness-3'] as const;
export const ledgerQuorum = 2;

/** What the objects of the ledger are bound to. */
export interface LedgerBindings {
  /** Name of the log; it must never change. */
  readonly LEDGER_ORIGIN: string;
  readonly LEDGER: DurableObjectNamespace<LedgerLog>;
  readonly LEDGER_WITNESSES: DurableObjectNamespace<LedgerWitness>;
}

type Reply<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: ErrorCode; readonly detail?: string };

type Method = keyof Ledger;

/** The log. Its name is its origin. Errors cross the boundary as values: a thrown one loses its code. */
export class LedgerLog extends DurableObject {
  readonly #log: Ledger;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    const origin = ctx.id.name;
    if (origin === undefined) throw new Error('a log is addressed by its origin');
    const { LEDGER_WITNESSES } = env as unknown as LedgerBindings;
    const signer = storedEd25519Signer(ctx.storage, 'ed25519', origin);
    const logKey = async () => formatNoteKey(await signer.key());
    this.#log = createLog({
      clock: systemClock,
      store: sqlLogStore(ctx.storage),
      signer,
      signerSm2: storedSm2Signer(ctx.storage, origin),
      quorum: ledgerQuorum,
      witnesses: witnessIds.map((id) => ({
        name: `${origin}/${id}`,
        witness: remoteWitness(LEDGER_WITNESSES, `${origin}/${id}`, logKey),
      })),
    });
  }

  async call<M extends Method>(
    method: M,
    ...input: Parameters<Ledger[M]>
  ): Promise<Reply<Awaited<ReturnType<Ledger[M]>>>> {
    try {
      const run = this.#log[method] as (...all: Parameters<Ledger[M]>) => ReturnType<Ledger[M]>;
      return { ok: true, value: await run(...input) };
    } catch (error) {
      if (!(error instanceof CinnabarError)) throw error;
      const { code, detail } = error;
      return { ok: false, code, ...(detail === undefined ? {} : { detail }) };
    }
  }
}

/** A witness of one log: it takes the log's key from its first request, and no other ever after. */
export class LedgerWitness extends DurableObject {
  readonly #name: string;
  #witness: { readonly log: string; readonly witness: Witness } | undefined;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    if (ctx.id.name === undefined) throw new Error('a witness is addressed by its name');
    this.#name = ctx.id.name;
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
    storage.sql.exec('INSERT OR IGNORE INTO watched VALUES (1, ?)', log);
    const [row] = storage.sql.exec('SELECT log FROM watched').toArray();
    if (row?.log !== log) throw new Error('this witness watches another log');
    this.#witness ??= {
      log,
      witness: createWitness({
        clock: systemClock,
        signer: storedEd25519Signer(storage, 'cosignature', this.#name),
        store: sqlWitnessStore(storage),
        log: parseNoteKey(log),
      }),
    };
    return this.#witness.witness;
  }
}

function remoteWitness(
  witnesses: DurableObjectNamespace<LedgerWitness>,
  name: string,
  logKey: () => Promise<string>,
): Witness {
  let key: Promise<string> | undefined;
  const stub = () => witnesses.getByName(name);
  return {
    key() {
      // It never changes; a failed call is not kept.
      key ??= logKey()
        .then((log) => stub().key(log))
        .catch((error) => {
          key = undefined;
          throw error;
        });
      return key;
    },
    cosign: async (request) => stub().cosign(await logKey(), request),
  };
}

/** The ledger in its Durable Object. */
export function durableLedger(logs: DurableObjectNamespace<LedgerLog>, origin: string): Ledger {
  async function ask<M extends Method>(
    method: M,
    ...input: Parameters<Ledger[M]>
  ): Promise<Awaited<ReturnType<Ledger[M]>>> {
    const stub = logs.getByName(origin) as unknown as { call: LedgerLog['call'] };
    const reply = await stub.call(method, ...input).catch((cause: unknown) => {
      throw new CinnabarError('ledger_unavailable', { cause });
    });
    if (reply.ok) return reply.value;
    const { code, detail } = reply;
    if (!Object.hasOwn(errorTitles, code)) throw new CinnabarError('ledger_unavailable');
    throw new CinnabarError(code, detail === undefined ? {} : { detail });
  }

  return {
    append: (event, options) => ask('append', event, options),
    head: (subject) => ask('head', subject),
    history: (subject) => ask('history', subject),
    entry: (index) => ask('entry', index),
    entries: (first, count) => ask('entries', first, count),
    checkpoint: () => ask('checkpoint'),
    proveInclusion: (index, size) => ask('proveInclusion', index, size),
    proveConsistency: (first, second) => ask('proveConsistency', first, second),
    status: (subject) => ask('status', subject),
    tile: (path) => ask('tile', path),
    trust: () => ask('trust'),
  };
}
