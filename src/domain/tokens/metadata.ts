import { type ProfileName, profileNames } from '../../core/token/profiles.ts';

/** Grants of the token endpoint; a first token is asked for in JSON, by passkey or session. */
const grantTypes = ['refresh_token', 'urn:ietf:params:oauth:grant-type:token-exchange'];
const firstGrantTypes = ['urn:cinnabar:grant:passkey', 'urn:cinnabar:grant:session'];
const clientMethods = ['client_secret_basic', 'client_secret_post'];

/** What the authentication centre says about itself (RFC 8414 §2, RFC 9449 §5.1). */
export function serverMetadata(issuer: string, profiles: readonly ProfileName[]) {
  return {
    issuer,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    token_endpoint: `${issuer}/v1/oauth/token`,
    introspection_endpoint: `${issuer}/v1/oauth/introspect`,
    revocation_endpoint: `${issuer}/v1/oauth/revoke`,
    grant_types_supported: grantTypes,
    response_types_supported: [],
    token_endpoint_auth_methods_supported: ['none', ...clientMethods],
    introspection_endpoint_auth_methods_supported: clientMethods,
    revocation_endpoint_auth_methods_supported: ['none', ...clientMethods],
    dpop_signing_alg_values_supported: ['ES256'],
    service_documentation: `${issuer}/docs`,
    cinnabar_token_endpoint: `${issuer}/v1/tokens`,
    cinnabar_grant_types_supported: firstGrantTypes,
    cinnabar_profiles_supported: profileNames.filter((name) => profiles.includes(name)),
  };
}
