import { WorkerEntrypoint } from 'cloudflare:workers';
import {
  type ChipRefused,
  type ChipService,
  type ChipStatus,
  type KeysReply,
  parseUnwrapMessage,
  parseWrapMessage,
} from '../domain/chips/messages.ts';
import type { ChipsEnv, SoftwareChip } from '../platform/chips/software-chip.ts';

export { SoftwareChip } from '../platform/chips/software-chip.ts';

/** The door for Workers that are bound to it. Messages are checked here, whoever sends them. */
export class Chips extends WorkerEntrypoint<ChipsEnv> implements ChipService {
  async wrap(message: unknown): Promise<KeysReply> {
    const request = parsed(parseWrapMessage, message);
    return request ? this.#chipOf(request.tenant).wrap(request) : invalid;
  }

  async unwrap(message: unknown): Promise<KeysReply> {
    const request = parsed(parseUnwrapMessage, message);
    return request ? this.#chipOf(request.tenant).unwrap(request) : invalid;
  }

  async status(): Promise<ChipStatus> {
    const probe = this.env.SOFTWARE_CHIPS.getByName('readiness');
    return { protection: 'software', ready: await probe.isReady() };
  }

  /** Placement: every tenant has a chip of its own, so no tenant waits for another. */
  #chipOf(tenant: string): DurableObjectStub<SoftwareChip> {
    return this.env.SOFTWARE_CHIPS.getByName(`software/${tenant}`);
  }
}

const invalid: ChipRefused = { ok: false, code: 'invalid_message' };

function parsed<T>(parse: (value: unknown) => T, value: unknown): T | undefined {
  try {
    return parse(value);
  } catch {
    return undefined;
  }
}

// The Worker has no address; should it ever get one, nothing is there.
export default {
  fetch: () => new Response(null, { status: 404 }),
} satisfies ExportedHandler<ChipsEnv>;
