import type { Sessions } from '../../domain/terminals/ports.ts';
import { createSessionDesk, type FirstMessages } from '../../domain/terminals/session-desk.ts';

/** First messages in RAM. */
export function memoryFirstMessages(): FirstMessages {
  const known = new Map<string, number>();
  return {
    remember(hash, nowMs) {
      if (known.has(hash)) return false;
      known.set(hash, nowMs);
      return true;
    },
    forgetBefore(ms) {
      for (const [hash, atMs] of known) if (atMs < ms) known.delete(hash);
    },
  };
}

/** The sessions of each person in RAM. */
export function memorySessions(): Sessions {
  const desks = new Map<string, ReturnType<typeof createSessionDesk>>();
  function deskOf(tenant: string, owner: string) {
    const name = JSON.stringify([tenant, owner]);
    const desk = desks.get(name) ?? createSessionDesk(memoryFirstMessages());
    desks.set(name, desk);
    return desk;
  }
  return {
    keep: async (tenant, owner, ...args) => deskOf(tenant, owner).keep(...args),
    receive: async (tenant, owner, ...args) => deskOf(tenant, owner).receive(...args),
    close: async (tenant, owner, ...args) => deskOf(tenant, owner).close(...args),
    closeTerminal: async (tenant, owner, ...args) => deskOf(tenant, owner).closeTerminal(...args),
  };
}
