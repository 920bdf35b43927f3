import type { ReadOptions, WriteOptions } from './api.ts';
import { follow } from './events.ts';
import type {
  Caps,
  FederationInfo,
  FederationModel,
  Scoring,
  ScoringProgress,
} from './federation-types.ts';

interface Ways {
  getJson<T>(path: string, read?: ReadOptions): Promise<T>;
  post<T>(path: string, body: object, options?: WriteOptions): Promise<T>;
  request(path: string, init?: RequestInit, sendings?: number): Promise<Response>;
  wait(milliseconds: number): Promise<void>;
}

const pathOf = (requestId: string) => `/v1/federation/requests/${encodeURIComponent(requestId)}`;

export function federationCalls({ getJson, post, request, wait }: Ways) {
  const progress = (requestId: string, read?: ReadOptions) =>
    getJson<Scoring>(pathOf(requestId), read);
  return {
    federation: {
      get: (read?: ReadOptions) => getJson<FederationInfo>('/v1/federation', read),
      model: (read?: ReadOptions) => getJson<FederationModel>('/v1/federation/model', read),
      /** Sent once: a request id counts, whatever became of the request. */
      request: (body: { consent: object; boxes: Record<string, string> }, write?: WriteOptions) =>
        post<Scoring>('/v1/federation/requests', body, write),
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
      caps: (read?: ReadOptions) => getJson<Caps>('/v1/federation/caps', read),
    },
  };
}
