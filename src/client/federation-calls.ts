import { follow } from './events.ts';
import type {
  FederationInfo,
  FederationModel,
  PartiesHealth,
  Scoring,
  ScoringPolicy,
  ScoringPolicyChange,
  ScoringPolicyInForce,
  ScoringProgress,
  TrainingReport,
  TrainingRun,
} from './federation-types.ts';
import type { ListQuery, ReadOptions, Transport, WriteOptions } from './transport.ts';
import type { Page } from './types.ts';

interface Ways extends Pick<Transport, 'getJson' | 'write' | 'queryString'> {
  post<T>(path: string, body: object, options?: WriteOptions): Promise<T>;
  request(path: string, init?: RequestInit, sendings?: number): Promise<Response>;
  wait(milliseconds: number): Promise<void>;
}

const policies = '/v1/federation/policies';
const runs = '/v1/federation/training-runs';
const segment = encodeURIComponent;
const pathOf = (requestId: string) => `/v1/federation/requests/${encodeURIComponent(requestId)}`;

export function federationCalls({ getJson, write, queryString, post, request, wait }: Ways) {
  const progress = (requestId: string, read?: ReadOptions) =>
    getJson<Scoring>(pathOf(requestId), read);
  return {
    federation: {
      get: (read?: ReadOptions) => getJson<FederationInfo>('/v1/federation', read),
      model: (read?: ReadOptions) => getJson<FederationModel>('/v1/federation/model', read),
      /** Sent once: a request id counts, whatever became of the request. */
      request: (body: { consent: object; boxes: Record<string, string> }, options?: WriteOptions) =>
        post<Scoring>('/v1/federation/requests', body, options),
      progress,
      /**
       * Hears how far a request has come until it has ended: by events, or by asking where a proxy
       * keeps them back. May begin before the service knows the request. Never rejects.
       */
      watch: (
        requestId: string,
        hear: (progress: ScoringProgress) => void,
        signal: AbortSignal,
      ): Promise<void> =>
        follow<ScoringProgress>(
          {
            open: (own) => request(`${pathOf(requestId)}/events`, { signal: own }, 1),
            ask: (own) => progress(requestId, { signal: own }),
            on(value) {
              hear(value);
              return value.state !== 'running';
            },
            wait,
          },
          signal,
        ),
      /** Whether each party lives; they are asked now. */
      parties: (read?: ReadOptions) => getJson<PartiesHealth>('/v1/federation/parties', read),
      trainingRuns: (query: ListQuery = {}, read?: ReadOptions) =>
        getJson<Page<TrainingRun>>(`${runs}${queryString({ ...query })}`, read),
      reportTraining: (id: string, report: TrainingReport) =>
        write<TrainingRun>('PUT', `${runs}/${segment(id)}`, report),
    },
    scoringPolicies: {
      current: (read?: ReadOptions) => getJson<ScoringPolicyInForce>(`${policies}/current`, read),
      propose: (
        proposal: { baseVersion: number; policy: ScoringPolicy; reason: string },
        options?: WriteOptions,
      ) => write<ScoringPolicyChange>('PUT', `${policies}/current`, proposal, options),
      changes: (
        query: ListQuery & { state?: ScoringPolicyChange['state'] } = {},
        read?: ReadOptions,
      ) =>
        getJson<Page<ScoringPolicyChange>>(`${policies}/changes${queryString({ ...query })}`, read),
      decide: (
        id: string,
        decision: { decision: 'approve' | 'reject'; reason: string },
        options?: WriteOptions,
      ) =>
        write<ScoringPolicyChange>(
          'POST',
          `${policies}/changes/${segment(id)}/decision`,
          decision,
          options,
        ),
    },
  };
}
