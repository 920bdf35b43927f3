import {
  type ChipService,
  type ChipStatus,
  parseChipStatus,
  parseUnwrapReply,
  parseWrapReply,
} from '../../domain/chips/messages.ts';
import { CinnabarError } from '../../domain/errors.ts';
import type { TemplateKeys } from '../../domain/seals/ports.ts';

/** Template keys in the chips Worker, reached over its service binding. */
export function remoteTemplateKeys(chips: ChipService): TemplateKeys {
  return {
    async wrap(tenant, items) {
      // Only what the message names may cross: an item of the caller can carry more.
      const message = {
        tenant,
        items: items.map(({ dataKey, context }) => ({ dataKey, context })),
      };
      const reply = await asked(async () =>
        parseWrapReply(await chips.wrap(message), items.length),
      );
      if (!reply.ok) throw new CinnabarError('chips_unavailable', { cause: reply.code });
      return reply.keys;
    },
    async unwrap(tenant, items) {
      const message = {
        tenant,
        items: items.map(({ wrappedKey, context }) => ({ wrappedKey, context })),
      };
      const reply = await asked(async () =>
        parseUnwrapReply(await chips.unwrap(message), items.length),
      );
      if (!reply.ok) throw new CinnabarError('template_unreadable', { cause: reply.code });
      return reply.keys;
    },
  };
}

export function chipStatus(chips: ChipService): Promise<ChipStatus> {
  return asked(async () => parseChipStatus(await chips.status()));
}

/** No answer, or one that is not in its form, is an outage: nothing may be built on it. */
async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    throw new CinnabarError('chips_unavailable', { cause });
  }
}
