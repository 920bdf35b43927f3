import { type AnswerBook, personIntervalMs } from '../../domain/federation/rules.ts';

/** What a node answered, in RAM. */
export function memoryAnswerBook(): AnswerBook {
  const requests = new Map<string, number>();
  const persons = new Map<string, number>();
  return {
    async claim({ requestId, persons: asked, nowMs, expiresAtMs }) {
      const isUsed = (requests.get(requestId) ?? Number.NEGATIVE_INFINITY) > nowMs;
      const isTooSoon = asked.some(
        (person) => (persons.get(person) ?? Number.NEGATIVE_INFINITY) > nowMs,
      );
      if (isUsed || isTooSoon) return false;
      requests.set(requestId, expiresAtMs);
      for (const person of asked) persons.set(person, nowMs + personIntervalMs);
      return true;
    },
  };
}
