import { z } from '@hono/zod-openapi';
import { misbehaviourVerdicts } from '../../domain/signing/misbehaviour.ts';
import { serialSchema } from './certificates.ts';
import { filterIdSchema, idSchema, instantSchema, line, pageOf } from './common.ts';

/** Bytes of a protocol message in base64url, so and so many at most. */
function bytes(lengthMax: number) {
  return z
    .string()
    .max(Math.ceil((lengthMax * 4) / 3))
    .regex(/^[0-9A-Za-z_-]+$/)
    .openapi({ description: 'Base64url without padding.' });
}

export const protocolMessage = bytes(4096);
export const signature = bytes(80).openapi({ description: 'SM2, DER, base64url.' });
export const publicKeyHex = z
  .string()
  .openapi({ description: '04 || x || y in hex; empty while the key is being made.' });
export const hex = z.string().regex(/^[0-9a-f]*$/);

export const newPersonalKeySchema = z
  .strictObject({
    id: idSchema,
    label: line(64).min(1).openapi({ example: '我的手机' }),
    sessionId: idSchema,
    commitment: protocolMessage,
  })
  .openapi('NewPersonalKey');

export const personalKeyNameSchema = z
  .strictObject({ label: line(64).min(1) })
  .openapi('PersonalKeyName');

export const receiptSchema = z
  .record(z.string(), z.unknown())
  .openapi({ description: 'Signed by the chip that answered; it covers the reply.' });

/** As `src/core/usage/share-use.ts` has it. */
const attestationSchema = z
  .object({
    points: z.object({
      epoch: z.int(),
      terminalHex: hex,
      chipsHex: hex,
      jointHex: hex,
    }),
    receipt: receiptSchema,
  })
  .openapi('ShareAttestation', {
    description:
      'The public shares of a key, signed by a chip: whoever keeps it can judge answers.',
  });

export const personalKeySchema = z
  .object({
    id: z.string(),
    state: z.enum(['pending', 'active', 'withdrawn']),
    label: z.string(),
    publicKeyHex,
    certificateSerial: serialSchema.nullable(),
    lockedUntil: instantSchema.nullable(),
    failedAttempts: z.int(),
    refreshing: z.boolean(),
    attestation: attestationSchema.nullable(),
    createdAt: instantSchema,
  })
  .openapi('PersonalKey');

export type PersonalKey = z.infer<typeof personalKeySchema>;

export const startedKeySchema = z
  .object({ key: personalKeySchema, message: protocolMessage })
  .openapi('StartedPersonalKey');

export const openingSchema = z.strictObject({ sessionId: idSchema, opening: protocolMessage });
export const personalKeyPageSchema = pageOf(personalKeySchema).openapi('PersonalKeyPage');
export const bindingSchema = z.strictObject({ serial: serialSchema });

export const signingPurposes = [
  'certificate_request',
  'refresh_proof',
  'grant_change',
  'approval',
  'statement',
  'outcome',
  'terminal_keys',
  'biometric_consent',
] as const;

export const coSignatureSchema = z
  .strictObject({
    requestId: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/)
      .openapi({ description: 'Names this signature; the chips answer it once.' }),
    epoch: z.int().min(0).max(1_000_000),
    message: protocolMessage,
    purpose: z.enum(signingPurposes),
    subjectId: filterIdSchema.openapi({
      description: 'The grant change or the operation; absent for the other purposes.',
    }),
    request: bytes(4096).optional().openapi({
      description:
        'Of a certificate request its CertificationRequestInfo, DER; of terminal keys and of a biometric consent their text.',
    }),
  })
  .openapi('CoSignature');

export const coSignedSchema = z
  .object({ reply: protocolMessage, receipt: receiptSchema })
  .openapi('CoSigned');

/** What a terminal kept of a run in which the answer was no half of a signature. */
export const transcriptSchema = z
  .strictObject({
    requestId: z.string().min(1).max(128),
    digest: bytes(32),
    context: bytes(512),
    message: protocolMessage,
    reply: protocolMessage,
    nonces: bytes(64).optional().openapi({
      description: 'The terminal’s u and v of this one run, with which anybody repeats its check.',
    }),
    receipt: receiptSchema.optional(),
  })
  .openapi('Transcript');

export const misbehaviourSchema = z
  .object({
    id: z.string(),
    reportedBy: z.string(),
    personalKeyId: z.string(),
    verdict: z.enum(misbehaviourVerdicts).openapi({
      description:
        '`proved`: a chip signed this answer to exactly this question, and it is wrong. `not_receipted`: what arrived is not what a chip sent. `cinnabar audit judge` judges again, with pinned chips.',
    }),
    transcript: transcriptSchema,
    attestation: attestationSchema.nullable(),
    at: instantSchema,
  })
  .openapi('Misbehaviour');

export type MisbehaviourView = z.infer<typeof misbehaviourSchema>;
export const misbehaviourPageSchema = pageOf(misbehaviourSchema).openapi('MisbehaviourPage');

export const refreshStartSchema = z.strictObject({
  sessionId: idSchema,
  epoch: z.int().min(0).max(1_000_000),
  commitment: protocolMessage,
});
export const protocolReplySchema = z.object({ message: protocolMessage });
export const refreshedSchema = z.object({ epochs: z.array(z.int()) });
export const signatureSchema = z.strictObject({ signature });
export const pinSchema = z.strictObject({
  verifier: bytes(32).openapi({ description: 'What the terminal derives from the PIN.' }),
});
export const pepperSchema = z.object({ pepper: z.string() });

export const withdrawalSchema = z.strictObject({
  reason: z.enum(['ended', 'lost']).default('ended').openapi({
    description: 'Why: it is what the revocation of the certificate says.',
  }),
});

export const withdrawnSchema = z.object({
  key: personalKeySchema,
  tombstones: z.array(z.record(z.string(), z.unknown())),
});
