import { type ProfileName, profileNames } from '../../core/token/profiles.ts';

/** Grants of the token route. */
export const grantTypes = [
  'urn:cinnabar:grant:passkey',
  'urn:cinnabar:grant:session',
  'refresh_token',
  'urn:ietf:params:oauth:grant-type:token-exchange',
] as const;
export type GrantType = (typeof grantTypes)[number];

/** What the authentication centre says about itself (RFC 8414 §2, RFC 9449 §5.1). */
export function serverMetadata(issuer: string, profiles: readonly ProfileName[]) {
  return {
    issuer,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    token_endpoint: `${issuer}/v1/tokens`,
    introspection_endpoint: `${issuer}/v1/tokens/introspect`,
    revocation_endpoint: `${issuer}/v1/tokens/revoke`,
    grant_types_supported: [...grantTypes],
    response_types_supported: [],
    token_endpoint_auth_methods_supported: ['none', 'client_secret_post'],
    introspection_endpoint_auth_methods_supported: ['client_secret_post'],
    dpop_signing_alg_values_supported: ['ES256'],
    service_documentation: `${issuer}/docs`,
    cinnabar_profiles_supported: profileNames.filter((name) => profiles.includes(name)),
  };
}
