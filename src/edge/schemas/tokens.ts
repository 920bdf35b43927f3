import { z } from '@hono/zod-openapi';
import { issuerAlgorithms } from '../../domain/tokens/issuer-keys.ts';
import { attestationLevels, issuerKeyStates } from '../../domain/tokens/types.ts';
import { labels, profileNames, sealableLabels } from '../../domain/tokens/vocabulary.ts';
import { idSchema, instantSchema, line, pageOf } from './common.ts';

const institutionSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/)
  .openapi({ example: 'beichen-bank' });
export const systemNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{1,63}$/)
  .openapi({ example: 'bills', description: 'The name of a business system.' });
const secretSchema = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
export const credentialIdSchema = z.string().regex(/^[A-Za-z0-9_-]{1,1400}$/);
const bytesSchema = z.string().regex(/^[A-Za-z0-9_-]{0,16384}$/);

/**
 * Whatever a terminal sends of them is dropped: the output of the `prf` extension is its secret, and
 * a terminal that sends it along must not leave it here.
 */
const extensionResultsSchema = z.object({});

/** What a browser's `PublicKeyCredential.toJSON()` gives (WebAuthn §5.1). */
const registrationResponseSchema = z.object({
  id: credentialIdSchema,
  rawId: credentialIdSchema,
  type: z.literal('public-key'),
  response: z.object({
    clientDataJSON: bytesSchema,
    attestationObject: bytesSchema,
    transports: z.array(z.string().max(32)).max(8).optional(),
  }),
  clientExtensionResults: extensionResultsSchema,
});

export const assertionResponseSchema = z.object({
  id: credentialIdSchema,
  rawId: credentialIdSchema,
  type: z.literal('public-key'),
  response: z.object({
    clientDataJSON: bytesSchema,
    authenticatorData: bytesSchema,
    signature: bytesSchema,
    userHandle: bytesSchema.optional(),
  }),
  clientExtensionResults: extensionResultsSchema,
});

export const passkeyOptionsSchema = z
  .object({
    id: idSchema,
    options: z.looseObject({ challenge: z.string() }).openapi({
      description: 'For `navigator.credentials`, in the JSON form of WebAuthn §5.1.8 and §5.1.9.',
    }),
  })
  .openapi('PasskeyOptions');

export const passkeyRegistrationSchema = z
  .strictObject({ id: idSchema, label: line(60).min(1), response: registrationResponseSchema })
  .openapi('PasskeyRegistration');

export const passkeyParamsSchema = z.strictObject({
  id: credentialIdSchema.openapi({ param: { name: 'id', in: 'path' } }),
});
export const passkeyNameSchema = z.strictObject({ label: line(60).min(1) }).openapi('PasskeyName');

export const passkeySchema = z
  .object({
    id: z.string(),
    label: z.string(),
    attestation: z.object({
      level: z.enum(attestationLevels),
      format: z.string(),
      aaguid: z.string(),
      copied: z.boolean().openapi({ description: 'It may be on several devices of the person.' }),
    }),
    backedUp: z.boolean(),
    createdAt: instantSchema,
    usedAt: instantSchema.nullable(),
  })
  .openapi('Passkey');
export const passkeysSchema = z.object({ items: z.array(passkeySchema) }).openapi('Passkeys');

export const authenticationOptionsSchema = z
  .strictObject({ institution: institutionSchema })
  .openapi('PasskeyAuthenticationRequest');

const audiencesSchema = z
  .array(systemNameSchema)
  .min(1)
  .max(8)
  .openapi({ description: 'Business systems, or `cinnabar` alone for this service itself.' });

const wantedSchema = {
  audiences: audiencesSchema,
  profile: z.enum(profileNames).optional(),
  identity: z
    .record(z.string().max(64), z.unknown())
    .optional()
    .openapi({ description: 'What the terminal knows about the person. The tagger splits it.' }),
  certificate: z
    .string()
    .regex(/^[0-9a-f]{2,40}$/)
    .optional()
    .openapi({ description: 'Serial number of a certificate of the person.' }),
};

const clientSchema = z
  .strictObject({ institution: institutionSchema, id: systemNameSchema, secret: secretSchema })
  .openapi({ description: 'A business system, by the secret of its registration.' });
const tokenTextSchema = z.string().min(1).max(8192);

export const tokenRequestSchema = z
  .discriminatedUnion('grantType', [
    z.strictObject({
      grantType: z.literal('urn:cinnabar:grant:passkey'),
      institution: institutionSchema,
      challengeId: idSchema,
      response: assertionResponseSchema,
      ...wantedSchema,
    }),
    z.strictObject({ grantType: z.literal('urn:cinnabar:grant:session'), ...wantedSchema }),
    z.strictObject({
      grantType: z.literal('refresh_token'),
      refreshToken: z.string().min(1).max(200),
      audiences: audiencesSchema.optional(),
    }),
    z.strictObject({
      grantType: z.literal('urn:ietf:params:oauth:grant-type:token-exchange'),
      client: clientSchema,
      subjectToken: tokenTextSchema,
      audience: systemNameSchema,
    }),
  ])
  .openapi('TokenRequest');

const releasedSchema = z.array(
  z.object({ system: z.string(), labels: z.array(z.enum(sealableLabels)) }),
);

export const tokenAnswerSchema = z
  .object({
    id: z.string(),
    accessToken: z.string(),
    tokenType: z.enum(['Bearer', 'DPoP']),
    expiresAt: instantSchema,
    refreshToken: z.string().optional(),
    profile: z.enum(profileNames),
    audiences: z.array(z.string()),
    released: releasedSchema,
    dropped: z
      .array(z.enum(labels))
      .openapi({ description: 'Labels of what was found and stands in no token.' }),
  })
  .openapi('TokenAnswer');

export const introspectionRequestSchema = z
  .strictObject({ client: clientSchema, token: tokenTextSchema })
  .openapi('IntrospectionRequest');

export const introspectionSchema = z
  .object({
    active: z.boolean(),
    claims: z.looseObject({}).optional(),
    released: z.array(z.enum(sealableLabels)).optional(),
  })
  .openapi('Introspection');

export const revocationRequestSchema = z
  .strictObject({ refreshToken: z.string().min(1).max(200) })
  .openapi('RevocationRequest');

export const issuedTokenSchema = z
  .object({
    id: z.string(),
    holder: z.string(),
    profile: z.enum(profileNames),
    kid: z.string(),
    audiences: z.array(z.string()),
    released: releasedSchema,
    state: z.enum(['active', 'revoked', 'expired']),
    issuedAt: instantSchema,
    expiresAt: instantSchema,
  })
  .openapi('IssuedToken');
export const issuedTokenPageSchema = pageOf(issuedTokenSchema).openapi('IssuedTokenPage');

export const jwksSchema = z.object({ keys: z.array(z.looseObject({ kid: z.string() })) });
export const serverMetadataSchema = z.looseObject({ issuer: z.string() });

export const issuerKeySchema = z
  .object({
    id: z.string(),
    kid: z.string(),
    algorithm: z.string(),
    state: z.enum(issuerKeyStates),
    createdAt: instantSchema,
    changedAt: instantSchema,
  })
  .openapi('IssuerKey');
export const issuerKeysSchema = z
  .object({ items: z.array(issuerKeySchema), overlapSeconds: z.int() })
  .openapi('IssuerKeys');
export const rotationSchema = z
  .strictObject({ algorithm: z.enum(issuerAlgorithms) })
  .openapi('KeyRotation');
export const keyParamsSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    .openapi({ param: { name: 'id', in: 'path' } }),
});

const coordinateSchema = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const releaseSchema = z.strictObject({
  labels: z.array(z.enum(sealableLabels)).max(sealableLabels.length),
  purpose: line(200).min(1),
});
const systemKeySchema = z
  .strictObject({
    kty: z.enum(['EC', 'OKP']),
    crv: z.enum(['P-256', 'X25519', 'SM2']),
    x: coordinateSchema,
    y: coordinateSchema.optional(),
  })
  .openapi({ description: 'Its public key. Tokens are sealed to it.' });
export const newSystemSchema = z
  .strictObject({
    id: systemNameSchema,
    title: line(100).min(1),
    key: systemKeySchema,
    release: releaseSchema,
  })
  .openapi('NewBusinessSystem');
export const nextKeySchema = z.strictObject({ key: systemKeySchema }).openapi('NextSystemKey');

export const systemSchema = z
  .object({
    id: z.string(),
    title: z.string(),
    state: z.enum(['pending', 'active', 'suspended']),
    kid: z.string(),
    curve: z.string(),
    nextKey: z
      .object({ kid: z.string(), isProven: z.boolean() })
      .optional()
      .openapi({ description: 'The key to follow; nothing is sealed to it yet.' }),
    oldKey: z
      .object({ kid: z.string(), until: instantSchema })
      .optional()
      .openapi({ description: 'The key before, and how long the system must keep it.' }),
    release: releaseSchema,
    createdAt: instantSchema,
  })
  .openapi('BusinessSystem');
export const systemsSchema = z.object({ items: z.array(systemSchema) }).openapi('BusinessSystems');
export const registeredSystemSchema = z
  .object({
    system: systemSchema,
    challenge: z.string().openapi({ description: 'A compact JWE; its `challenge` is the answer.' }),
  })
  .openapi('RegisteredBusinessSystem');
export const systemProofSchema = z.strictObject({ challenge: secretSchema }).openapi('SystemProof');
export const provenSystemSchema = z
  .object({ system: systemSchema, secret: z.string() })
  .openapi('ProvenBusinessSystem');
export const systemChangeSchema = z
  .strictObject({
    release: releaseSchema.optional(),
    state: z.enum(['active', 'suspended']).optional(),
  })
  .openapi('BusinessSystemChange');
export const systemParamsSchema = z.strictObject({
  name: systemNameSchema.openapi({ param: { name: 'name', in: 'path' } }),
});
