import { messageJson, refusalOf } from '../../domain/federation/messages.ts';

/** What a party says over HTTP: a status and JSON. */
export interface PartyAnswer {
  readonly status: number;
  readonly body: string;
}

/** The longest message of any step, as JSON. */
export const messageBytesMax = 128 * 1024;
/** The longest model, as JSON. */
export const modelBytesMax = 4 * 1024 * 1024;

/** Answers with what `act` gives, or with the code of its refusal; any other error is a defect. */
export async function answerParty(act: () => Promise<object>): Promise<PartyAnswer> {
  try {
    return { status: 200, body: messageJson(await act()) };
  } catch (error) {
    const code = refusalOf(error);
    if (code === undefined) throw error;
    return { status: 422, body: JSON.stringify({ code }) };
  }
}

export function responseOf({ status, body }: PartyAnswer): Response {
  return new Response(body, { status, headers: { 'content-type': 'application/json' } });
}

/** Whether the request carries the operator's secret; the comparison takes the same time always. */
export async function isOperator(request: Request, secret: string | undefined): Promise<boolean> {
  const given = /^Bearer (\S{1,256})$/.exec(request.headers.get('authorization') ?? '')?.[1];
  if (!given || !secret) return false;
  const digest = async (text: string) =>
    new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  const [a, b] = await Promise.all([digest(given), digest(secret)]);
  return a.reduce((difference, byte, i) => difference | (byte ^ (b[i] ?? 0)), 0) === 0;
}
