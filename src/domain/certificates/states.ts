import type { LedgerEventType } from '../ledger/events.ts';

// Both life cycles, each in one table. Nothing moves that is not written here.

export const applicationStates = [
  'submitted',
  'identified',
  'approved',
  'issued',
  'rejected',
  'withdrawn',
] as const;
export type ApplicationState = (typeof applicationStates)[number];

export const applicationActions = ['identify', 'approve', 'issue', 'reject', 'withdraw'] as const;
export type ApplicationAction = (typeof applicationActions)[number];

/**
 * A6 stands in the first two rows: only an identified application can be approved. One that is
 * approved is closed only while nothing was made for it, which the store decides as it writes.
 */
const applicationMoves: Readonly<
  Record<ApplicationState, Readonly<Partial<Record<ApplicationAction, ApplicationState>>>>
> = {
  submitted: { identify: 'identified', reject: 'rejected', withdraw: 'withdrawn' },
  identified: { approve: 'approved', reject: 'rejected', withdraw: 'withdrawn' },
  approved: { issue: 'issued', reject: 'rejected', withdraw: 'withdrawn' },
  issued: {},
  rejected: {},
  withdrawn: {},
};

export function nextApplicationState(
  state: ApplicationState,
  action: ApplicationAction,
): ApplicationState | undefined {
  return applicationMoves[state][action];
}

/**
 * `prepared`: numbered, perhaps signed, not yet in the ledger; counts as on hold. `frozen`: on hold
 * since birth. `suspended`: on hold after it was active.
 */
export const certificateStates = ['prepared', 'frozen', 'active', 'suspended', 'revoked'] as const;
export type CertificateState = (typeof certificateStates)[number];

export const moveActions = ['freeze', 'thaw', 'suspend', 'resume', 'revoke'] as const;
/** `freeze` is the birth; what administrators call freezing an active certificate is `suspend`. */
export type MoveAction = (typeof moveActions)[number];

const certificateMoves: Readonly<
  Record<CertificateState, Readonly<Partial<Record<MoveAction, CertificateState>>>>
> = {
  prepared: { freeze: 'frozen' },
  frozen: { thaw: 'active', revoke: 'revoked' },
  active: { suspend: 'suspended', revoke: 'revoked' },
  suspended: { resume: 'active', revoke: 'revoked' },
  revoked: {},
};

export function nextCertificateState(
  state: CertificateState,
  action: MoveAction,
): CertificateState | undefined {
  return certificateMoves[state][action];
}

/** The ledger event that each move is. */
export const eventOfMove = {
  freeze: 'frozen',
  thaw: 'thawed',
  suspend: 'suspended',
  resume: 'resumed',
  revoke: 'revoked',
} as const satisfies Readonly<Record<MoveAction, LedgerEventType>>;

const moveOfEvent: ReadonlyMap<string, MoveAction> = new Map(
  moveActions.map((action) => [eventOfMove[action], action]),
);

/** How far the way from thaw to delivery was gone. */
export const deliverySteps = ['none', 'thawed', 'set', 'delivered'] as const;
export type DeliveryStep = (typeof deliverySteps)[number];

/** What the ledger says about a certificate, event after event. */
export interface LedgerView {
  readonly state: CertificateState;
  readonly delivery: DeliveryStep;
}

/**
 * The view after one more event. The ledger decides, so an event that the table does not allow
 * there ends the reading.
 *
 * @throws RangeError naming the move
 */
export function afterEvent(view: LedgerView, type: LedgerEventType): LedgerView {
  const action = moveOfEvent.get(type);
  if (action) {
    const state = nextCertificateState(view.state, action);
    if (!state) throw new RangeError(`ledger: ${action} of a certificate that is ${view.state}`);
    return { state, delivery: action === 'thaw' ? 'thawed' : view.delivery };
  }
  if (type === 'settings') return { ...view, delivery: 'set' };
  if (type === 'issued') return { ...view, delivery: 'delivered' };
  throw new RangeError(`ledger: a certificate has no event of type ${type}`);
}

/** Of these nothing is made any more. */
export const closedStates = [
  'rejected',
  'withdrawn',
] as const satisfies readonly ApplicationState[];

const openStates: readonly ApplicationState[] = ['submitted', 'identified', 'approved'];

/** The states in which somebody still has to act, or those at the end; all without a stage. */
export function stageStates(
  stage: 'pending' | 'processed' | undefined,
): readonly ApplicationState[] | undefined {
  if (stage === undefined) return undefined;
  const isOpen = (state: ApplicationState) => openStates.includes(state);
  return applicationStates.filter((state) => isOpen(state) === (stage === 'pending'));
}
