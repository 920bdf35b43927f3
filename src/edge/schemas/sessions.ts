import { z } from '@hono/zod-openapi';
import { sessionSuites } from '../../domain/terminals/ports.ts';
import { idSchema, instantSchema } from './common.ts';

const suiteSchema = z.enum(sessionSuites).openapi({
  description:
    '`x25519`: Noise_KK_25519_ChaChaPoly_SHA256. `sm2`: key exchange of GB/T 32918.3 with SM4-GCM.',
});

/** Bytes in base64url without padding, by how many there are. */
const bytesOfLength = (min: number, max = min) =>
  z
    .string()
    .regex(/^[A-Za-z0-9_-]*$/)
    .min(Math.ceil((min * 4) / 3))
    .max(Math.ceil((max * 4) / 3));

const hashSchema = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .openapi({ description: 'SHA-256, hex.' });

const certifiedKeySchema = z.object({
  publicKey: z.string(),
  chain: z
    .array(z.string())
    .openapi({ description: 'The certificate first, its root last; DER in base64url.' }),
  certificateHash: hashSchema,
  notAfter: instantSchema,
});

export const terminalKeySetSchema = z
  .object({ x25519: certifiedKeySchema.optional(), sm2: certifiedKeySchema.optional() })
  .openapi('TerminalKeySet');

export const sessionServiceSchema = z
  .object({
    now: instantSchema.openapi({ description: 'By it the terminal names the time.' }),
    suites: z
      .array(certifiedKeySchema.extend({ suite: suiteSchema }))
      .openapi({ description: 'The keys to begin sessions with; the preferred suite first.' }),
  })
  .openapi('SessionService');

const keysSchema = z
  .strictObject({
    x25519: bytesOfLength(32).optional(),
    sm2: bytesOfLength(65).optional(),
  })
  .refine(({ x25519, sm2 }) => x25519 !== undefined || sm2 !== undefined);

export const terminalKeysSchema = z
  .strictObject({
    keys: keysSchema,
    signature: bytesOfLength(8, 80).openapi({
      description:
        'Of both halves of the personal key, DER, over the canonical text that names terminal and keys.',
    }),
  })
  .openapi('NewTerminalKeys');

export const renewedKeysSchema = z.strictObject({ keys: keysSchema }).openapi('NextTerminalKeys');

export const newSessionSchema = z
  .strictObject({
    terminalId: idSchema,
    offered: z.array(suiteSchema).min(1).max(sessionSuites.length),
    suite: suiteSchema,
    terminalCertificate: hashSchema,
    serviceCertificate: hashSchema,
    software: z
      .string()
      .regex(/^(?:[0-9a-f]{64})?$/)
      .openapi({
        description: 'SHA-256 of the manifest of what the terminal runs; empty for none.',
      }),
    at: instantSchema,
    message: bytesOfLength(48, 65).openapi({ description: 'First message of the handshake.' }),
  })
  .openapi('NewSession');

export const sessionSchema = z
  .object({
    id: z.string(),
    answer: z.string().openapi({ description: 'Second message of the handshake, base64url.' }),
    endsAt: instantSchema,
  })
  .openapi('Session');

const ciphertextSchema = bytesOfLength(16, 45_000);

export const sessionRequestSchema = z
  .strictObject({
    number: z.int().min(0).max(0xffff_ffff).openapi({ description: 'Each is used once.' }),
    body: ciphertextSchema.openapi({
      description: 'An encrypted request: method, path, idempotency key, JSON body.',
    }),
  })
  .openapi('SessionRequest');

export const sessionAnswerSchema = z
  .object({ body: z.string().openapi({ description: 'The encrypted answer.' }) })
  .openapi('SessionAnswer');

/** What stands inside a request. */
export const innerRequestSchema = z.strictObject({
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  path: z
    .string()
    .max(2048)
    .regex(
      /^\/v1\/(?:payments|payment-statement|terminals|personal-keys|biometrics)(?:[/?][\x21-\x7e]*)?$/,
    ),
  idempotencyKey: z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/)
    .optional(),
  body: z.string().optional(),
});

export type TerminalKeySetView = z.infer<typeof terminalKeySetSchema>;
export type SessionServiceView = z.infer<typeof sessionServiceSchema>;
export type SessionView = z.infer<typeof sessionSchema>;
