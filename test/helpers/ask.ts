import { type Ask, answerOf } from './payer.ts';

/** Calls a running service as its sample people. */
export function askAt(url: string): Ask {
  const tokens = new Map<string, Promise<string>>();

  function send(method: string, path: string, body: object | undefined, token?: string) {
    const headers = new Headers();
    if (token) headers.set('authorization', `Bearer ${token}`);
    if (body) headers.set('content-type', 'application/json');
    return fetch(`${url}${path}`, {
      method,
      headers,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  }

  async function tokenOf(identity: string): Promise<string> {
    const issued = send('POST', '/v1/demo/token', { identity });
    return (await answerOf<{ token: string }>(issued)).token;
  }

  return async (who, method, path, json) => {
    const token = tokens.get(who) ?? tokenOf(who);
    tokens.set(who, token);
    return send(method, path, json, await token);
  };
}
