import {
  type KeysReply,
  parseUnwrapReply,
  parseWrapReply,
  type UnwrapMessage,
  type WrapMessage,
} from '../../domain/chips/messages.ts';
import { CinnabarError } from '../../domain/errors.ts';
import type { TemplateKeys } from '../../domain/seals/ports.ts';

/** What wraps and unwraps: the chips Worker over its binding, or a cluster in this process. */
export interface Wrapping {
  wrap(message: WrapMessage): Promise<KeysReply>;
  unwrap(message: UnwrapMessage): Promise<KeysReply>;
}

/** Template keys in the chips. */
export function chipTemplateKeys(chips: Wrapping): TemplateKeys {
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

/** No answer, or one that is not in its form, is an outage: nothing may be built on it. */
async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    throw new CinnabarError('chips_unavailable', { cause });
  }
}
