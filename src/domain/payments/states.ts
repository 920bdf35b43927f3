/**
 * `assessed`: allowed, waits for the person; `challenged`: waits for more than that; `authorised`:
 * its amount is set aside and the key may move; `executed` and `terminated` are ends.
 */
export const orderStates = [
  'challenged',
  'assessed',
  'authorised',
  'executed',
  'terminated',
] as const;
export type OrderState = (typeof orderStates)[number];

export const orderActions = ['clear', 'authorise', 'execute', 'terminate'] as const;
export type OrderAction = (typeof orderActions)[number];

/** Nothing moves that is not written here: an order ends once, as one thing. */
const moves: Readonly<Record<OrderState, Readonly<Partial<Record<OrderAction, OrderState>>>>> = {
  challenged: { clear: 'assessed', terminate: 'terminated' },
  assessed: { authorise: 'authorised', terminate: 'terminated' },
  authorised: { execute: 'executed', terminate: 'terminated' },
  executed: {},
  terminated: {},
};

export function nextOrderState(state: OrderState, action: OrderAction): OrderState | undefined {
  return moves[state][action];
}
