import { DurableObject } from 'cloudflare:workers';
import { channelBytesMax, channelCaller, linkKeyPair } from '../../domain/chips/channel.ts';
import { ChipFault, type Reply } from '../../domain/chips/faults.ts';
import { openTools } from '../../domain/chips/tools.ts';
import { boundedBytes } from '../bounded-body.ts';
import { systemClock } from '../system.ts';
import { type ChipsEnv, hostOf, parseStorageKey } from './environment.ts';

/** A chip waits for its answer no longer than the guard that asks; making an RSA key takes longest. */
const answerTimeoutMs = 25_000;

type Call = ReturnType<typeof channelCaller>;

/**
 * The near end of a chip on another machine (docs/chips.md): keeps the encrypted session and passes
 * calls on. It holds no key of anybody.
 */
export class HardwareChip extends DurableObject<ChipsEnv> {
  #call: Promise<Call> | undefined;

  async call(name: string, input: unknown[]): Promise<Reply<unknown>> {
    this.#call ??= this.#open();
    this.#call.catch(() => {
      this.#call = undefined;
    });
    const call = await this.#call;
    try {
      return await call(name, input);
    } catch (error) {
      if (error instanceof ChipFault) return { ok: false, code: error.code };
      throw error;
    }
  }

  async #open(): Promise<Call> {
    const chip = this.ctx.id.name;
    const host = chip === undefined ? undefined : hostOf(this.env, chip);
    if (chip === undefined || !host) throw new Error('the chip has no host in CHIP_HOSTS');
    const { sodium } = await openTools(crypto.subtle);
    const own = linkKeyPair(sodium, parseStorageKey(this.env.CHIP_STORAGE_KEY));
    return channelCaller({
      sodium,
      own,
      peer: host.publicKey,
      chip,
      clock: systemClock,
      carry: (what, body) => carried(new URL(`/${what}`, host.url), body),
    });
  }
}

async function carried(url: URL, body: Uint8Array): Promise<Uint8Array> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body,
    // workerd has no `error`; an answer that leads elsewhere is not ok, and so refused.
    redirect: 'manual',
    signal: AbortSignal.timeout(answerTimeoutMs),
  });
  if (!response.ok) throw new Error(`the chip host answered ${response.status}`);
  const answer = await boundedBytes(response, channelBytesMax);
  if (!answer) throw new Error('the answer is too long');
  return answer;
}
