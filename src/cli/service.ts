import { type Client, createClient } from '../client/index.ts';
import { UsageError } from './command.ts';

/** Options of every command that talks to a running service. */
export const serviceOptions = {
  url: {
    type: 'string',
    value: 'URL',
    about: 'the service; CINNABAR_URL, or http://127.0.0.1:8787',
  },
  token: {
    type: 'string',
    value: 'TOKEN',
    about: 'bearer token; CINNABAR_TOKEN keeps it out of the process list',
  },
  as: { type: 'string', value: 'IDENTITY', about: 'in demo mode: act as this identity' },
} as const;

interface ServiceValues {
  readonly url?: string | undefined;
  readonly token?: string | undefined;
  readonly as?: string | undefined;
}

function parsedOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new UsageError(`--url is an http or https address, not ${text}`);
  }
  return url.href.replace(/\/+$/, '');
}

/** Where the service is. */
export function originOf({ url }: ServiceValues): string {
  return parsedOrigin(url ?? process.env.CINNABAR_URL ?? 'http://127.0.0.1:8787');
}

/** The caller's token, or one of a demo identity. */
export function sessionOf(values: ServiceValues): () => Promise<string> {
  const { as: identity, token: given = process.env.CINNABAR_TOKEN } = values;
  if (identity !== undefined) {
    const demo = createClient({ baseUrl: originOf(values) }).demo;
    return async () => (await demo.token(identity)).token;
  }
  if (given === undefined) {
    throw new UsageError('a token is missing: set CINNABAR_TOKEN, or in demo mode --as IDENTITY');
  }
  return async () => given;
}

/** A client that shows the caller's token, or fetches one of a demo identity. */
export function connect(values: ServiceValues): Client {
  return createClient({ baseUrl: originOf(values), token: sessionOf(values) });
}
