import { readFile } from 'node:fs/promises';
import { sha1 } from '@noble/hashes/legacy.js';
import { hexToBytes } from '@noble/hashes/utils.js';
import { parseCertificate } from '../../src/core/pki/certificate.ts';
import { parsePublicKey } from '../../src/core/pki/public-key.ts';
import {
  derExplicit,
  derNull,
  derObjectIdentifier,
  derOctetString,
  derSequence,
  derUnsigned,
} from '../../src/lib/der.ts';
import { clientAs, keyPerson } from '../helpers/key-people.ts';
import { identity } from '../helpers/tokens.ts';
import type { LoadRoute } from './load.ts';
import { bareHost } from './service-in-workerd.ts';

/** Pictures of the demo, one of them a reserved imprint and its good copy. */
export const samples = new URL('../../src/console/public/samples/', import.meta.url);
/** Tokens of demo mode live for fifteen minutes. */
const tokenMs = 10 * 60_000;

const json = { 'content-type': 'application/json' };

/**
 * Over a connection of its own: one that was kept may just be closing when this process, which has
 * other things to do, gets round to it.
 */
export const fetchOnce: typeof fetch = (input, init) => {
  const headers = new Headers(init?.headers);
  headers.set('connection', 'close');
  return fetch(input, { ...init, headers });
};

async function answerOf<T>(asked: Promise<Response>): Promise<T> {
  const answer = await asked;
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** The header of a person's token, anew when it grows old. */
function bearerOf(token: () => Promise<string>) {
  let kept: Promise<string> | undefined;
  let sinceMs = 0;
  return async () => {
    const nowMs = performance.now();
    if (!kept || nowMs - sinceMs > tokenMs) {
      sinceMs = nowMs;
      kept = token();
    }
    return { authorization: `Bearer ${await kept}` };
  };
}

type Bearer = ReturnType<typeof bearerOf>;

/** Sample people of a running service who have what the load is about. */
export async function peopleForLoad(url: string) {
  const demo = (who: string) =>
    bearerOf(async () => (await clientAs(url, who, fetchOnce).demo.token(who)).token);
  const teller = demo('teller-zhou');
  const customer = demo('customer-chen');
  const granted = (audience: string) =>
    bearerOf(async () => {
      const grantType = 'urn:cinnabar:grant:session';
      const body = JSON.stringify({ grantType, audiences: [audience], identity });
      const headers = { ...json, ...(await customer()) };
      const asked = fetchOnce(`${url}/v1/tokens`, { method: 'POST', headers, body });
      return (await answerOf<{ accessToken: string }>(asked)).accessToken;
    });
  // Its first request registers the sample business system.
  await answerOf(fetchOnce(`${url}/v1/business/system`));
  const sealId = await enrolledSeal(url, teller);
  await keyPerson(url, 'customer-chen', fetchOnce);
  const headers = await customer();
  const certificates = fetchOnce(`${url}/v1/certificates?limit=1`, { headers });
  type Item = { readonly serial: string; readonly algorithm: string };
  const { items } = await answerOf<{ items: Item[] }>(certificates);
  const { serial = '', algorithm = '' } = items[0] ?? {};
  const issuing = await fetchOnce(`${url}/pki/ca.crt?algorithm=${algorithm}`);
  const issuer = new Uint8Array(await issuing.arrayBuffer());
  const ledger = await answerOf<{ items: { event: { subject: string } }[] }>(
    fetchOnce(`${url}/ledger/entries?limit=1`),
  );
  const subject = ledger.items[0]?.event.subject ?? '';
  return {
    teller,
    customer,
    own: granted('cinnabar'),
    bills: granted('bills'),
    sealId,
    serial,
    issuer,
    subject,
  };
}

export type LoadPeople = Awaited<ReturnType<typeof peopleForLoad>>;

/** The address of an OCSP request for one certificate (RFC 6960 §4.1.1, Appendix A.1). */
function ocspPath(issuer: Uint8Array, serialHex: string, nonce?: Uint8Array): string {
  const { subject, spki } = parseCertificate(issuer);
  const certId = derSequence(
    derSequence(derObjectIdentifier('1.3.14.3.2.26'), derNull()),
    derOctetString(sha1(subject)),
    derOctetString(sha1(parsePublicKey(spki).key)),
    derUnsigned(hexToBytes(serialHex)),
  );
  const questions = derSequence(derSequence(certId));
  const extension =
    nonce &&
    derSequence(derObjectIdentifier('1.3.6.1.5.5.7.48.1.2'), derOctetString(derOctetString(nonce)));
  const extensions = extension ? [derExplicit(2, derSequence(extension))] : [];
  const request = derSequence(derSequence(questions, ...extensions));
  return `/pki/ocsp/${encodeURIComponent(Buffer.from(request).toString('base64'))}`;
}

async function formOf(fields: Record<string, string>, picture?: string): Promise<Response> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  if (picture) form.set('imprint', new File([await readFile(new URL(picture, samples))], picture));
  return new Response(form);
}

async function enrolledSeal(url: string, teller: Bearer): Promise<string> {
  const create = async (path: string, body: FormData | string) => {
    const type = typeof body === 'string' ? json : {};
    const headers = { ...type, ...(await teller()) };
    const asked = fetchOnce(`${url}${path}`, { method: 'POST', headers, body });
    return (await answerOf<{ id: string }>(asked)).id;
  };
  const fresh = String(Date.now());
  const account = { number: fresh, name: 'Load', contact: '0571' };
  const accountId = await create('/v1/seals/accounts', JSON.stringify(account));
  const dates = { startDate: '2026-01-01', endDate: '2036-12-31' };
  const card = await formOf({ accountId, number: fresh, ...dates });
  const cardId = await create('/v1/seals/cards', await card.formData());
  const seal = { cardId, serial: fresh, shape: 'round', dpi: '300' };
  return create('/v1/seals', await (await formOf(seal, 'r01-reserved.jpg')).formData());
}

/** The bare route, for requests with such a body, or one that asks the stores so. */
export function bareRoute({ body, asking = '' }: { body?: Uint8Array; asking?: string } = {}) {
  const type = body ? { 'content-type': 'text/plain' } : {};
  return {
    name: 'bare',
    method: body ? 'POST' : 'GET',
    path: `/v1/bare?${asking}`,
    headers: async () => ({ host: bareHost, ...type }),
    ...(body ? { body } : {}),
  } satisfies LoadRoute;
}

const reading = (name: string, path: string, headers: Bearer): LoadRoute => ({
  name,
  method: 'GET',
  path,
  headers,
});

/** A planted fault: nobody knows who asks. */
export const withBadToken = (route: LoadRoute): LoadRoute => ({
  ...route,
  headers: async () => ({ ...(await route.headers()), authorization: 'Bearer none' }),
});

/** What is asked of the service most. */
export async function mainRoutes(people: LoadPeople) {
  const { teller, customer, own, bills, sealId, serial, issuer, subject } = people;
  const nobody = async () => ({ authorization: '' });
  const fields = { sealId, currency: 'CNY', amountMinor: '1250000', dpi: '300' };
  const imprint = await formOf(fields, 'r01-g0.jpg');
  const type = imprint.headers.get('content-type') ?? '';
  const form = new Uint8Array(await imprint.arrayBuffer());
  return {
    tokenCheck: reading('token check', '/v1/notice', own),
    verifyToken: reading('token opened by a business system', '/v1/business/view', bills),
    certificateRead: reading('certificate', `/v1/certificates/${serial}`, customer),
    certificateStatus: reading('certificate status', `/ledger/subjects/${subject}/status`, nobody),
    ocspAnswer: reading('OCSP answer', ocspPath(issuer, serial), nobody),
    ocspWithNonce: reading(
      'OCSP answer with a nonce',
      ocspPath(issuer, serial, new Uint8Array(16)),
      nobody,
    ),
    sealRead: reading('seal', `/v1/seals/${sealId}`, teller),
    sealVerification: {
      name: 'seal verification',
      method: 'POST',
      path: '/v1/seal-verifications',
      headers: async () => ({ 'content-type': type, ...(await teller()) }),
      body: form,
    } satisfies LoadRoute,
  };
}
