import { fieldsOf, patterns, textOf } from '../../core/federation/read.ts';
import { CinnabarError } from '../../domain/errors.ts';
import {
  messageJson,
  PartyRefusal,
  parseDecideReply,
  parseOpenReply,
  parseRefusal,
  parseSettleReply,
} from '../../domain/federation/messages.ts';
import type { Parties, PartyAlive } from '../../domain/federation/scoring-request.ts';
import { boundedText } from '../bounded-body.ts';
import { metered } from '../meters.ts';
import { traced, traceparentNow } from '../tracing.ts';
import { messageBytesMax } from './answer.ts';

/** How a party is reached: a service binding, or the address of an institution elsewhere. */
export type PartyDoor = (path: string, init: RequestInit) => Promise<Response>;

/** A message is sent once more when no answer came; the party gives the same one. */
const attempts = 2;

/** The parties over HTTP. `doorOf` gives `undefined` for a party that nobody told us how to reach. */
export function remoteParties(
  doorOf: (party: string) => PartyDoor | undefined,
  decisionId: string,
  deadlineMs: number,
): Parties {
  const knock = (
    door: PartyDoor,
    party: string,
    step: string,
    { headers = {}, ...init }: { method: string; headers?: Record<string, string>; body?: string },
  ) =>
    traced(`${party} ${step}`, () => {
      const trace = traceparentNow();
      return door(`/${step}`, {
        ...init,
        headers: trace === undefined ? headers : { ...headers, traceparent: trace },
        // An answer that leads elsewhere is not ok, and so refused.
        redirect: 'manual',
        signal: AbortSignal.timeout(deadlineMs),
      });
    });

  async function ask<T>(
    party: string,
    step: 'open' | 'settle' | 'decide',
    message: object,
    parse: (value: unknown) => T,
  ): Promise<T> {
    const door = doorOf(party);
    if (!door) throw new CinnabarError('federation_unavailable');
    const body = messageJson(message);
    const headers = { 'content-type': 'application/json' };
    const send = () => knock(door, party, step, { method: 'POST', headers, body });
    let cause: unknown;
    for (let attempt = 0; attempt < attempts; attempt++) {
      try {
        // Each attempt counts: a party that is late once and answers then is worth knowing.
        return await metered(party, step, async () => read(await send(), parse));
      } catch (error) {
        if (error instanceof PartyRefusal) throw error;
        cause = error;
      }
    }
    throw new CinnabarError('federation_unavailable', { cause });
  }
  return {
    open: (node, message) => ask(node, 'open', message, parseOpenReply),
    settle: (node, message) => ask(node, 'settle', message, parseSettleReply),
    decide: (message) => ask(decisionId, 'decide', message, parseDecideReply),
    async alive(party) {
      try {
        const door = doorOf(party);
        if (!door) throw new TypeError('nobody told how to reach the party');
        return await read(await knock(door, party, 'alive', { method: 'GET' }), parseAlive);
      } catch (cause) {
        throw new CinnabarError('federation_unavailable', { cause });
      }
    },
  };
}

function parseAlive(value: unknown): PartyAlive {
  const fields = fieldsOf(value, ['modelHash']);
  const isNone = fields.modelHash === null;
  return { modelHash: isNone ? null : textOf(fields, 'modelHash', patterns.hash) };
}

async function read<T>(response: Response, parse: (value: unknown) => T): Promise<T> {
  const text = await boundedText(response, messageBytesMax);
  if (text === undefined) throw new TypeError('a party answered too much');
  if (response.status === 422) throw new PartyRefusal(parseRefusal(JSON.parse(text)));
  if (response.status !== 200) throw new TypeError(`a party answered ${response.status}`);
  return parse(JSON.parse(text));
}
