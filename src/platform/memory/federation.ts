import { CinnabarError } from '../../domain/errors.ts';
import type {
  DecisionStore,
  KeptAnswer,
  NodeStore,
  PersonRow,
  StoredDecision,
} from '../../domain/federation/ports.ts';
import { createChannel, type ProgressBoard } from '../../domain/federation/progress.ts';
import type { ScoringRequest, ScoringStore } from '../../domain/federation/scoring-request.ts';
import { base64urlText } from '../../lib/base64url.ts';
import { memoryAnswerBook } from './answer-book.ts';

/** A node's store in RAM. */
export function memoryNodeStore(): NodeStore {
  const people = new Map<string, PersonRow>();
  const answers = new Map<string, KeptAnswer>();
  return {
    ...memoryAnswerBook(),
    async findPerson(pid) {
      return people.get(base64urlText(pid));
    },
    async putPeople(rows) {
      for (const row of rows) people.set(base64urlText(row.pid), row);
    },
    async countPeople(binnedBy) {
      return [...people.values()].filter((row) => row.binnedBy === binnedBy).length;
    },
    async keepAnswer(answer) {
      const key = `${answer.step} ${answer.requestId}`;
      const kept = answers.get(key) ?? answer;
      answers.set(key, kept);
      return kept;
    },
    async findAnswer(requestId, step) {
      return answers.get(`${step} ${requestId}`);
    },
  };
}

/** The decision service's store in RAM. */
export function memoryDecisionStore(): DecisionStore {
  const decisions = new Map<string, StoredDecision>();
  return {
    async find(requestId) {
      return decisions.get(requestId);
    },
    async newestByScore(tag) {
      return [...decisions.values()].findLast((known) => known.tag === tag && known.isByScore);
    },
    async keep(decision) {
      const kept = decisions.get(decision.requestId) ?? decision;
      decisions.set(decision.requestId, kept);
      return kept;
    },
  };
}

/** Boards of requests in RAM. */
export function memoryBoard(): ProgressBoard {
  const channels = new Map<string, ReturnType<typeof createChannel>>();
  const keyOf = (tenant: string, requestId: string) => JSON.stringify([tenant, requestId]);
  return {
    async tell(tenant, progress) {
      const key = keyOf(tenant, progress.requestId);
      channels.get(key)?.tell(progress);
      if (progress.state !== 'running') channels.delete(key);
    },
    async watch(tenant, requestId) {
      const key = keyOf(tenant, requestId);
      const channel = channels.get(key) ?? createChannel();
      channels.set(key, channel);
      return channel.watch();
    },
  };
}

/** The coordinator's store in RAM. */
export function memoryScoringStore(): ScoringStore {
  const requests = new Map<string, ScoringRequest>();
  return {
    async begin(request, { requestsMax, sinceMs }) {
      const theirs = [...requests.values()].filter(
        ({ tenant, requestedBy, createdAtMs }) =>
          tenant === request.tenant &&
          requestedBy === request.requestedBy &&
          createdAtMs >= sinceMs,
      );
      if (theirs.length >= requestsMax) throw new CinnabarError('rate_limited');
      if (requests.has(request.requestId)) throw new CinnabarError('federation_request_used');
      requests.set(request.requestId, request);
    },
    async save(request) {
      requests.set(request.requestId, request);
    },
    async find(tenant, requestId) {
      const found = requests.get(requestId);
      return found?.tenant === tenant ? found : undefined;
    },
  };
}
