import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type Biometric, expectedShare, templateBytes } from '../../core/biometric.ts';
import { base64urlBytes, base64urlText } from '../../lib/base64url.ts';
import type { DescribeFace } from './face.ts';

/** Longest request: a picture of 256 KB in base64, and what is around it. */
const requestBytesMax = 400 * 1024;
/** Requests that wait for the networks, which look at one picture at a time. */
const waitingMax = 8;
/**
 * Features closer than this are taken for one person's. The maker's customary 0.6 lets a quarter of
 * strangers pass on the few pictures at hand (docs/biometrics.md).
 */
export const distanceMax = 0.42;
const shareMax = expectedShare(distanceMax);

export interface BiometricHost {
  readonly describe: DescribeFace;
  readonly biometric: Biometric;
  /** What callers must show, 32 bytes or more. */
  readonly secret: string;
}

interface Answer {
  readonly status: number;
  readonly body?: object;
}

/** A request that is not of the contract; says no more. */
const malformed: Answer = { status: 400 };

/**
 * Answers the contract of docs/biometrics.md. It keeps nothing: the protected template goes back to
 * the caller, who sends it again with each picture, and its key with both.
 */
export function serveBiometrics(host: BiometricHost, onFailure: (cause: unknown) => void): Server {
  const oneAtATime = queue();

  async function answer(path: string, body: Readonly<Record<string, unknown>>): Promise<Answer> {
    if (path === '/v1/removals') return { status: 204 };
    const [sample, key] = [bytesIn(body.sample), bytesIn(body.key)];
    if (!sample || key?.length !== 32) return malformed;
    const template = path === '/v1/verifications' ? bytesIn(body.template) : undefined;
    if (path === '/v1/verifications' && template?.length !== templateBytes) return malformed;
    const found = await oneAtATime(() => host.describe(sample));
    if (!found) return { status: 503 };
    if (found.kind === 'unusable') return { status: 422, body: { reason: found.reason } };
    const fresh = host.biometric.protect(found.features, key);
    found.features.fill(0);
    if (!template) return { status: 200, body: { template: base64urlText(fresh) } };
    const share = host.biometric.compare(template, fresh);
    return { status: 200, body: { match: share <= shareMax, share } };
  }

  return createServer((request, response) => {
    respond(host.secret, answer, request, response).catch((cause) => {
      onFailure(cause);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
}

const paths = ['/v1/enrolments', '/v1/verifications', '/v1/removals'];

async function respond(
  secret: string,
  answer: (path: string, body: Readonly<Record<string, unknown>>) => Promise<Answer>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method, url = '' } = request;
  if (method === 'GET' && url === '/healthz') {
    response.writeHead(204).end();
    return;
  }
  if (method !== 'POST' || !paths.includes(url)) {
    response.writeHead(404).end();
    return;
  }
  if (!isCaller(request, secret)) {
    response.writeHead(401, { connection: 'close' }).end();
    return;
  }
  const text = await bodyOf(request);
  if (text === undefined) {
    response.writeHead(413, { connection: 'close' }).end();
    return;
  }
  const body = objectIn(text);
  const { status, body: json } = body ? await answer(url, body) : malformed;
  response.writeHead(status, json ? { 'content-type': 'application/json' } : {});
  response.end(json && JSON.stringify(json));
}

/** Compared by digests, so that time tells nothing about the secret. */
function isCaller({ headers }: IncomingMessage, secret: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(headers.authorization ?? ''), digest(`Bearer ${secret}`));
}

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > requestBytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

const bytesIn = (value: unknown) => (typeof value === 'string' ? base64urlBytes(value) : undefined);

/** Runs one piece of work after the other; nothing when too many wait already. */
function queue() {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    if (waiting >= waitingMax) return undefined;
    waiting++;
    const mine = last.then(work, work);
    last = mine.catch(() => undefined);
    try {
      return await mine;
    } finally {
      waiting--;
    }
  };
}
