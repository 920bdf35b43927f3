import type { Receipt } from '../../core/usage/receipt.ts';
import type { Channel } from '../federation/settings.ts';
import type { Appended } from '../ledger/ports.ts';
import type { BiometricUse } from '../risk/policy.ts';
import type { Assessment, Place, RiskFacts } from '../risk/types.ts';
import type { Row } from '../row-store.ts';
import type { AssessmentRecord } from './assessment.ts';
import type { OrderState } from './states.ts';

export interface Payee {
  /** As `payeeAccount` writes it, once the order is placed. */
  readonly account: string;
  readonly name: string;
  readonly bank: string;
}

/** What a person wants to pay. Everything here is shown, and signed as it was shown. */
export interface OrderTerms {
  readonly payee: Payee;
  readonly amountMinor: number;
  /** ISO 4217. */
  readonly currency: string;
  readonly purpose: string;
}

/** Why an order was not executed. */
export const terminationReasons = ['risk', 'stopped', 'officer', 'expired', 'key_refused'] as const;
export type TerminationReason = (typeof terminationReasons)[number];

/** Another person of the payer's organisation agreed, by this certificate. */
export interface Agreement {
  readonly by: string;
  readonly certificateSerial: string;
  readonly atMs: number;
}

/** A payment order of one payer (E8). Its terms never change. */
export interface Order extends OrderTerms {
  readonly id: string;
  readonly tenant: string;
  /** The actor whose order it is. */
  readonly payer: string;
  readonly channel: Channel;
  /** Under whose settings it is limited. */
  readonly certificateSerial: string;
  readonly personalKeyId: string;
  /** The device that it came from. */
  readonly terminalId: string;
  /** What is shown and signed (`orderText`); the hash of it names the order outside. */
  readonly text: string;
  readonly state: OrderState;
  readonly facts: RiskFacts;
  readonly assessment: Assessment;
  /** Of the assessment when it was placed, as it stands in the text. */
  readonly assessmentHash: string;
  /** Version and hash of the policy that assessed it. */
  readonly policyVersion: number;
  readonly policyHash: string;
  /** What the policy makes of a biometric match, for a challenged order; absent for nothing. */
  readonly biometric?: Exclude<BiometricUse, 'none'>;
  /** How often the person was looked at for it. */
  readonly looks?: number;
  /** How a challenge was met, and by whom. */
  readonly cleared?: { readonly method: 'biometric' | 'officer'; readonly by: string };
  /** Who else must agree, and did; absent below what the certificate's settings say. */
  readonly dualControl?: {
    readonly organization: string;
    readonly needed: number;
    readonly agreed: readonly Agreement[];
  };
  readonly createdAtMs: number;
  readonly authorisedAtMs?: number;
  /** The attempt to sign for which the person was last verified. */
  readonly approvedRequestId?: string;
  readonly endedAtMs?: number;
  readonly termination?: { readonly reason: TerminationReason; readonly by: string };
  /** Of the chip that answered the confirmation, and what it answered. */
  readonly chipReceipt?: Receipt;
  readonly chipAsked?: ChipAsked;
  readonly receipt?: PaymentReceipt;
}

/** What a terminal asked the chip for: with the text, all that the chip's receipt is over. */
export interface ChipAsked {
  /** Of the two shares. */
  readonly epoch: number;
  /** First message of `gm.twoParty.sign`, base64url. */
  readonly message: string;
}

/** What proves an executed payment to anyone: the person's signature, the chip's, the ledger's. */
export interface PaymentReceipt {
  readonly text: string;
  /** SM2 over the text by the payer's joint key, DER, hex. */
  readonly signatureHex: string;
  readonly publicKeyHex: string;
  /** Of the chip that took part in the signature. */
  readonly chipReceipt: Receipt;
  readonly chipAsked: ChipAsked;
  /** What the risk engine said; its hash is the one in the text. */
  readonly assessment: AssessmentRecord;
  readonly assessmentHash: string;
  /** How a challenge was met; null when there was none. */
  readonly cleared: { readonly method: 'biometric' | 'officer'; readonly by: string } | null;
  /** Who else agreed; empty where nobody had to. */
  readonly agreed: readonly Agreement[];
  readonly executedAtMs: number;
  readonly recordSha256: string;
  readonly place?: Appended;
}

/** An order as risk officers find it. The payer's book decides; this follows. */
export interface KeptOrder extends Row {
  readonly order: Order;
}

/** Which order leans on a verification of a seal. It has the id of the verification. */
export interface SealUse extends Row {
  readonly orderId: string;
}

/** A device that pays. It has the id of the personal key whose share it holds. */
export interface PaymentTerminal extends Row {
  readonly owner: string;
  readonly label: string;
  readonly state: 'active' | 'revoked';
  /** Where its passkey lives; `unknown` as long as nothing attested it. */
  readonly keyStore: RiskFacts['device']['keyStore'];
  /** The passkey that opens its share, and confirms what is paid from it. */
  readonly passkeyId?: string;
  readonly enrolledAtMs: number;
}

export interface NewOrder {
  /** The id to give. A retry passes the same one and gets the same order. */
  readonly id: string;
  readonly terms: OrderTerms;
  readonly personalKeyId: string;
  readonly terminalId: string;
  /** Where the request came from, as the network says; the payer has no say in it. */
  readonly place?: Place;
  /** The verification of a seal on paper that the order leans on. */
  readonly sealVerificationId?: string;
}
