import type { ListQuery, ReadOptions, WriteOptions } from './api.ts';
import type { Transport } from './seal-service.ts';
import type { Page, Payment, PaymentStatement } from './types.ts';

const one = (id: string) => `/v1/payments/${encodeURIComponent(id)}`;
const orders = '/v1/risk/orders';

/** Orders of the caller, and for risk officers those of the institution. */
export function paymentCalls({ getJson, write, queryString }: Transport) {
  return {
    payments: {
      list: (query: ListQuery = {}, read?: ReadOptions) =>
        getJson<Page<Payment>>(`/v1/payments${queryString({ ...query })}`, read),
      get: (id: string, read?: ReadOptions) => getJson<Payment>(one(id), read),
      stop: (id: string) => write<Payment>('POST', `${one(id)}/stop`, undefined),
      /** Both days are included, `YYYY-MM-DD`. */
      statement: (period: { from: string; to: string }, read?: ReadOptions) =>
        getJson<PaymentStatement>(`/v1/payment-statement${queryString({ ...period })}`, read),
    },
    assessedOrders: {
      list: (query: ListQuery & { state?: Payment['state'] } = {}, read?: ReadOptions) =>
        getJson<Page<Payment>>(`${orders}${queryString({ ...query })}`, read),
      decide: (id: string, decision: 'allow' | 'terminate', options?: WriteOptions) =>
        write<Payment>(
          'POST',
          `${orders}/${encodeURIComponent(id)}/decision`,
          { decision },
          options,
        ),
    },
  };
}
