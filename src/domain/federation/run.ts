import { CinnabarError, type FieldError } from '../errors.ts';
import { PartyRefusal, type Refusal } from './messages.ts';
import { type ProgressBoard, progressOf } from './progress.ts';
import type { NodeState, ScoringRequest, ScoringStore, Stage } from './scoring-request.ts';

/** The request as it goes on, its stored form in step, and what is told of it. */
export function trackedRun(
  deps: { readonly requests: ScoringStore; readonly board: ProgressBoard },
  first: ScoringRequest,
) {
  let request = first;
  const telling: Promise<void>[] = [];
  const tell = () => void telling.push(deps.board.tell(request.tenant, progressOf(request)));
  return {
    get request() {
      return request;
    },
    async save(change: Partial<ScoringRequest>): Promise<ScoringRequest> {
      request = { ...request, ...change };
      await deps.requests.save(request);
      tell();
      return request;
    },
    mark(node: string, state: NodeState, code?: Refusal): void {
      const progress = { node, state, ...(code === undefined ? {} : { code }) };
      const nodes = request.nodes.map((known) => (known.node === node ? progress : known));
      request = { ...request, nodes };
      tell();
    },
    /** Everything that was to be told is on its way. */
    async told(): Promise<void> {
      await Promise.all(telling);
    },
  };
}

export type Run = ReturnType<typeof trackedRun>;

/** What a node answered, with its progress noted; `undefined` when it is lost or refuses. */
export async function answerOf<T>(
  run: Run,
  node: string,
  state: NodeState,
  answer: Promise<T>,
): Promise<T | undefined> {
  try {
    const reply = await answer;
    run.mark(node, state);
    return reply;
  } catch (error) {
    if (error instanceof PartyRefusal) run.mark(node, 'refused', error.code);
    else if (error instanceof CinnabarError) run.mark(node, 'lost');
    else throw error;
    return undefined;
  }
}

/** The nodes that are lost or refuse, each with its reason. */
export function missedAt(run: Run, stage: Stage): FieldError[] {
  return run.request.nodes.flatMap(({ node, state, code }) =>
    state === 'lost' || state === 'refused'
      ? [{ pointer: `/${stage}/${node}`, code: code ?? 'no_answer' }]
      : [],
  );
}
