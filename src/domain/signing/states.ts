/**
 * `asked`: waits for approvals; `approved`: may be activated; `activated`: the person signed and
 * the key may have moved; `executed`: it moved, the outcome is not signed; `completed`: signed,
 * recorded, and only now the result is handed out.
 */
export const operationStates = [
  'asked',
  'approved',
  'activated',
  'executed',
  'completed',
  'refused',
  'cancelled',
] as const;
export type OperationState = (typeof operationStates)[number];

export const operationActions = [
  'approve',
  'activate',
  'execute',
  'complete',
  'refuse',
  'cancel',
] as const;
export type OperationAction = (typeof operationActions)[number];

/** Nothing moves that is not written here. After `activated` there is no way but forward. */
const moves: Readonly<
  Record<OperationState, Readonly<Partial<Record<OperationAction, OperationState>>>>
> = {
  asked: { approve: 'approved', cancel: 'cancelled' },
  approved: { activate: 'activated', cancel: 'cancelled' },
  // `refuse` is the chips' own no; they move no key then, ever, for this request.
  activated: { execute: 'executed', refuse: 'refused' },
  executed: { complete: 'completed' },
  completed: {},
  refused: {},
  cancelled: {},
};

export function nextOperationState(
  state: OperationState,
  action: OperationAction,
): OperationState | undefined {
  return moves[state][action];
}
