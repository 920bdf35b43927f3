import type {
  BusinessSystem,
  BusinessSystemChange,
  Extract as Extraction,
  ExtractRequest,
  IssuedToken,
  IssuerKeys,
  KeyRotation,
  NewBusinessSystem,
  ProvenBusinessSystem,
  RegisteredBusinessSystem,
  SampleBusinessSystem,
  TokenAnswer,
  TokenRequest,
} from './token-types.ts';
import type { ListQuery, ReadOptions, Transport } from './transport.ts';
import type { Page } from './types.ts';

/** What a token asked for by a session may say. */
export type SessionGrant = Omit<
  Extract<TokenRequest, { grantType: 'urn:cinnabar:grant:session' }>,
  'grantType'
>;

const systems = '/v1/business-systems';
const keys = '/v1/issuer-keys';
const one = (name: string) => `${systems}/${encodeURIComponent(name)}`;

/** Tokens that were issued, and for administrators what they are signed with and sealed to. */
export function tokenCalls({ getJson, write, queryString }: Transport) {
  return {
    tokens: {
      /** A token for whoever this client speaks for; one that is bound to no key. */
      grant: (request: SessionGrant) =>
        write<TokenAnswer>('POST', '/v1/tokens', {
          grantType: 'urn:cinnabar:grant:session',
          ...request,
        }),
      /** The name of the authentication centre, as it stands in its tokens. */
      issuer: async (read?: ReadOptions) => {
        const path = '/.well-known/oauth-authorization-server';
        return (await getJson<{ issuer: string }>(path, read)).issuer;
      },
      list: (query: ListQuery = {}, read?: ReadOptions) =>
        getJson<Page<IssuedToken>>(`/v1/tokens${queryString({ ...query })}`, read),
      /** Ends a token and everything that came from the same authentication. */
      revoke: (id: string) =>
        write<undefined>('POST', `/v1/tokens/${encodeURIComponent(id)}/revoke`, undefined),
    },
    businessSystems: {
      list: (read?: ReadOptions) => getJson<{ items: BusinessSystem[] }>(systems, read),
      /** `answerChallenge` of `cinnabar/business` reads what this answers. */
      register: (system: NewBusinessSystem) =>
        write<RegisteredBusinessSystem>('POST', systems, system),
      prove: (name: string, challenge: string) =>
        write<ProvenBusinessSystem>('POST', `${one(name)}/proof`, { challenge }),
      /** Of a system in service; `answerChallenge` reads what this answers. */
      nameNextKey: (name: string, key: NewBusinessSystem['key']) =>
        write<RegisteredBusinessSystem>('POST', `${one(name)}/next-key`, { key }),
      proveNextKey: (name: string, challenge: string) =>
        write<BusinessSystem>('POST', `${one(name)}/next-key/proof`, { challenge }),
      /** Tokens are sealed to the next key from now on; `oldKey` says how long the old one stays. */
      useNextKey: (name: string) =>
        write<BusinessSystem>('POST', `${one(name)}/next-key/use`, undefined),
      change: (name: string, change: BusinessSystemChange) =>
        write<BusinessSystem>('PATCH', one(name), change),
    },
    issuerKeys: {
      list: (read?: ReadOptions) => getJson<IssuerKeys>(keys, read),
      rotate: (algorithm: KeyRotation['algorithm']) =>
        write<IssuerKeys>('POST', `${keys}/rotate`, { algorithm }),
      revoke: (id: string) =>
        write<IssuerKeys>('POST', `${keys}/${encodeURIComponent(id)}/revoke`, undefined),
    },
    sensitive: {
      extract: (request: ExtractRequest) =>
        write<Extraction>('POST', '/v1/sensitive/extract', request),
    },
    /** The sample business system; requests to it go through a `tokenHolder`. */
    business: {
      system: (read?: ReadOptions) => getJson<SampleBusinessSystem>('/v1/business/system', read),
    },
  };
}
