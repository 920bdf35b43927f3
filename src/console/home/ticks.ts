import { signal } from '@preact/signals';
import { remember, remembered } from '../storage.ts';

/** A step of a journey, `journey.step`. */
export type Tick =
  | 'imprint.enrol'
  | 'imprint.genuine'
  | 'imprint.forged'
  | 'imprint.compare'
  | 'certificate.apply'
  | 'certificate.issue'
  | 'certificate.thaw'
  | 'certificate.alter'
  | 'signing.key'
  | 'signing.grant'
  | 'signing.use'
  | 'signing.verify'
  | 'token.get'
  | 'token.read'
  | 'token.find'
  | 'payment.device'
  | 'payment.pay'
  | 'payment.stopped';

/**
 * Steps that were seen done. What the service holds is asked of it again whenever the person may
 * ask; the rest, and what only this browser did, is remembered here.
 */
export const ticks = signal<ReadonlySet<string>>(new Set(read().done));

function read(): { service: string; done: string[] } {
  try {
    const { service, done } = JSON.parse(remembered('ticks') ?? '{}') as Partial<
      ReturnType<typeof read>
    >;
    return { service: service ?? '', done: done ?? [] };
  } catch {
    return { service: '', done: [] };
  }
}

function write(service: string, done: ReadonlySet<string>): void {
  remember('ticks', JSON.stringify({ service, done: [...done] }));
  ticks.value = done;
}

/** Ticks belong to one service: with stores begun afresh nothing is done. */
export function ticksOf(service: string): void {
  const before = read().service;
  // What was done before the start page was ever open belongs to the service of now.
  if (before !== service) write(service, before === '' ? ticks.peek() : new Set());
}

export function setTick(tick: Tick, done = true): void {
  if (ticks.peek().has(tick) === done) return;
  const next = new Set(ticks.peek());
  if (done) next.add(tick);
  else next.delete(tick);
  write(read().service, next);
}
