import { z } from '@hono/zod-openapi';
import { protections } from '../../domain/chips/keys.ts';
import { misbehaviourVerdicts } from '../../domain/signing/misbehaviour.ts';
import { operationStates } from '../../domain/signing/states.ts';
import { documentActions, grantedOperations } from '../../domain/signing/types.ts';
import { requestedSchema, serialSchema, subjectSchema } from './certificates.ts';
import {
  currencySchema,
  filterIdSchema,
  idSchema,
  instantSchema,
  limitSchema,
  line,
  pageOf,
} from './common.ts';

/** Bytes of a protocol message in base64url, so and so many at most. */
function bytes(lengthMax: number) {
  return z
    .string()
    .max(Math.ceil((lengthMax * 4) / 3))
    .regex(/^[0-9A-Za-z_-]+$/)
    .openapi({ description: 'Base64url without padding.' });
}

export const protocolMessage = bytes(4096);
const signature = bytes(80).openapi({ description: 'SM2, DER, base64url.' });
const publicKeyHex = z
  .string()
  .openapi({ description: '04 || x || y in hex; empty while the key is being made.' });
const hex = z.string().regex(/^[0-9a-f]*$/);

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

const receiptSchema = z
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
    certificateSerial: z.string().nullable(),
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

export const newInstitutionSchema = z
  .strictObject({
    subject: subjectSchema.required({ organization: true }),
    officerKeyIds: z.array(idSchema).min(1).max(16),
    threshold: z.int().min(1).max(16),
  })
  .openapi('NewInstitution');

const officerSchema = z.object({ actor: z.string(), personalKeyId: z.string(), publicKeyHex });

export const institutionSchema = z
  .object({
    id: z.string(),
    subject: subjectSchema,
    officers: z.array(officerSchema),
    threshold: z.int(),
    createdAt: instantSchema,
  })
  .openapi('Institution');

export type Institution = z.infer<typeof institutionSchema>;
export const institutionPageSchema = pageOf(institutionSchema).openapi('InstitutionPage');

export const keyHolderPageSchema = pageOf(
  z
    .object({
      personalKeyId: z.string(),
      actor: z.string(),
      label: z.string(),
      certificateSerial: z.string().nullable(),
    })
    .openapi('KeyHolder'),
).openapi('KeyHolderPage');

export const newOfficersSchema = newInstitutionSchema
  .pick({ officerKeyIds: true, threshold: true })
  .openapi('NewOfficers');

/** Whether a certificate may be relied on now, and if not, why. */
export const standingSchema = z.enum([
  'good',
  'on_hold',
  'revoked',
  'superseded',
  'expired',
  'not_yet_valid',
  'undelivered',
  'unknown',
]);

export const newInstitutionKeysSchema = z
  .strictObject({
    algorithm: z.enum(['sm2', 'p256']),
    requested: requestedSchema,
    protection: z.enum(protections).optional().openapi({
      description:
        'Least protection of the keys. Tokens sign with P-256 inside; SM2 signing keys are `hsm-wrapped` there at best.',
    }),
  })
  .openapi('NewInstitutionKeys');

export const institutionKeySchema = z
  .object({
    id: z.string(),
    institutionId: z.string(),
    algorithm: z.enum(['sm2', 'p256']),
    purpose: z.enum(['signature', 'encryption']),
    publicKeyHex,
    protection: z.enum(protections).openapi({ description: 'What protects it in the chips.' }),
    applicationId: z.string(),
    certificateSerial: z.string().nullable(),
    standing: standingSchema.nullable().openapi({ description: 'Of the certificate, now.' }),
    officers: z.array(officerSchema),
    threshold: z.int(),
    granted: z.int().openapi({ description: 'Persons on the list that the chips enforce.' }),
    renews: z.string().nullable().openapi({ description: 'The key that this one follows.' }),
    renewalId: z
      .string()
      .nullable()
      .openapi({ description: 'The application of the newest renewal.' }),
    createdAt: instantSchema,
  })
  .openapi('InstitutionKey');

export type InstitutionKey = z.infer<typeof institutionKeySchema>;
export const institutionKeyPageSchema = pageOf(institutionKeySchema).openapi('InstitutionKeyPage');
export const appliedKeysSchema = z
  .object({ applicationId: z.string(), keys: z.array(institutionKeySchema) })
  .openapi('AppliedKeys');

export const amountSchema = z.strictObject({
  currency: currencySchema,
  minor: z.int().min(1).max(Number.MAX_SAFE_INTEGER),
});

export const documentTypeSchema = z.string().regex(/^[a-z][a-z0-9_]{0,31}$/);

/** Keys of institutions are named by the application that made them, with a UUID of version 8. */
export const keyIdSchema = z.uuid().openapi({ example: '5f0c1e9a-3b7d-8c21-9a44-0d6b2f1e7c30' });

export const keyParamsSchema = z.strictObject({
  id: keyIdSchema.openapi({ param: { name: 'id', in: 'path' } }),
});

const grantFields = {
  institutionKeyId: keyIdSchema,
  actor: z.string().min(1).max(64),
  personalKeyId: idSchema,
  operations: z.array(z.enum(grantedOperations)).min(1).max(2),
  validFrom: instantSchema,
  validUntil: instantSchema,
  usesMax: z.int().min(1).max(1_000_000),
  documentTypes: z
    .array(documentTypeSchema)
    .max(16)
    .openapi({ description: 'Empty: of any type.' }),
  amountMax: amountSchema.optional(),
  approvalsNeeded: z.int().min(0).max(4),
};

export const newGrantSchema = z.strictObject(grantFields).openapi('NewGrant');

export const grantSchema = z
  .object({
    ...grantFields,
    id: z.string(),
    state: z.enum(['proposed', 'active', 'revoked']),
    publicKeyHex,
    used: z.int(),
    grantedBy: z.string(),
    createdAt: instantSchema,
  })
  .openapi('Grant');

export type Grant = z.infer<typeof grantSchema>;
export const grantPageSchema = pageOf(grantSchema).openapi('GrantPage');

export const grantChangeSchema = z
  .object({
    id: z.string(),
    state: z.enum(['open', 'done', 'outdated']),
    institutionKeyId: z.string(),
    grantId: z.string().nullable().openapi({ description: 'Null when the officers change.' }),
    action: z.enum(['give', 'take', 'officers']),
    terms: z
      .object({
        grantId: z.string(),
        actor: z.string(),
        publicKeyHex,
        operations: z.array(z.enum(grantedOperations)),
        validFromMs: z.int(),
        validUntilMs: z.int(),
        usesMax: z.int(),
        documentTypes: z.array(z.string()),
        amountMax: amountSchema.optional(),
        approvalsNeeded: z.int(),
      })
      .nullable()
      .openapi({
        description: 'The right that is given, whole, as its officers sign it; null otherwise.',
      }),
    list: z
      .array(z.object({ publicKeyHex, operations: z.array(z.enum(grantedOperations)) }))
      .openapi({ description: 'Who may do what from then on, as the chips enforce it.' }),
    officers: z
      .object({ threshold: z.int(), members: z.array(officerSchema) })
      .nullable()
      .openapi({ description: 'Who decides from then on; null when that stays.' }),
    chipEpoch: z.int(),
    listHashHex: hex,
    signedHex: hex.openapi({ description: 'What an officer signs.' }),
    approvedBy: z.array(z.string()),
    threshold: z.int(),
    createdAt: instantSchema,
  })
  .openapi('GrantChange');

export type GrantChange = z.infer<typeof grantChangeSchema>;
export const grantChangePageSchema = pageOf(grantChangeSchema).openapi('GrantChangePage');
export const proposedGrantSchema = z.object({
  grant: grantSchema,
  change: grantChangeSchema.nullable(),
});

/** What fits into a body of JSON; longer content goes in as a document. */
const inputB64 = z
  .string()
  .min(1)
  .max(60_000)
  .regex(/^[0-9A-Za-z+/]+={0,2}$/)
  .openapi({ description: 'Base64.' });

export const operationRequestSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('sign'),
    scheme: z.enum(['sm2-sm3', 'ecdsa-p256-sha256']),
    messageB64: inputB64,
  }),
  z.strictObject({
    kind: z.literal('decrypt'),
    scheme: z.literal('sm2'),
    ciphertextB64: inputB64,
  }),
]);

export const newOperationSchema = z
  .strictObject({
    grantId: idSchema,
    personalKeyId: idSchema,
    request: operationRequestSchema,
    documentType: documentTypeSchema,
    amount: amountSchema.optional(),
    reason: line(200).min(1),
    sealVerificationId: filterIdSchema,
  })
  .openapi('NewOperation');

export const operationDocumentSchema = z
  .object({
    action: z.enum(documentActions),
    name: z.string(),
    bytes: z.int(),
    sha256: hex,
    resultName: z.string(),
    failure: z.enum(['envelope_unreadable']).nullable(),
  })
  .openapi('OperationDocument');

export const operationSchema = z
  .object({
    id: z.string(),
    state: z.enum(operationStates),
    institutionKeyId: z.string(),
    grantId: z.string(),
    personalKeyId: z.string(),
    actor: z.string(),
    kind: z.enum(grantedOperations),
    scheme: z.string(),
    document: operationDocumentSchema.nullable().openapi({
      description: 'Its bytes and what is made of them have an address of their own.',
    }),
    inputB64: z.string().nullable().openapi({
      description:
        'What the key signs or decrypts, for who asked; of a document what it comes down to. Not in lists.',
    }),
    inputForm: z.enum(['message', 'digest', 'ciphertext']),
    documentType: z.string(),
    amount: amountSchema.nullable(),
    reason: z.string(),
    approvals: z.array(z.object({ actor: z.string() })),
    approvalsNeeded: z.int(),
    decision: z.string().openapi({ description: 'Canonical JSON; the statement names its hash.' }),
    approvalText: z.string().nullable().openapi({
      description: 'What an approving person signs, while approvals are missing.',
    }),
    statement: z.string().nullable().openapi({
      description: 'What the person signs before the key moves; valid for two minutes.',
    }),
    outcome: z.string().nullable().openapi({
      description: 'What the person signs after it moved; the result is given for it.',
    }),
    receipt: receiptSchema.nullable().openapi({
      description:
        'Of the chip that moved the key; the outcome names its hash. For who asked, not in lists.',
    }),
    resultB64: z.string().nullable().openapi({ description: 'Not in lists.' }),
    createdAt: instantSchema,
  })
  .openapi('Operation');

export type Operation = z.infer<typeof operationSchema>;
export const operationPageSchema = pageOf(operationSchema).openapi('OperationPage');
export const pendingApprovalsSchema = z
  .object({ changes: z.array(grantChangeSchema), operations: z.array(operationSchema) })
  .openapi('PendingApprovals');
export const operationQuerySchema = z.strictObject({
  cursor: filterIdSchema,
  limit: limitSchema,
  state: z.enum(operationStates).optional(),
});
export const operationApprovalSchema = z.strictObject({ personalKeyId: idSchema, signature });

export const usageRecordSchema = z
  .object({
    body: z.record(z.string(), z.unknown()),
    recordSha256: hex,
    place: z
      .object({
        index: z.int(),
        leafHash: hex,
        size: z.int(),
        checkpoint: z.string(),
        proof: z.array(hex),
      })
      .nullable(),
  })
  .openapi('UsageRecord');

export const exportQuerySchema = z.strictObject({
  from: z.coerce
    .number()
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .default(0)
    .openapi({ description: 'How many records to leave out: those of earlier parts.' }),
});

export type UsageRecordView = z.infer<typeof usageRecordSchema>;
export const usageRecordPageSchema = pageOf(usageRecordSchema).openapi('UsageRecordPage');
export const completedSchema = z
  .object({ operation: operationSchema, record: usageRecordSchema })
  .openapi('CompletedOperation');
