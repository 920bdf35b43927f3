import { answerChallenge, type SystemKeys } from '../../core/business.ts';
import { fieldsOf, listOf, textOf } from '../../platform/fields.ts';

const release = { labels: ['NAME', 'CONTACT', 'PAYMENT'], purpose: '票据查询与支付' } as const;

/**
 * The same bills under two names: a system has one key, and tokens of the GM profile are sealed to
 * keys on SM2 alone.
 */
export const billSystems = {
  X25519: { name: 'bills', title: '票据系统（示例）', release },
  SM2: { name: 'bills-gm', title: '票据系统（国密示例）', release },
} as const;

interface Enrolment {
  readonly centre: Fetcher;
  readonly issuer: string;
  readonly system: (typeof billSystems)[keyof typeof billSystems];
  readonly keys: SystemKeys;
}

/**
 * Registers this system at every institution that has a sample developer, as its owner would do it
 * by hand: name and public key, the challenge answered with the private key. What is registered
 * already is left alone.
 *
 * @throws Error when the centre is not in demo mode, or refuses
 */
export async function enrolInDemo(enrolment: Enrolment): Promise<void> {
  const { identities } = fieldsOf(await call(enrolment, undefined, 'GET', '/v1/demo/identities'));
  const registrars = listOf(identities, (one) => ({
    id: textOf(one, 'id'),
    role: textOf(one, 'role'),
    institution: textOf(fieldsOf(one.institution), 'id'),
  })).filter(({ role }) => role === 'developer' || role === 'administrator');
  const institutions = new Map(registrars.map((one) => [one.institution, one.id]));
  for (const identity of institutions.values()) await enrolAs(enrolment, identity);
}

async function enrolAs(enrolment: Enrolment, identity: string): Promise<void> {
  const { keys, issuer, system } = enrolment;
  const { name, title } = system;
  const issued = await call(enrolment, undefined, 'POST', '/v1/demo/token', { identity });
  const token = textOf(fieldsOf(issued), 'token');
  const known = fieldsOf(await call(enrolment, token, 'GET', '/v1/business-systems'));
  const systems = listOf(known.items, (one) => ({
    id: textOf(one, 'id'),
    state: textOf(one, 'state'),
  }));
  if (systems.some(({ id, state }) => id === name && state !== 'pending')) return;
  const request = { id: name, title, key: keys.jwk, release: system.release };
  const started = fieldsOf(await call(enrolment, token, 'POST', '/v1/business-systems', request));
  const key = { issuer, name };
  const challenge = await answerChallenge(textOf(started, 'challenge'), keys.key, key);
  await call(enrolment, token, 'POST', `/v1/business-systems/${name}/proof`, { challenge });
}

async function call(
  { centre }: Enrolment,
  token: string | undefined,
  method: string,
  path: string,
  json?: object,
): Promise<unknown> {
  const headers = new Headers(json ? { 'content-type': 'application/json' } : {});
  if (token) headers.set('authorization', `Bearer ${token}`);
  const response = await centre.fetch(`http://localhost${path}`, {
    method,
    headers,
    ...(json ? { body: JSON.stringify(json) } : {}),
  });
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}`);
  return response.json();
}
