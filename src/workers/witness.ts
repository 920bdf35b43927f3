import { WorkerEntrypoint } from 'cloudflare:workers';
import type { WitnessReply, WitnessRequest } from '../domain/ledger/ports.ts';
import type { WitnessBindings, WitnessService } from '../platform/durable/ledger-witness.ts';

export { LedgerWitness } from '../platform/durable/ledger-witness.ts';

/** The door for the Worker of the log. What is not in its form is refused by the witness itself. */
export class Witnesses extends WorkerEntrypoint<WitnessBindings> implements WitnessService {
  async key(name: string, log: string): Promise<string> {
    return this.env.WITNESSES.getByName(name).key(log);
  }

  async cosign(name: string, log: string, request: WitnessRequest): Promise<WitnessReply> {
    return this.env.WITNESSES.getByName(name).cosign(log, request);
  }
}

// The Worker has no address; should it ever get one, nothing is there.
export default {
  fetch: () => new Response(null, { status: 404 }),
} satisfies ExportedHandler<WitnessBindings>;
