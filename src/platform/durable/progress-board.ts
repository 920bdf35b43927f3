import { DurableObject } from 'cloudflare:workers';
import {
  createChannel,
  type Progress,
  type ProgressBoard,
  type ProgressChannel,
} from '../../domain/federation/progress.ts';

/** After so long a stream ends; who still waits opens another one. */
const streamMs = 30_000;

/** Those who watch one request, while it runs. Nothing of it is on disk. */
export class ScoringBoard extends DurableObject {
  readonly #channel: ProgressChannel = createChannel();

  tell(progress: Progress): void {
    this.#channel.tell(progress);
  }

  override async fetch(): Promise<Response> {
    return new Response(this.#channel.watch(AbortSignal.timeout(streamMs)));
  }
}

/** The board of each request in a Durable Object of its own. */
export function durableBoard(boards: DurableObjectNamespace<ScoringBoard>): ProgressBoard {
  const of = (tenant: string, requestId: string) =>
    boards.getByName(JSON.stringify([tenant, requestId]));
  return {
    async tell(tenant, progress) {
      try {
        await of(tenant, progress.requestId).tell(progress);
      } catch {
        // Who watches asks again; the request goes on.
      }
    },
    async watch(tenant, requestId) {
      const { body } = await of(tenant, requestId).fetch('https://board/');
      return body ?? new ReadableStream({ start: (controller) => controller.close() });
    },
  };
}
