import { wholeUnits } from '../../lib/amount-text.ts';
import type { Actor } from '../actor.ts';
import { federatedTierOf, findCertificate, settingsOf, standingOf } from '../certificates/find.ts';
import type { Certificate } from '../certificates/types.ts';
import type { Channel, Settings } from '../federation/settings.ts';
import { kmBetween } from '../risk/place.ts';
import type { PaymentLimits, Place, RiskFacts } from '../risk/types.ts';
import { behaviourHints } from './behaviour.ts';
import type { BookView } from './book.ts';
import type { Device, PaymentDeps } from './ports.ts';
import { sealEvidence } from './seal.ts';
import type { NewOrder, Order, OrderTerms } from './types.ts';

/** What is known of an order when it is placed, and who else must agree to it. */
export async function factsOf(
  deps: PaymentDeps,
  { tenant, id: payer }: Actor,
  { terms, channel, place, sealVerificationId }: NewOrder & { readonly channel: Channel },
  certificateSerial: string,
  device: Device,
): Promise<Pick<Order, 'facts' | 'dualControl'>> {
  const { amountMinor, currency, payee } = terms;
  const nowMs = deps.clock.now();
  const { utcOffsetMinutes } = deps;
  const [found, settings, federatedTier, listed, book, seal] = await Promise.all([
    findCertificate(deps, certificateSerial),
    settingsOf(deps, certificateSerial),
    federatedTierOf(deps, certificateSerial),
    deps.riskRegister.payeeListed(tenant, payee.account),
    deps.books.view(tenant, payer, {
      currency,
      payeeAccount: payee.account,
      nowMs,
      utcOffsetMinutes,
    }),
    sealVerificationId === undefined
      ? undefined
      : sealEvidence(deps, tenant, sealVerificationId, terms),
  ]);
  const limits = settings && paymentLimits(settings, channel, currency);
  const { firstPaidAtMs, lastPlace, recent, ...done } = book;
  const needed = settings ? agreementsNeeded(settings, terms) : 0;
  const organization = found?.subject.organization;
  const facts: RiskFacts = {
    nowMs,
    amountMinor,
    amountUnits: wholeUnits(amountMinor, currency),
    certificate: certificateFact(found, nowMs),
    ...(limits ? { limits } : {}),
    ...done,
    behaviour: behaviourHints(recent, terms, { nowMs, utcOffsetMinutes }),
    payee: { listed, ...(firstPaidAtMs === undefined ? {} : { firstPaidAtMs }) },
    device: {
      enrolledAtMs: device.enrolledAtMs,
      keyStore: device.keyStore,
      hasPasskey: device.passkeyId !== undefined,
    },
    ...(federatedTier === undefined ? {} : { federatedTier }),
    ...(place ? { place } : {}),
    ...(place && lastPlace ? { movement: movementSince(lastPlace, place, nowMs) } : {}),
    ...(seal ? { seal } : {}),
    ...(needed > 0 && organization === undefined ? { lacksSecondPerson: true } : {}),
  };
  return needed > 0 && organization !== undefined
    ? { facts, dualControl: { organization, needed, agreed: [] } }
    : { facts };
}

function certificateFact(
  certificate: Certificate | undefined,
  nowMs: number,
): RiskFacts['certificate'] {
  const standing = certificate ? standingOf(certificate, nowMs) : 'unknown';
  switch (standing) {
    case 'good':
      return 'active';
    case 'on_hold':
    case 'undelivered':
      return 'frozen';
    case 'revoked':
    case 'superseded':
      return 'revoked';
    case 'expired':
    case 'not_yet_valid':
      return 'expired';
    case 'unknown':
      return 'unknown';
  }
}

/**
 * What the settings allow through one channel in one currency; nothing when they name neither, or
 * when they do not allow to make payments at all (A10).
 */
export function paymentLimits(
  { permissions, limits }: Settings,
  channel: Channel,
  currency: string,
): PaymentLimits | undefined {
  const line = limits.find((limit) => limit.channel === channel && limit.currency === currency);
  if (!line || !permissions.includes('make')) return undefined;
  // Settings are decimal texts; an amount of an order is a safe integer, so more is no limit to it.
  const bounded = (text: string) => Number(BigInt.asUintN(53, clamp(BigInt(text))));
  return {
    singleMinor: bounded(line.single),
    dailyMinor: bounded(line.daily),
    dailyCount: line.count,
  };
}

const safeMax = BigInt(Number.MAX_SAFE_INTEGER);

function clamp(value: bigint): bigint {
  return value > safeMax ? safeMax : value;
}

function movementSince(
  last: NonNullable<BookView['lastPlace']>,
  place: Place,
  nowMs: number,
): NonNullable<RiskFacts['movement']> {
  return { km: kmBetween(last.place, place), sinceMs: Math.max(0, nowMs - last.atMs) };
}

const million = 1_000_000n;

/**
 * How many others of the payer's organisation must agree before an order is confirmed, by the settings
 * of the payer's certificate (A10): none up to `dualControlAbove`, which is in CNY. Money of another
 * currency counts by the settings' own rate, and without one always takes a second person.
 */
export function agreementsNeeded(
  { dualControlAbove, approvers, rates }: Settings,
  { amountMinor, currency }: OrderTerms,
): number {
  const micros = currency === 'CNY' ? million : rateOf(rates, currency);
  const isAbove =
    micros === undefined || BigInt(amountMinor) * micros > BigInt(dualControlAbove) * million;
  return isAbove ? approvers.min : 0;
}

function rateOf(rates: Settings['rates'], currency: string): bigint | undefined {
  const rate = rates.find((known) => known.currency === currency);
  return rate && BigInt(rate.cnyMicros);
}
