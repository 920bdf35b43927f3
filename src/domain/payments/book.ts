import { calendarDay } from '../../lib/time.ts';
import { CinnabarError } from '../errors.ts';
import type { PageRequest } from '../ports.ts';
import type { Habit, PaymentLimits, Place } from '../risk/types.ts';
import { type CountStore, countPaid, habitOf } from './habit.ts';
import { nextOrderState, type OrderAction } from './states.ts';
import type { Agreement, Order, PaymentReceipt, TerminationReason } from './types.ts';

/** How long a person has to confirm, once the amount is set aside. */
export const authorisationLifeMs = 2 * 60 * 1000;
/** An order that nobody went on with ends by itself. */
export const orderLifeMs = 30 * 60 * 1000;
/** One that others must agree to waits for them longer. */
export const agreedLifeMs = 24 * 60 * 60 * 1000;

/**
 * The orders of one payer, as they are stored. It answers at once and has one user at a time, so a
 * look and the write that follows from it are one step; what was written is durable before the
 * caller hears of it.
 */
export interface BookStore {
  order(id: string): Order | undefined;
  put(order: Order): void;
  /** Newest first by id. */
  list(page: PageRequest): readonly Order[];
  /** Whose amount was set aside at `sinceMs` or later and is still, or was paid. */
  counted(currency: string, sinceMs: number): readonly CountedOrder[];
  /** Executed after the first and not after the second instant. */
  paidBetween(currency: string, afterMs: number, untilMs: number): HourTotal;
  /** When the first of the orders to this payee that ended at `sinceMs` or later was executed. */
  firstPaidAtMs(payeeAccount: string, sinceMs: number): number | undefined;
  /** The newest executed order that came from a known place. */
  lastPlaced(): Pick<Order, 'facts'> | undefined;
  /** The newest orders, whatever came of them; at most so many. */
  recent(most: number): readonly RecentOrder[];
  readonly counts: CountStore;
}

export type RecentOrder = Pick<Order, 'id' | 'currency' | 'amountMinor' | 'createdAtMs'> & {
  readonly end: 'executed' | TerminationReason | 'open';
};

export const recentMax = 64;

export type CountedOrder = Pick<Order, 'id' | 'state' | 'amountMinor'> & {
  readonly authorisedAtMs: number;
};

export interface HourTotal {
  readonly orders: number;
  readonly amountMinor: number;
}

/** What the payer has done so far, for the risk engine and for limits. */
export interface BookView {
  readonly spentTodayMinor: number;
  readonly ordersToday: number;
  readonly habit: Habit;
  readonly lastHour: HourTotal;
  /** When an order to this payee was first executed, of the last 90 days. */
  readonly firstPaidAtMs?: number;
  /** Where the last executed order of a known place came from, and when. */
  readonly lastPlace?: { readonly place: Place; readonly atMs: number };
  readonly recent: readonly RecentOrder[];
}

/** So often a person may be looked at for one order. */
export const looksMax = 3;

const hourMs = 60 * 60 * 1000;
const dayMs = 24 * hourMs;
const historyMs = 90 * dayMs;

/**
 * The book of one payer: the one place where an order moves. Limits are exact because what is set
 * aside and what was spent are counted in the step that sets aside.
 */
export interface Book {
  /** Keeps a new order. One with this id that is there already is given back as it is. */
  place(order: Order): Order;
  view(input: {
    readonly currency: string;
    readonly payeeAccount: string;
    readonly nowMs: number;
    readonly utcOffsetMinutes: number;
  }): BookView;
  /** @throws CinnabarError `order_state` */
  clear(id: string, cleared: NonNullable<Order['cleared']>, nowMs: number): Order;
  /** Another person agreed; the same one counts once, by the certificate used last. @throws CinnabarError `order_state` */
  agree(id: string, agreement: Agreement, nowMs: number): Order;
  /** Counts a look at the person for a challenged order, before it. @throws CinnabarError `order_state` */
  look(id: string, nowMs: number): Order;
  /** What is known of a challenged order by now; a verdict that ends it does. @throws CinnabarError `order_state` */
  reassess(
    id: string,
    known: Pick<Order, 'facts' | 'assessment' | 'policyVersion' | 'policyHash'>,
    nowMs: number,
  ): Order;
  /**
   * Sets the amount aside, and notes the attempt that the person approved. Repeated by the same
   * attempt it gives the same order.
   *
   * @throws CinnabarError `order_over_limit`, `order_state`, `order_expired`, `second_person_needed`
   */
  authorise(
    id: string,
    input: {
      readonly requestId: string;
      readonly limits: PaymentLimits;
      readonly nowMs: number;
      readonly utcOffsetMinutes: number;
    },
  ): Order;
  /** Notes that a chip answered, its receipt and what it answered. @throws CinnabarError `order_state` */
  answered(id: string, chip: Required<Pick<Order, 'chipReceipt' | 'chipAsked'>>): Order;
  /** Once. @throws CinnabarError `order_state`, `order_expired` */
  execute(id: string, receipt: PaymentReceipt, nowMs: number): Order;
  /** Adds what came after the end: where the receipt stands in the ledger. */
  annotate(id: string, receipt: PaymentReceipt): Order;
  /** @throws CinnabarError `order_state` when it was executed */
  terminate(id: string, reason: TerminationReason, by: string, nowMs: number): Order;
  find(id: string, nowMs: number): Order | undefined;
  list(page: PageRequest, nowMs: number): readonly Order[];
}

export function createBook(store: BookStore): Book {
  /** The order as it is now: one whose time is over has ended. */
  function current(id: string, nowMs: number): Order {
    const order = store.order(id);
    if (!order) throw new CinnabarError('order_not_found');
    return expired(order, nowMs);
  }

  function expired(order: Order, nowMs: number): Order {
    const endsAtMs = orderEndsAtMs(order);
    if (endsAtMs === undefined || nowMs <= endsAtMs) return order;
    const ended = moved(order, 'terminate', {
      endedAtMs: nowMs,
      termination: { reason: 'expired', by: '' },
    });
    store.put(ended);
    return ended;
  }

  function put(order: Order): Order {
    store.put(order);
    return order;
  }

  /** Spent or set aside on the day of `nowMs`, in one currency. */
  function usedOn(nowMs: number, utcOffsetMinutes: number, currency: string, except: string) {
    const today = calendarDay(nowMs, utcOffsetMinutes);
    const counted = store.counted(currency, nowMs - 2 * dayMs).filter(
      ({ id, state, authorisedAtMs }) =>
        id !== except &&
        calendarDay(authorisedAtMs, utcOffsetMinutes) === today &&
        // What is not counted any more has ended for good: a clock that goes back revives nothing.
        (state === 'executed' || current(id, nowMs).state === 'authorised'),
    );
    const spentMinor = counted.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
    return { spentMinor, orders: counted.length };
  }

  return {
    place: (order) => store.order(order.id) ?? put(order),

    view({ currency, payeeAccount, nowMs, utcOffsetMinutes }) {
      const used = usedOn(nowMs, utcOffsetMinutes, currency, '');
      const sinceMs = nowMs - historyMs;
      const firstPaidAtMs = store.firstPaidAtMs(payeeAccount, sinceMs);
      const placed = store.lastPlaced();
      return {
        spentTodayMinor: used.spentMinor,
        ordersToday: used.orders,
        habit: habitOf(store.counts, { currency, sinceMs, nowMs, utcOffsetMinutes }),
        lastHour: store.paidBetween(currency, nowMs - hourMs, nowMs),
        recent: store.recent(recentMax),
        ...(firstPaidAtMs === undefined ? {} : { firstPaidAtMs }),
        ...(placed?.facts.place
          ? { lastPlace: { place: placed.facts.place, atMs: placed.facts.nowMs } }
          : {}),
      };
    },

    clear(id, cleared, nowMs) {
      const order = current(id, nowMs);
      if (order.state === 'assessed' && order.cleared?.by === cleared.by) return order;
      return put(moved(order, 'clear', { cleared }));
    },

    agree(id, agreement, nowMs) {
      const order = current(id, nowMs);
      const { state, dualControl } = order;
      const isWaiting = state === 'assessed' || state === 'challenged';
      if (!dualControl || !isWaiting) throw new CinnabarError('order_state');
      const { by, certificateSerial } = agreement;
      const earlier = dualControl.agreed.find((one) => one.by === by);
      if (earlier?.certificateSerial === certificateSerial) return order;
      const agreed = [...dualControl.agreed.filter((one) => one !== earlier), agreement];
      return put({ ...order, dualControl: { ...dualControl, agreed } });
    },

    look(id, nowMs) {
      const order = current(id, nowMs);
      const looks = (order.looks ?? 0) + 1;
      if (order.state !== 'challenged' || looks > looksMax) throw new CinnabarError('order_state');
      return put({ ...order, looks });
    },

    reassess(id, known, nowMs) {
      const order = current(id, nowMs);
      if (order.state !== 'challenged') throw new CinnabarError('order_state');
      if (known.assessment.verdict !== 'terminate') return put({ ...order, ...known });
      const termination = { reason: 'risk', by: '' } as const;
      return put(moved(order, 'terminate', { ...known, endedAtMs: nowMs, termination }));
    },

    authorise(id, { requestId, limits, nowMs, utcOffsetMinutes }) {
      const order = current(id, nowMs);
      if (order.state === 'authorised') {
        const isSame = order.approvedRequestId === requestId;
        return isSame ? order : put({ ...order, approvedRequestId: requestId });
      }
      assertOpen(order);
      const { needed = 0, agreed = [] } = order.dualControl ?? {};
      if (agreed.length < needed) throw new CinnabarError('second_person_needed');
      const { spentMinor, orders } = usedOn(nowMs, utcOffsetMinutes, order.currency, id);
      const { amountMinor } = order;
      const fits =
        amountMinor <= limits.singleMinor &&
        spentMinor + amountMinor <= limits.dailyMinor &&
        orders + 1 <= limits.dailyCount;
      if (!fits) throw new CinnabarError('order_over_limit');
      return put(
        moved(order, 'authorise', { authorisedAtMs: nowMs, approvedRequestId: requestId }),
      );
    },

    answered(id, chip) {
      const order = store.order(id);
      if (!order) throw new CinnabarError('order_not_found');
      if (order.state === 'executed') return order;
      if (order.state !== 'authorised') throw new CinnabarError('order_state');
      return put({ ...order, ...chip });
    },

    execute(id, receipt, nowMs) {
      const order = current(id, nowMs);
      if (order.state === 'executed') return order;
      assertOpen(order);
      const executed = moved(order, 'execute', { receipt, endedAtMs: nowMs });
      store.put(executed);
      countPaid(store.counts, { ...executed, endedAtMs: nowMs });
      return executed;
    },

    annotate(id, receipt) {
      const order = store.order(id);
      if (!order) throw new CinnabarError('order_not_found');
      if (order.state !== 'executed') throw new CinnabarError('order_state');
      return put({ ...order, receipt });
    },

    terminate(id, reason, by, nowMs) {
      const order = current(id, nowMs);
      if (order.state === 'terminated') return order;
      return put(moved(order, 'terminate', { endedAtMs: nowMs, termination: { reason, by } }));
    },

    find(id, nowMs) {
      const order = store.order(id);
      return order && expired(order, nowMs);
    },

    list: (page, nowMs) => store.list(page).map((order) => expired(order, nowMs)),
  };
}

/** When an order ends if nobody goes on with it; `undefined` once it ended. */
export function orderEndsAtMs(order: Order): number | undefined {
  const { state, authorisedAtMs, createdAtMs, dualControl } = order;
  if (state === 'executed' || state === 'terminated') return undefined;
  if (authorisedAtMs !== undefined) return authorisedAtMs + authorisationLifeMs;
  return createdAtMs + (dualControl ? agreedLifeMs : orderLifeMs);
}

function assertOpen({ termination }: Order): void {
  if (termination?.reason === 'expired') throw new CinnabarError('order_expired');
}

/** The order after one action of the table. @throws CinnabarError `order_state` */
function moved(order: Order, action: OrderAction, changes: Partial<Order>): Order {
  const state = nextOrderState(order.state, action);
  if (!state) throw new CinnabarError('order_state');
  return { ...order, ...changes, state };
}
