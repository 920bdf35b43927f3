import { z } from '@hono/zod-openapi';

import { applicationKinds, keyAlgorithms, purposes } from '../../domain/certificates/profiles.ts';
import {
  applicationStates,
  certificateStates,
  deliverySteps,
} from '../../domain/certificates/states.ts';
import { revocationReasons } from '../../domain/certificates/status.ts';
import { identityMethods } from '../../domain/certificates/types.ts';
import { evidenceSteps } from '../../domain/certificates/verify.ts';
import { crlReasons } from '../../domain/certificates/x509/crl.ts';
import {
  channels,
  permissions,
  reasonCodes,
  settingsRoles,
} from '../../domain/federation/settings.ts';
import {
  currencySchema,
  digits,
  filterIdSchema,
  idSchema,
  instantSchema,
  limitSchema,
  line,
  pageOf,
} from './common.ts';

const minorSchema = z
  .string()
  .regex(/^(?:0|[1-9][0-9]{0,17})$/)
  .openapi({ example: '5000000', description: 'Whole minor units, as decimal text.' });

export const serialSchema = z
  .string()
  .regex(/^[0-9a-f]{2,40}$/)
  .openapi({ example: '01c0ffee5eed4a11aa55bb66cc77dd88ee' });

export const serialParamsSchema = z.strictObject({
  serial: serialSchema.openapi({ param: { name: 'serial', in: 'path' } }),
});

const countrySchema = z
  .string()
  .regex(/^[A-Z]{2}$/)
  .openapi({ example: 'CN' });

export const subjectSchema = z
  .strictObject({
    commonName: line(64).min(1).openapi({ example: '陈思远' }),
    organization: line(64).min(1).optional().openapi({ example: '北辰银行' }),
    organizationalUnit: line(64).min(1).optional(),
    country: countrySchema.optional(),
  })
  .openapi('SubjectName');

const limitLineSchema = z
  .strictObject({
    channel: z.enum(channels),
    currency: currencySchema,
    single: minorSchema,
    daily: minorSchema,
    count: z.int().min(0).max(100_000).openapi({ example: 50, description: 'Uses a day.' }),
  })
  .openapi('ChannelLimit');

export const requestedSchema = z
  .strictObject({
    role: z.enum(settingsRoles),
    permissions: z.array(z.enum(permissions)).max(permissions.length),
    limits: z.array(limitLineSchema).max(16),
    dualControlAbove: minorSchema.optional(),
  })
  .openapi('RequestedSettings');

/** Base64 of DER, as between the borders of PEM. */
const requestTextSchema = z
  .string()
  .max(16_384)
  .regex(/^-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----[\sA-Za-z0-9+/=-]+$/)
  .openapi({ description: 'PKCS#10 in PEM, signed by the key that the certificate is for.' });

const dnsNameSchema = z
  .string()
  .max(253)
  .regex(/^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/);

const base64urlSchema = z.string().regex(/^[0-9A-Za-z_-]+$/);

export const newApplicationSchema = z
  .strictObject({
    kind: z.enum(applicationKinds),
    algorithm: z.enum(keyAlgorithms).default('sm2'),
    subject: subjectSchema,
    dnsNames: z.array(dnsNameSchema).max(16).default([]),
    request: requestTextSchema.optional(),
    requested: requestedSchema,
    notAfter: instantSchema.optional().openapi({
      description:
        'When the certificate is to end, for one that is short-lived: in the future, and no later than its kind is in force (a person 365 days, an institution 1,095, a terminal or service 90), which is also the end without this.',
    }),
    scored: z
      .strictObject({
        statement: z.string().max(8192),
        signature: base64urlSchema.max(88),
        nameKey: base64urlSchema.max(43),
      })
      .optional()
      .openapi({
        description:
          'A federated decision that the applicant opened: the signed statement as JSON, its signature, and the key that shows the name. The statement names the key of `request`.',
      }),
  })
  .openapi('NewCertificateApplication');

const settingsSchema = z
  .object({
    tier: z.int().openapi({ example: 3 }),
    role: z.enum(settingsRoles),
    permissions: z.array(z.enum(permissions)),
    limits: z.array(limitLineSchema),
    dualControlAbove: minorSchema,
    approvers: z.object({ min: z.int(), ordered: z.boolean() }),
    validFrom: instantSchema,
    validTo: instantSchema,
    policyHash: z.string(),
    modelHash: z.string().optional(),
    decisionId: z.string(),
    override: z
      .object({
        fromTier: z.int(),
        reason: z.string(),
        maker: z.string(),
        checker: z.string(),
        statementSha256: z.string(),
      })
      .optional()
      .openapi({ description: 'Two persons gave another tier than the score.' }),
  })
  .openapi('CertificateSettings');

export const applicationSchema = z
  .object({
    id: idSchema,
    kind: z.enum(applicationKinds),
    algorithm: z.enum(keyAlgorithms),
    subject: subjectSchema,
    dnsNames: z.array(z.string()),
    requested: requestedSchema,
    notAfter: instantSchema.optional().openapi({ description: 'The end that was asked for.' }),
    state: z.enum(applicationStates),
    identity: z
      .object({
        method: z.enum(identityMethods),
        passed: z.boolean(),
        reference: z.string().openapi({ example: 'RA-2026-0117' }),
        by: z.string().openapi({ example: 'reviewer-he' }),
        at: instantSchema,
      })
      .optional(),
    decision: z
      .object({ settings: settingsSchema, reasons: z.array(z.enum(reasonCodes)) })
      .optional(),
    decidedTier: z
      .int()
      .optional()
      .openapi({ description: 'Of the federated decision that the application carries.' }),
    tierRange: z.object({ tier: z.int(), bestTier: z.int() }).openapi({
      description:
        'By the score or, without one, by the rule: the tier, and the best one that two persons may give instead.',
    }),
    override: z
      .object({
        fromTier: z.int(),
        tier: z.int(),
        reason: z.string(),
        maker: z.string(),
        checker: z.string().optional(),
        proposedAt: instantSchema,
      })
      .optional()
      .openapi({ description: 'It counts once it has a checker.' }),
    decidedBy: z.string().optional(),
    reason: z.string().optional(),
    renews: z.string().optional(),
    applicant: z.string().openapi({ example: 'customer-chen' }),
    keys: z
      .array(z.string())
      .openapi({ description: 'SHA-256 of each SubjectPublicKeyInfo, hex.' }),
    certificates: z.array(z.string()).openapi({ description: 'Serials, once they exist.' }),
    createdAt: instantSchema,
    changedAt: instantSchema,
  })
  .openapi('CertificateApplication');

export const applicationPageSchema = pageOf(applicationSchema).openapi(
  'CertificateApplicationPage',
);

export const applicationQuerySchema = z.strictObject({
  state: z.enum(applicationStates).optional(),
  stage: z.enum(['pending', 'processed']).optional().openapi({
    description: 'All that somebody still has to act on, or all that have come to their end.',
  }),
  cursor: filterIdSchema,
  limit: limitSchema,
});

export const identitySchema = z
  .union([
    z.strictObject({ passed: z.boolean(), reference: line(64).min(1) }),
    z.strictObject({ method: z.literal('federated') }),
  ])
  .openapi('IdentityFinding', {
    description: 'What the officer found; or whom to ask instead.',
  });

export const overrideSchema = z
  .strictObject({ tier: z.int().min(1).max(6), reason: line(200).min(1) })
  .openapi('TierOverride');

export const overrideDecisionSchema = z
  .strictObject({
    decision: z.enum(['confirm', 'refuse']),
    proposedAt: instantSchema.openapi({ description: 'Of the proposal that was read.' }),
  })
  .openapi('TierOverrideDecision');

export const rejectionSchema = z
  .strictObject({ reason: line(200).min(1) })
  .openapi('CertificateRejection');

export const certificateSchema = z
  .object({
    serial: serialSchema,
    kind: z.enum(applicationKinds),
    purpose: z.enum(purposes),
    algorithm: z.enum(keyAlgorithms),
    subject: subjectSchema,
    state: z.enum(certificateStates),
    delivery: z.enum(deliverySteps),
    reason: z.enum(Object.keys(crlReasons) as [string, ...string[]]).optional(),
    pending: z.string().optional().openapi({ description: 'A move that is not finished yet.' }),
    notBefore: instantSchema,
    notAfter: instantSchema,
    applicationId: idSchema,
    holder: z.string().openapi({ example: 'customer-chen' }),
    keyId: z.string().optional().openapi({ description: 'Of a key in the chips.' }),
    ledgerSubject: z.string().openapi({ example: 'cert/00112233445566778899aabbccddeeff' }),
    ledgerIndex: z.int().optional(),
    sha256: z.string().optional(),
    sm3: z.string().optional(),
    certificate: z.string().optional().openapi({ description: 'PEM.' }),
    settings: settingsSchema.optional(),
    changedAt: instantSchema,
    createdAt: instantSchema,
  })
  .openapi('Certificate');

export const certificatePageSchema = pageOf(certificateSchema).openapi('CertificatePage');

export const certificateQuerySchema = z.strictObject({
  q: z.string().max(100).optional().openapi({ description: 'Part of the name or of the serial.' }),
  state: z.enum(certificateStates).optional(),
  expiringDays: digits(1, 3650).optional().openapi({
    description: 'Not revoked, and ends within so many days; the earliest end first.',
  }),
  cursor: filterIdSchema,
  limit: limitSchema,
});

const entrySchema = z.object({
  index: z.int(),
  entry: z.string().openapi({ description: 'The exact bytes, base64url.' }),
  proof: z.array(z.string()).openapi({ description: 'Hashes in hex, from the leaf up.' }),
});

export const verificationSchema = z
  .object({
    ok: z.boolean(),
    code: z.string().optional(),
    at: instantSchema,
    steps: z.array(
      z.object({
        step: z.enum(evidenceSteps),
        ok: z.boolean(),
        code: z.string().optional(),
        facts: z.record(z.string(), z.string()),
      }),
    ),
    evidence: z
      .object({
        certificate: z.string().openapi({ description: 'PEM.' }),
        entry: entrySchema,
        checkpoint: z.string(),
        known: z.object({ checkpoint: z.string(), proof: z.array(z.string()) }).optional(),
        status: z.string(),
        issuers: z.array(z.string()).openapi({ description: 'Permitted issuers, PEM.' }),
      })
      .openapi({ description: 'All that was looked at, to be verified elsewhere.' }),
  })
  .openapi('CertificateVerification');

export const revocationSchema = z
  .strictObject({ reason: z.enum(revocationReasons) })
  .openapi('CertificateRevocation');

export const renewalSchema = z
  .strictObject({ request: requestTextSchema.optional() })
  .openapi('CertificateRenewal');

export const bundleSchema = z
  .object({
    format: z.literal('cinnabar-certificate-bundle/1'),
    serial: serialSchema,
    certificate: z.string().openapi({ description: 'PEM.' }),
    chain: z.array(z.string()).openapi({ description: 'PEM: the issuer, then the root.' }),
    settings: z.object({
      payload: z.string().openapi({ description: 'Canonical JSON; its UTF-8 was signed.' }),
      signatures: z.array(
        z.object({
          scheme: z.enum(['sm2-sm3', 'ecdsa-p256-sha256']),
          spkiSha256: z.string(),
          value: z.string(),
        }),
      ),
    }),
    ledger: z.object({ checkpoint: z.string(), entries: z.array(entrySchema) }),
  })
  .openapi('CertificateBundle');

const hierarchySchema = z.enum(keyAlgorithms).optional();

const generationQuerySchema = z
  .string()
  .regex(/^[1-9][0-9]{0,3}$/)
  .optional()
  .openapi({ description: 'Of the issuing authority; the first one if not given.' });

/** The root has no generation, and changes so rarely that its list needs no delta. */
const isOneThing = ({ role, generation, delta }: Record<string, string | undefined>) =>
  role !== 'root' || (generation === undefined && delta === undefined);

export const authorityQuerySchema = z
  .strictObject({
    algorithm: hierarchySchema.openapi({ description: 'Without it, all authorities in PEM.' }),
    role: z.enum(['issuing', 'root']).optional(),
    generation: generationQuerySchema,
  })
  .refine(isOneThing, { path: ['role'] });

export const crlQuerySchema = z
  .strictObject({
    algorithm: hierarchySchema,
    delta: z.literal('true').optional(),
    role: z.enum(['issuing', 'root']).optional(),
    generation: generationQuerySchema,
  })
  .refine(isOneThing, { path: ['role'] });

export const ocspParamsSchema = z.strictObject({
  request: z
    .string()
    .max(8192)
    .openapi({ param: { name: 'request', in: 'path' }, description: 'Base64 (RFC 6960 A.1).' }),
});

export type CertificateApplication = z.infer<typeof applicationSchema>;
export type Certificate = z.infer<typeof certificateSchema>;
export type CertificateVerification = z.infer<typeof verificationSchema>;
