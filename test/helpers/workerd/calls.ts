import { exports } from 'cloudflare:workers';

const tokens = new Map<string, string>();

export interface WorkerCall {
  readonly method?: string;
  readonly json?: unknown;
  /** Sent as it is, in place of `json`. */
  readonly body?: string;
  readonly contentType?: string;
}

/** Asks the Worker as the demo identity `who`, or as nobody. */
export async function callAs(
  who: string | undefined,
  path: string,
  { method, json, body, contentType }: WorkerCall = {},
): Promise<Response> {
  const headers = new Headers();
  if (who) headers.set('authorization', `Bearer ${await tokenOf(who)}`);
  const content = json === undefined ? body : JSON.stringify(json);
  const type = contentType ?? (json === undefined ? undefined : 'application/json');
  if (type) headers.set('content-type', type);
  return exports.default.fetch(
    new Request(`http://localhost${path}`, {
      method: method ?? (content === undefined ? 'GET' : 'POST'),
      headers,
      ...(content === undefined ? {} : { body: content }),
    }),
  );
}

async function tokenOf(who: string): Promise<string> {
  const known = tokens.get(who);
  if (known) return known;
  const response = await callAs(undefined, '/v1/demo/token', { json: { identity: who } });
  const { token } = await response.json<{ token: string }>();
  tokens.set(who, token);
  return token;
}

/** The body of an answer that must have this status. */
export async function answerOf<T>(response: Response, status = 200): Promise<T> {
  if (response.status !== status) {
    throw new Error(`${response.status} ${await response.text()}`);
  }
  return response.json<T>();
}
