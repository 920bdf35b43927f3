import type { Actor } from '../actor.ts';
import { CinnabarError } from '../errors.ts';
import { type ProgressBoard, progressFrame, progressOf } from './progress.ts';
import type { ScoringRequest, ScoringStore } from './scoring-request.ts';

/** A customer sees its own requests; to it, others were never made. @throws CinnabarError `federation_request_not_found` */
export async function getScoring(
  deps: { readonly requests: ScoringStore },
  { tenant, id, roles }: Actor,
  requestId: string,
): Promise<ScoringRequest> {
  const found = await deps.requests.find(tenant, requestId);
  const isHidden = roles.every((role) => role === 'customer') && found?.requestedBy !== id;
  if (!found || isHidden) throw new CinnabarError('federation_request_not_found');
  return found;
}

/**
 * How far a request has come, then every change of it, as events; ends when the request has. Who may
 * see the request may watch it.
 *
 * @throws CinnabarError `federation_request_not_found`
 */
export async function watchScoring(
  deps: { readonly requests: ScoringStore; readonly board: ProgressBoard },
  actor: Actor,
  requestId: string,
): Promise<ReadableStream<Uint8Array>> {
  await getScoring(deps, actor, requestId);
  // First the ear, then the look: nothing falls between the two.
  const later = await deps.board.watch(actor.tenant, requestId);
  const found = await getScoring(deps, actor, requestId);
  const now = progressFrame(progressOf(found));
  if (found.state === 'running') return follow(now, later);
  await later.cancel();
  return follow(now);
}

/** One chunk and then a stream. */
function follow(first: Uint8Array, then?: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = then?.getReader();
  return new ReadableStream({
    start(controller) {
      controller.enqueue(first);
      if (!reader) controller.close();
    },
    async pull(controller) {
      const { done, value } = (await reader?.read()) ?? { done: true };
      if (done || !value) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader?.cancel(reason),
  });
}
