import type { Federation, ScoringRequest, SettingsCaps } from './types.gen.ts';

export type {
  DemoApplicants,
  FederationModel,
  PartiesHealth,
  ScoringPolicy,
  ScoringPolicyChange,
  ScoringPolicyInForce,
  TrainingReport,
  TrainingRun,
} from './types.gen.ts';
export type FederationInfo = Federation;
export type Scoring = ScoringRequest;
/** How far a request has come; the outcome is in the answer to the request itself. */
export type ScoringProgress = Pick<
  Scoring,
  'requestId' | 'state' | 'stage' | 'nodes' | 'contributors' | 'code'
>;
export type Caps = SettingsCaps;
export type NodeProgress = Scoring['nodes'][number];

export type Permission = Federation['policy']['rows'][number]['permissions'][number];
export type ChannelLimit = NonNullable<NonNullable<Caps['enterprise']>['limits']>[number];
export type SettingsRole = 'viewer' | 'maker' | 'checker' | 'authoriser';

export interface RequestedSettings {
  readonly role: SettingsRole;
  readonly permissions: readonly Permission[];
  readonly limits: readonly ChannelLimit[];
  readonly dualControlAbove?: string;
}

/** What a decision grants. Amounts are minor units as decimal text. */
export interface DecidedSettings {
  readonly tier: number;
  readonly role: SettingsRole;
  readonly permissions: readonly Permission[];
  readonly limits: readonly ChannelLimit[];
  readonly dualControlAbove: string;
  readonly approvers: { readonly min: number; readonly ordered: boolean };
  readonly validFrom: string;
  readonly validTo: string;
  readonly modelHash?: string;
  readonly policyHash: string;
  readonly decisionId: string;
}

/** A decision, opened: what the decision service signed, and how it came about. */
export interface SettingsDecision {
  readonly statement: {
    readonly v: 1;
    readonly requestId: string;
    readonly decisionId: string;
    readonly subject: string;
    readonly subjectKeySha256?: string;
    readonly identity: 'proven' | 'failed';
    readonly settings: DecidedSettings;
    readonly issuedAt: string;
    readonly expiresAt: string;
  };
  /** Base64url, by the roster's decision key over `statement`. */
  readonly signature: string;
  readonly explanation: {
    readonly bands: readonly {
      readonly party: string;
      readonly band: 'helps' | 'neutral' | 'hurts';
    }[];
    readonly binding: readonly ('requested' | 'tier' | 'enterprise' | 'account')[];
    readonly reasons: readonly string[];
    readonly requested: RequestedSettings;
    readonly contributors: readonly string[];
    /** The table of tiers that was decided by; absent in decisions of earlier builds. */
    readonly policy?: { readonly name: string; readonly version: number };
  };
}
