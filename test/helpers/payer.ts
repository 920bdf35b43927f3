import { utf8ToBytes } from '@noble/hashes/utils.js';
import { loadGm } from '../../src/core/gm.ts';
import { keygenContext } from '../../src/core/two-party-context.ts';
import type { Payment } from '../../src/edge/schemas/payments.ts';
import { base64urlBytes, base64urlText } from '../../src/lib/base64url.ts';
import { encodePem } from '../../src/lib/pem.ts';
import { requestedSettings } from './certificates.ts';
import { jointRequestOf, startSignature } from './joint-key.ts';

/** Calls the service as one of its sample people. */
export type Ask = (
  who: string,
  method: 'GET' | 'POST' | 'PUT' | 'PATCH',
  path: string,
  json?: object,
) => Promise<Response>;

export async function answerOf<T>(asked: Promise<Response>): Promise<T> {
  const response = await asked;
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

const gm = await loadGm();
const tenant = 'beichen-bank';
const bytes = (text: string) => base64urlBytes(text) ?? new Uint8Array();

/** A customer with a phone, over HTTP: joint key, certificate in force, registered terminal. */
export async function payerOver(
  ask: Ask,
  who: string,
  freshId: () => string,
  organization = '北辰银行',
) {
  const keyId = freshId();
  const sessionId = freshId();
  const keyPath = `/v1/personal-keys/${keyId}`;
  const client = gm.twoParty.keygen.clientStart(keygenContext({ tenant, keyId }, sessionId));
  const commitment = base64urlText(client.commitment);
  const fresh = { id: keyId, label: '我的手机', sessionId, commitment };
  const first = ask(who, 'POST', '/v1/personal-keys', fresh);
  const { message } = await answerOf<{ message: string }>(first);
  const { share, opening } = gm.twoParty.keygen.clientFinish(client.state, bytes(message));
  const second = { sessionId, opening: base64urlText(opening) };
  await answerOf(ask(who, 'POST', `${keyPath}/finish`, second));

  /** The terminal's first message over the bytes, and what it makes of the cloud's reply. */
  function start(content: Uint8Array, requestId = freshId()) {
    const started = startSignature(share, { tenant, keyId }, content, requestId);
    const { epoch, message } = started;
    return {
      body: { requestId, epoch, message: base64urlText(message) },
      finish: (reply: string) => gm.twoParty.sign.clientFinish(started.state, bytes(reply)),
    };
  }

  /** A joint signature for a purpose, as a terminal makes it with its share elsewhere. */
  async function sign(content: Uint8Array, purpose: object): Promise<Uint8Array> {
    const { body, finish } = start(content);
    const signed = ask(who, 'POST', `${keyPath}/signatures`, { ...body, ...purpose });
    return finish((await answerOf<{ reply: string }>(signed)).reply);
  }

  const request = await jointRequestOf(share, (info) =>
    sign(info, { purpose: 'certificate_request', request: base64urlText(info) }),
  );
  const serial = await certified(ask, who, request, organization);
  await answerOf(ask(who, 'POST', `${keyPath}/certificate`, { serial }));
  await answerOf(ask(who, 'POST', '/v1/terminals', { personalKeyId: keyId }));

  return {
    keyId,
    serial,
    sign,
    start: (payment: Payment) => start(utf8ToBytes(payment.text)),
    /** Confirms and executes: one tap on the phone. */
    async pay(payment: Payment, asked: Ask = ask): Promise<Payment> {
      const path = `/v1/payments/${payment.id}`;
      const { body, finish } = start(utf8ToBytes(payment.text));
      const confirmed = asked(who, 'POST', `${path}/confirm`, body);
      const signature = finish((await answerOf<{ reply: string }>(confirmed)).reply);
      const whole = { signature: base64urlText(signature) };
      return answerOf<Payment>(asked(who, 'POST', `${path}/execute`, whole));
    },
  };
}

/** Takes the request through the registration authority until its certificate is in force. */
async function certified(
  ask: Ask,
  who: string,
  request: Uint8Array,
  organization: string,
): Promise<string> {
  const base = '/v1/certificates';
  const applied = ask(who, 'POST', `${base}/applications`, {
    kind: 'person',
    algorithm: 'sm2',
    subject: { commonName: '陈思远', organization, country: 'CN' },
    request: encodePem('CERTIFICATE REQUEST', request),
    requested: requestedSettings,
  });
  const { id } = await answerOf<{ id: string }>(applied);
  return issuedFor(ask, id);
}

/** What the bank's people do with an application, until its certificate is in force. */
export async function issuedFor(ask: Ask, id: string): Promise<string> {
  const base = '/v1/certificates';
  const path = `${base}/applications/${id}`;
  await answerOf(
    ask('reviewer-he', 'POST', `${path}/identity`, { passed: true, reference: 'RA-1' }),
  );
  const lifted = ask('reviewer-he', 'POST', `${path}/override`, { tier: 3, reason: '柜面核实' });
  const { override } = await answerOf<{ override: { proposedAt: string } }>(lifted);
  const verdict = { decision: 'confirm', proposedAt: override.proposedAt };
  await answerOf(ask('administrator-lin', 'POST', `${path}/override/decision`, verdict));
  const approved = ask('administrator-lin', 'POST', `${path}/approve`);
  const [serial = ''] = (await answerOf<{ certificates: string[] }>(approved)).certificates;
  await answerOf(ask('administrator-lin', 'POST', `${base}/${serial}/thaw`));
  return serial;
}
