import { policyFrom } from '../core/ledger/proof-file.ts';
import { CinnabarError } from '../domain/errors.ts';
import { type AnchoringDeps, anchorNewest } from '../domain/ledger/anchoring.ts';
import { connectEvm } from '../platform/evm/client.ts';
import { evmLedger } from '../platform/evm/ledger.ts';
import { ledgerOverHttp } from '../platform/ledger-over-http.ts';
import { systemClock } from '../platform/system.ts';

/** The bindings of anchor.toml; docs/operations.md describes them. */
export interface AnchorBindings {
  /** The log, over its public interface. */
  readonly LOG: Fetcher;
  /** The log's keys as `/ledger/trust` once gave them, pinned here: JSON. */
  readonly LEDGER_TRUST?: string;
  readonly CHAIN_RPC_URL?: string;
  /** Address of the contract, 0x and 40 hex digits. */
  readonly CHAIN_CONTRACT?: string;
  /** 0x and 64 hex digits: the account that may write to the contract. */
  readonly CHAIN_KEY?: string;
}

/** An older checkpoint means that the log, or its witnesses, stand still. */
const ageSecondsMax = 600;

function hexOf(name: string, text: string | undefined, digits: number): `0x${string}` {
  if (!text || !new RegExp(`^0x[0-9a-fA-F]{${digits}}$`).test(text)) {
    throw new TypeError(`${name} must be 0x and ${digits} hex digits`);
  }
  return text as `0x${string}`;
}

function depsOf(env: AnchorBindings): AnchoringDeps {
  if (!env.CHAIN_RPC_URL || !env.LEDGER_TRUST) {
    throw new TypeError('CHAIN_RPC_URL and LEDGER_TRUST must be set');
  }
  const privateKey = hexOf('CHAIN_KEY', env.CHAIN_KEY, 64);
  const client = connectEvm({ rpcUrl: env.CHAIN_RPC_URL, privateKey });
  return {
    clock: systemClock,
    // The host name is of no meaning: a service binding reaches one Worker.
    ledger: ledgerOverHttp((address) => env.LOG.fetch(address), 'https://log'),
    policy: policyFrom(JSON.parse(env.LEDGER_TRUST), ageSecondsMax),
    anchor: evmLedger(client, hexOf('CHAIN_CONTRACT', env.CHAIN_CONTRACT, 40)),
  };
}

function log(line: object): void {
  // biome-ignore lint/suspicious/noConsole: a Worker's log is its console
  console.log(JSON.stringify({ event: 'anchor', ...line }));
}

export default {
  // No address: the log's readers look at the chain.
  fetch: () => new Response(null, { status: 404 }),

  async scheduled(_controller, env) {
    try {
      const anchored = await anchorNewest(depsOf(env));
      log({ outcome: anchored.reference === undefined ? 'unchanged' : 'anchored', ...anchored });
    } catch (error) {
      const { code, detail } =
        error instanceof CinnabarError ? error : { code: 'internal', detail: String(error) };
      log({ outcome: 'failed', code, detail });
      // The platform counts a run that throws as failed, and alarms.
      throw error;
    }
  },
} satisfies ExportedHandler<AnchorBindings>;
