import type { BehaviourEvent, BehaviourLog } from './event.ts';

/** Events in this process, gone with it: for tests and trials. */
export function memoryBehaviourLog(): BehaviourLog {
  const logs = new Map<string, BehaviourEvent[]>();
  const keep = (pseudonym: string, events: BehaviourEvent[]) => {
    if (events.length === 0) logs.delete(pseudonym);
    else logs.set(pseudonym, events);
  };
  const eventsOf = (pseudonym: string) => logs.get(pseudonym) ?? [];
  return {
    async append(pseudonym, event) {
      const events = eventsOf(pseudonym);
      if (events.some(({ id }) => id === event.id)) return;
      // Stable: of two at the same time the one that came first stays first.
      keep(
        pseudonym,
        [...events, event].sort((a, b) => a.atMs - b.atMs),
      );
    },
    async read(pseudonym, most) {
      return eventsOf(pseudonym).slice(-most);
    },
    async erase(pseudonym) {
      const count = eventsOf(pseudonym).length;
      logs.delete(pseudonym);
      return count;
    },
    async prune(pseudonym, beforeMs) {
      const events = eventsOf(pseudonym);
      const kept = events.filter(({ atMs }) => atMs >= beforeMs);
      keep(pseudonym, kept);
      return events.length - kept.length;
    },
  };
}
