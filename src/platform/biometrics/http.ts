import { type BiometricService, modalities, type Unusable } from '../../domain/biometrics/ports.ts';
import { CinnabarError } from '../../domain/errors.ts';
import { base64urlBytes, base64urlText } from '../../lib/base64url.ts';
import { boundedText } from '../bounded-body.ts';

/** Where a service is reached, and what it is shown. */
export interface BiometricEndpoint
  extends Pick<BiometricService, 'modality' | 'name' | 'liveness'> {
  readonly url: string;
  readonly secret: string;
}

/** A person waits for the answer. */
const answerTimeoutMs = 15_000;
const answerBytesMax = 64 * 1024;
const templateBytesMax = 8 * 1024;

/**
 * A biometric service over HTTP, by the contract of docs/biometrics.md: the product's own host, or an
 * adapter before a bank's. What is not exactly an answer of the contract is none, and none is no yes.
 */
export function httpBiometrics(
  { url, secret, ...about }: BiometricEndpoint,
  timeoutMs = answerTimeoutMs,
): BiometricService {
  async function ask(path: string, body: Readonly<Record<string, Uint8Array>>) {
    const texts = Object.entries(body).map(([name, bytes]) => [name, base64urlText(bytes)]);
    try {
      const response = await fetch(new URL(path, url), {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
        body: JSON.stringify(Object.fromEntries(texts)),
        // An answer that leads elsewhere is not ok, and so refused.
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      });
      return { status: response.status, json: await objectOf(response) };
    } catch (cause) {
      throw new CinnabarError('biometrics_unavailable', { cause });
    }
  }

  return {
    ...about,
    async enrol(sample, key) {
      const { status, json } = await ask('v1/enrolments', { sample, key });
      const template = typeof json.template === 'string' && base64urlBytes(json.template);
      const isWhole = template && template.length > 0 && template.length <= templateBytesMax;
      if (status === 200 && isWhole) return { kind: 'enrolled', template };
      return unusableOr(status, json);
    },
    async verify(template, sample, key) {
      const { status, json } = await ask('v1/verifications', { template, sample, key });
      if (status === 200 && json.match === true) return { kind: 'match' };
      if (status === 200 && json.match === false) return { kind: 'no_match' };
      return unusableOr(status, json);
    },
    async forget(template) {
      const { status } = await ask('v1/removals', { template });
      if (status !== 204) throw new CinnabarError('biometrics_unavailable');
    },
  };
}

function unusableOr(status: number, { reason }: Readonly<Record<string, unknown>>): Unusable {
  const isNamed = typeof reason === 'string' && /^[a-z_]{1,40}$/.test(reason);
  if (status === 422 && isNamed) return { kind: 'unusable', reason };
  throw new CinnabarError('biometrics_unavailable');
}

/** Empty for an answer without one. @throws what reading throws, and for an answer that is too long */
async function objectOf(response: Response): Promise<Readonly<Record<string, unknown>>> {
  const text = await boundedText(response, answerBytesMax);
  if (text === undefined) throw new Error('the answer is too long');
  const isJson = response.headers.get('content-type')?.startsWith('application/json');
  const value: unknown = isJson ? JSON.parse(text) : undefined;
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/**
 * The services of the variable BIOMETRICS: a JSON list of `{ modality, name, liveness, url, secret }`.
 *
 * @throws Error when it is not in its form
 */
export function biometricsOf(text = ''): readonly BiometricService[] {
  if (text === '') return [];
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list)) throw new Error('BIOMETRICS must be a list');
  const services = list.map((value) => httpBiometrics(endpointOf(value)));
  if (new Set(services.map(({ modality }) => modality)).size < services.length) {
    throw new Error('BIOMETRICS: a modality has one service');
  }
  return services;
}

const safe =
  /^(?:https:\/\/[^/\s@]+|http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?)(?:\/\S*)?$/;

function endpointOf(value: unknown): BiometricEndpoint {
  const { modality, name, liveness, url, secret } = { ...(value as Record<string, unknown>) };
  const known = modalities.find((one) => one === modality);
  // A sample is somebody's face: it crosses no network in the open.
  const isSafe = typeof url === 'string' && safe.test(url);
  const isEntry =
    known &&
    typeof name === 'string' &&
    /^[\w .-]{1,60}$/.test(name) &&
    (liveness === 'none' || liveness === 'provided') &&
    isSafe &&
    typeof secret === 'string' &&
    secret.length >= 32;
  if (!isEntry) {
    throw new Error('BIOMETRICS: an entry is not { modality, name, liveness, url, secret }');
  }
  const base = url.endsWith('/') ? url : `${url}/`;
  return { modality: known, name, liveness, url: base, secret };
}
