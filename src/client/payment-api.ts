import type { Modality } from '../core/biometric-consent.ts';
import type { PasskeyGesture } from './passkey-api.ts';
import type { SigningRound } from './personal-key-api.ts';
import type { ListQuery, ReadOptions, Transport, WriteOptions } from './transport.ts';
import type {
  BiometricEnrolment,
  BiometricLooked,
  Biometrics,
  ListedPayee,
  NewBiometricEnrolment,
  NewPayment,
  NewSession,
  NewTerminalKeys,
  NextTerminalKeys,
  Page,
  PasskeyOptions,
  Payment,
  PaymentStatement,
  PaymentTerminal,
  RiskPolicy,
  RiskPolicyChange,
  RiskPolicyInForce,
  RiskSimulation,
  Session,
  SessionAnswer,
  SessionRequest,
  SessionService,
  Software,
  TerminalKeySet,
} from './types.ts';

const one = (id: string) => `/v1/payments/${encodeURIComponent(id)}`;
const terminal = (id: string) => `/v1/terminals/${encodeURIComponent(id)}`;
const session = (id: string) => `/v1/sessions/${encodeURIComponent(id)}`;
const orders = '/v1/risk/orders';
const policies = '/v1/risk/policies';
const segment = encodeURIComponent;

/** Orders of the caller, and for risk officers those of the institution. */
export function paymentCalls({ getJson, getText, write, queryString }: PaymentTransport) {
  const statement = (period: { from: string; to: string; format?: 'csv' }) =>
    `/v1/payment-statement${queryString({ ...period })}`;
  return {
    payments: {
      place: (payment: NewPayment, options?: WriteOptions) =>
        write<Payment>('POST', '/v1/payments', payment, options),
      list: (query: ListQuery = {}, read?: ReadOptions) =>
        getJson<Page<Payment>>(`/v1/payments${queryString({ ...query })}`, read),
      get: (id: string, read?: ReadOptions) => getJson<Payment>(one(id), read),
      /** What the passkey of the device is asked about this order, and this order only. */
      challenge: (id: string) => write<PasskeyOptions>('POST', `${one(id)}/challenge`, undefined),
      confirm: (id: string, round: SigningRound & { gesture?: PasskeyGesture }) =>
        write<{ payment: Payment; reply: string }>('POST', `${one(id)}/confirm`, round),
      execute: (id: string, signature: string) =>
        write<Payment>('POST', `${one(id)}/execute`, { signature }),
      /** Has the service compare the payer with what they enrolled; only a match clears the order. */
      look: (id: string, sample: { modality: Modality; sample: string }) =>
        write<BiometricLooked>('POST', `${one(id)}/biometric`, sample, { once: true }),
      /** Agrees to an order of somebody else in the caller's organisation. */
      agree: (id: string) => write<Payment>('POST', `${one(id)}/agree`, undefined),
      /** Orders that wait for the caller to agree. */
      toAgree: (query: ListQuery = {}, read?: ReadOptions) =>
        getJson<Page<Payment>>(`/v1/payment-agreements${queryString({ ...query })}`, read),
      stop: (id: string) => write<Payment>('POST', `${one(id)}/stop`, undefined),
      /** Both days are included, `YYYY-MM-DD`. */
      statement: (period: { from: string; to: string }, read?: ReadOptions) =>
        getJson<PaymentStatement>(statement(period), read),
      statementCsv: (period: { from: string; to: string }, read?: ReadOptions) =>
        getText(statement({ ...period, format: 'csv' }), read),
    },
    terminals: {
      /** The device that holds the share of an own key, guarded by a passkey or by a PIN. */
      register: (device: { personalKeyId: string; passkeyId?: string }) =>
        write<PaymentTerminal>('POST', '/v1/terminals', device),
      list: (query: ListQuery = {}, read?: ReadOptions) =>
        getJson<Page<PaymentTerminal>>(`/v1/terminals${queryString({ ...query })}`, read),
      rename: (id: string, label: string) =>
        write<PaymentTerminal>('PATCH', terminal(id), { label }),
      revoke: (id: string) =>
        write<PaymentTerminal>('POST', `/v1/terminals/${segment(id)}/revoke`, undefined),
    },
    /** `enrolBiometric` of `cinnabar/certificates` signs the consent that `enrol` takes. */
    biometrics: {
      get: (read?: ReadOptions) => getJson<Biometrics>('/v1/biometrics', read),
      enrol: (modality: Modality, body: NewBiometricEnrolment) =>
        write<BiometricEnrolment>('PUT', `/v1/biometrics/${modality}`, body),
      withdraw: (modality: Modality) =>
        write<void>('DELETE', `/v1/biometrics/${modality}`, undefined),
    },
    /** What terminals run: signed by the key manager, in the chips. */
    software: {
      release: (manifest: string) => write<Software>('POST', '/v1/software', { manifest }),
      list: (query: ListQuery = {}, read?: ReadOptions) =>
        getJson<Page<Software>>(`/v1/software${queryString({ ...query })}`, read),
      revoke: (hash: string, reason: string) =>
        write<Software>('POST', `/v1/software/${segment(hash)}/revoke`, { reason }),
    },
    /** The rounds of sessions as they are; `terminalFetch` runs them. */
    sessions: {
      service: (read?: ReadOptions) => getJson<SessionService>('/v1/session-service', read),
      register: (terminalId: string, body: NewTerminalKeys) =>
        write<TerminalKeySet>('PUT', `${terminal(terminalId)}/keys`, body),
      renew: (terminalId: string, body: NextTerminalKeys) =>
        write<TerminalKeySet>('POST', `${terminal(terminalId)}/keys/renew`, body),
      open: (body: NewSession) => write<Session>('POST', '/v1/sessions', body, { once: true }),
      send: (id: string, body: SessionRequest, options?: WriteOptions) =>
        write<SessionAnswer>('POST', `${session(id)}/requests`, body, { ...options, once: true }),
      close: (id: string) => write<void>('DELETE', session(id), undefined),
    },
    assessedOrders: {
      list: (query: ListQuery & { state?: Payment['state'] } = {}, read?: ReadOptions) =>
        getJson<Page<Payment>>(`${orders}${queryString({ ...query })}`, read),
      decide: (id: string, decision: 'allow' | 'terminate', options?: WriteOptions) =>
        write<Payment>('POST', `${orders}/${segment(id)}/decision`, { decision }, options),
    },
    riskPolicies: {
      current: (read?: ReadOptions) => getJson<RiskPolicyInForce>(`${policies}/current`, read),
      propose: (
        proposal: { baseVersion: number; policy: RiskPolicy; reason: string },
        options?: WriteOptions,
      ) => write<RiskPolicyChange>('PUT', `${policies}/current`, proposal, options),
      changes: (
        query: ListQuery & { state?: RiskPolicyChange['state'] } = {},
        read?: ReadOptions,
      ) => getJson<Page<RiskPolicyChange>>(`${policies}/changes${queryString({ ...query })}`, read),
      decide: (
        id: string,
        decision: { decision: 'approve' | 'reject'; reason: string },
        options?: WriteOptions,
      ) =>
        write<RiskPolicyChange>(
          'POST',
          `${policies}/changes/${segment(id)}/decision`,
          decision,
          options,
        ),
      /** What a policy would have said of past orders; nothing changes. */
      simulate: (policy: RiskPolicy) =>
        write<RiskSimulation>('POST', `${policies}/simulation`, { policy }),
    },
    listedPayees: {
      list: (
        query: { listed: 'watched' | 'blocked'; cursor?: string | undefined },
        read?: ReadOptions,
      ) => getJson<Page<ListedPayee>>(`/v1/risk/payees${queryString({ ...query })}`, read),
      put: (
        listing: { account: string; listed: ListedPayee['listed']; reason: string },
        options?: WriteOptions,
      ) => write<ListedPayee>('PUT', '/v1/risk/payees', listing, options),
    },
  };
}

interface PaymentTransport extends Transport {
  getText(path: string, read?: ReadOptions): Promise<string>;
}
