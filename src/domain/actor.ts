export const roles = [
  'teller',
  'reviewer',
  'administrator',
  'customer',
  'developer',
  'risk_officer',
  'auditor',
  'operator',
] as const;

export type Role = (typeof roles)[number];

/** Who asks. Everything the actor sees and does stays inside its tenant, the institution. */
export interface Actor {
  readonly id: string;
  readonly tenant: string;
  readonly branch: string;
  readonly roles: readonly Role[];
  readonly name: string;
}
