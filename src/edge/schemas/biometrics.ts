import { z } from '@hono/zod-openapi';
import { modalities, sampleBytesMax } from '../../domain/biometrics/ports.ts';
import { idSchema, instantSchema } from './common.ts';
import { paymentSchema } from './payments.ts';

export const modalitySchema = z.enum(modalities);

const sampleSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]+$/)
  .max(Math.ceil((sampleBytesMax * 4) / 3))
  .openapi({
    description: `Base64url, ${sampleBytesMax} bytes at most; for a face a PNG or JPEG file with one face.`,
  });

export const modalityParamsSchema = z.object({ modality: modalitySchema });

const enrolmentSchema = z
  .object({
    modality: modalitySchema,
    service: z.string(),
    enrolledAt: instantSchema,
    endsAt: instantSchema,
    consent: z.object({ text: z.string(), signatureHex: z.string() }),
  })
  .openapi('BiometricEnrolment');

export const biometricsSchema = z
  .object({
    offered: z.array(
      z.object({
        modality: modalitySchema,
        service: z.string(),
        liveness: z.enum(['none', 'provided']).openapi({
          description: 'Whether the service tells a living person from a picture.',
        }),
        days: z.int().openapi({ description: 'How long a template is kept.' }),
      }),
    ),
    enrolled: z.array(enrolmentSchema),
  })
  .openapi('Biometrics');

export const newEnrolmentSchema = z
  .strictObject({
    personalKeyId: idSchema,
    sample: sampleSchema,
    signature: z
      .string()
      .regex(/^[A-Za-z0-9_-]{11,110}$/)
      .openapi({
        description: 'Of both halves of the personal key, DER, over the text of the consent.',
      }),
  })
  .openapi('NewBiometricEnrolment');

export const enrolmentAnswerSchema = enrolmentSchema;

export const lookSchema = z
  .strictObject({ modality: modalitySchema, sample: sampleSchema })
  .openapi('BiometricLook');

export const lookedSchema = z
  .object({
    payment: paymentSchema,
    finding: z.enum(['match', 'no_match', 'unusable', 'unavailable']).openapi({
      description: 'Only a match clears the order.',
    }),
  })
  .openapi('BiometricLooked');

export type BiometricsView = z.infer<typeof biometricsSchema>;
export type EnrolmentView = z.infer<typeof enrolmentSchema>;
