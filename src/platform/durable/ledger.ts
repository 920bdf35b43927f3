import { DurableObject } from 'cloudflare:workers';
import { formatNoteKey } from '../../core/ledger/note.ts';
import type { ChipService } from '../../domain/chips/messages.ts';
import { CinnabarError, type ErrorCode, errorTitles } from '../../domain/errors.ts';
import { createLog } from '../../domain/ledger/log.ts';
import type { Ledger, Witness } from '../../domain/ledger/ports.ts';
import { chipNoteSigner } from '../chips/note-signers.ts';
import { remoteKeys } from '../chips/remote.ts';
import { systemClock } from '../system.ts';
import { sqlLogStore } from './ledger-store.ts';
import type { WitnessService } from './ledger-witness.ts';

/** The witnesses that are bound here. Each is an object of its own with a key of its own. */
const witnessIds = ['witness-1', 'witness-2', 'witness-3'] as const;
export const ledgerQuorum = 2;

/** What the log is bound to. */
export interface LedgerBindings {
  /** The log's keys are there. */
  readonly CHIPS: ChipService;
  /** Name of the log; it must never change. */
  readonly LEDGER_ORIGIN: string;
  readonly LEDGER: DurableObjectNamespace<LedgerLog>;
  /** The witnesses, a Worker of their own. */
  readonly WITNESSES: WitnessService;
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
    const { CHIPS, WITNESSES } = env as unknown as LedgerBindings;
    const keys = remoteKeys(CHIPS);
    const signer = chipNoteSigner(keys, 'ed25519', origin);
    const logKey = async () => formatNoteKey(await signer.key());
    this.#log = createLog({
      clock: systemClock,
      store: sqlLogStore(ctx.storage),
      signer,
      signerSm2: chipNoteSigner(keys, 'sm2', origin),
      quorum: ledgerQuorum,
      witnesses: witnessIds.map((id) => ({
        name: `${origin}/${id}`,
        witness: remoteWitness(WITNESSES, `${origin}/${id}`, logKey),
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

function remoteWitness(
  witnesses: WitnessService,
  name: string,
  logKey: () => Promise<string>,
): Witness {
  let key: Promise<string> | undefined;
  return {
    key() {
      // It never changes; a failed call is not kept.
      key ??= logKey()
        .then((log) => witnesses.key(name, log))
        .catch((error) => {
          key = undefined;
          throw error;
        });
      return key;
    },
    cosign: async (request) => witnesses.cosign(name, await logKey(), request),
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
    appendNext: (event, options) => ask('appendNext', event, options),
    head: (subject) => ask('head', subject),
    history: (subject, range) => ask('history', subject, range),
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
