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

/** The actor and the request in which it acts; both stand in every audit record. */
export interface Caller {
  readonly actor: Actor;
  readonly requestId: string;
  /** The terminal whose session carries the request; absent outside sessions. */
  readonly terminalId?: string;
}
