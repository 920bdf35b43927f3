import type { ScoringRequest } from './scoring-request.ts';

/** How far a request has come, without the boxes of its outcome. */
export type Progress = Pick<
  ScoringRequest,
  'requestId' | 'state' | 'stage' | 'nodes' | 'contributors' | 'code'
>;

export function progressOf(request: ScoringRequest): Progress {
  const { requestId, state, stage, nodes, contributors, code } = request;
  return {
    requestId,
    state,
    stage,
    nodes,
    contributors,
    ...(code === undefined ? {} : { code }),
  };
}

/**
 * Tells those who wait how far a request has come. It forgets and may lose a message: what counts
 * is what the store keeps, and a request never fails or waits because of those who watch it.
 */
export interface ProgressBoard {
  /** Never rejects. */
  tell(tenant: string, progress: Progress): Promise<void>;
  /** Everything that is told from now on, until the request has ended. */
  watch(tenant: string, requestId: string): Promise<ReadableStream<Uint8Array>>;
}

/** Those who watch one request. */
export interface ProgressChannel {
  tell(progress: Progress): void;
  /** @param until ends the stream before the request has */
  watch(until?: AbortSignal): ReadableStream<Uint8Array>;
}

/** Someone who does not read is sent no more than so many messages; then its stream ends. */
const unreadMax = 64;

export function createChannel(): ProgressChannel {
  const open = new Set<ReadableStreamDefaultController<Uint8Array>>();
  const end = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    if (open.delete(controller)) controller.close();
  };
  return {
    tell(progress) {
      const frame = progressFrame(progress);
      for (const controller of open) {
        controller.enqueue(frame);
        const isFull = (controller.desiredSize ?? 0) < 1 - unreadMax;
        if (progress.state !== 'running' || isFull) end(controller);
      }
    },
    watch(until) {
      let own: ReadableStreamDefaultController<Uint8Array>;
      return new ReadableStream({
        start(controller) {
          own = controller;
          open.add(controller);
          until?.addEventListener('abort', () => end(controller), { once: true });
        },
        cancel: () => void open.delete(own),
      });
    },
  };
}

const utf8 = new TextEncoder();

/** One event of a stream (HTML Living Standard, 9.2.5): its data is one line of JSON. */
export function progressFrame(progress: Progress): Uint8Array {
  return utf8.encode(`event: progress\ndata: ${JSON.stringify(progress)}\n\n`);
}
