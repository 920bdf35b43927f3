/** What a span may be; the order is that of the model's outputs. */
export const labels = [
  'NAME',
  'ID_DOC',
  'CONTACT',
  'PASSWORD',
  'PAYMENT',
  'BIOMETRIC',
  'ADDRESS',
] as const;

export type Label = (typeof labels)[number];

/** 0 outside; then begin, inside, end, single of each label in turn. */
export const TAGS = 1 + 4 * labels.length;
