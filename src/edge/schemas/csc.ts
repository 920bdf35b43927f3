import { z } from '@hono/zod-openapi';
import { multisignMax } from '../../domain/signing/remote-signing.ts';

// Member names are those of the standard (CSC API v2); members that it allows and that say nothing
// here, such as `clientData`, are read and left alone.

const text = (most: number) => z.string().min(1).max(most);
const hash = z
  .string()
  .regex(/^[0-9A-Za-z+/]{43}=$/)
  .openapi({ description: '32 bytes, base64.' });
const hashes = z.array(hash).min(1).max(multisignMax);
const credentialID = z.uuid();
const oid = z.string().regex(/^[0-2](?:\.\d{1,12}){2,15}$/);
const clientData = z.string().max(1024).optional();
const lang = z.string().max(16).optional();

export const cscInfoRequestSchema = z.object({ lang });
export const cscInfoSchema = z
  .object({
    specs: z.string(),
    name: z.string(),
    logo: z.string(),
    region: z.string(),
    lang: z.string(),
    description: z.string(),
    authType: z.array(z.string()),
    oauth2Issuer: z.string(),
    methods: z.array(z.string()),
    asynchronousOperationMode: z.boolean(),
    validationInfo: z.boolean(),
    signAlgorithms: z.object({ algos: z.array(z.string()) }),
    signature_formats: z.object({
      formats: z.array(z.string()),
      envelope_properties: z.array(z.array(z.string())),
    }),
    conformance_levels: z.array(z.string()),
  })
  .openapi('CscInfo');

export const cscListRequestSchema = z.object({
  userID: z.string().max(64).optional(),
  credentialInfo: z.boolean().optional(),
  certificates: z.enum(['none', 'single', 'chain']).optional(),
  certInfo: z.boolean().optional(),
  authInfo: z.boolean().optional(),
  onlyValid: z.boolean().optional(),
  lang,
  clientData,
});

const credentialInfoSchema = z
  .object({
    description: z.string(),
    key: z.object({
      status: z.enum(['enabled', 'disabled']),
      algo: z.array(z.string()),
      len: z.int(),
      curve: z.string(),
    }),
    cert: z.object({
      status: z.enum(['valid', 'expired', 'revoked', 'suspended']),
      certificates: z.array(z.string()).optional(),
      issuerDN: z.string().optional(),
      serialNumber: z.string().optional(),
      subjectDN: z.string().optional(),
      validFrom: z.string().optional(),
      validTo: z.string().optional(),
    }),
    auth: z
      .object({
        mode: z.literal('explicit'),
        expression: z.string(),
        objects: z.array(
          z.object({
            type: z.literal('ChallengeResponse'),
            id: z.string(),
            format: z.literal('A'),
            label: z.string(),
            description: z.string(),
          }),
        ),
      })
      .optional(),
    SCAL: z.literal('2'),
    multisign: z.int(),
    lang: z.string(),
  })
  .openapi('CscCredentialInfo');

export type CscCredentialInfo = z.infer<typeof credentialInfoSchema>;
export const cscListSchema = z
  .object({
    credentialIDs: z.array(z.string()),
    credentialInfos: z.array(credentialInfoSchema.extend({ credentialID: z.string() })).optional(),
    onlyValid: z.boolean().optional(),
  })
  .openapi('CscCredentials');

export const cscInfoOfRequestSchema = z.object({
  credentialID,
  certificates: z.enum(['none', 'single', 'chain']).default('single'),
  certInfo: z.boolean().default(false),
  authInfo: z.boolean().default(false),
  lang,
  clientData,
});
export const cscCredentialInfoSchema = credentialInfoSchema;

/** What shall be signed: hashes as they are, or digests of documents. */
const signed = {
  hashes: hashes.optional(),
  documentDigests: z
    .array(
      z.object({
        hashes,
        hashAlgorithmOID: oid,
        signature_format: z.enum(['C', 'X', 'P', 'J']),
        conformance_level: z.string().max(16).optional(),
        signAlgo: oid,
        signed_envelope_property: z.string().max(32).optional(),
      }),
    )
    .max(multisignMax)
    .optional()
    .openapi({ description: 'As `signatures/signDoc` will name them.' }),
  hashAlgorithmOID: oid.optional(),
};

export type CscSigned = z.infer<z.ZodObject<typeof signed>>;

export const cscChallengeRequestSchema = z
  .object({
    credentialID,
    numSignatures: z.int().min(1).max(multisignMax),
    ...signed,
    authObjectId: z.string().max(64).optional(),
    description: text(200).optional(),
    clientData,
  })
  .openapi('CscChallengeRequest');

export const cscChallengeSchema = z.object({
  challenge: z.string().openapi({
    description:
      'Base64url of JSON: a list of { operationId, statement }, one for each hash in order. The person signs each statement with the personal key.',
  }),
});

export const cscAuthorizeRequestSchema = z
  .object({
    credentialID,
    numSignatures: z.int().min(1).max(multisignMax),
    ...signed,
    authData: z
      .array(z.object({ id: text(64), value: text(16_384) }))
      .min(1)
      .max(4),
    description: z.string().max(500).optional(),
    clientData,
  })
  .openapi('CscAuthorizeRequest');
export const cscAuthorizedSchema = z.object({ SAD: z.string(), expiresIn: z.int() });

const call = {
  credentialID,
  SAD: text(128),
  operationMode: z.enum(['A', 'S']).default('S'),
  validity_period: z.int().optional(),
  response_uri: z.string().max(1024).optional(),
  clientData,
};

export const cscSignHashRequestSchema = z
  .object({
    ...call,
    hashes,
    hashAlgorithmOID: oid.optional(),
    signAlgo: oid,
    signAlgoParams: z.string().max(1024).optional(),
  })
  .openapi('CscSignHashRequest');

export const cscSignDocRequestSchema = z
  .object({ ...call, documentDigests: signed.documentDigests })
  .openapi('CscSignDocRequest');

export const cscResponseSchema = z.object({ responseID: z.string() });
export const cscPollRequestSchema = z.object({ responseID: text(128), clientData });
export const cscSignaturesSchema = z
  .object({
    signatures: z.array(z.string()).optional(),
    SignatureObject: z.array(z.string()).optional(),
  })
  .openapi('CscSignatures');

export const cscErrorSchema = z
  .object({ error: z.string(), error_description: z.string(), code: z.string() })
  .openapi('CscError');
