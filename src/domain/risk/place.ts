import type { Place } from './types.ts';

const earthKm = 6371;
const tenth = Math.PI / 1800;

/** Great-circle distance in whole kilometres, by the haversine formula on a sphere. */
export function kmBetween(a: Place, b: Place): number {
  const half = (from: number, to: number) => Math.sin(((to - from) * tenth) / 2) ** 2;
  const h =
    half(a.latitudeTenths, b.latitudeTenths) +
    Math.cos(a.latitudeTenths * tenth) *
      Math.cos(b.latitudeTenths * tenth) *
      half(a.longitudeTenths, b.longitudeTenths);
  return Math.round(2 * earthKm * Math.asin(Math.min(1, Math.sqrt(h))));
}

/**
 * A place as the network in front of the service tells it; nothing of it when a part is missing or no
 * number, or out of range.
 */
export function placeFrom(said: object): Place | undefined {
  const { country, latitude, longitude } = said as Readonly<Record<string, unknown>>;
  const latitudeTenths = tenthsOf(latitude, 90);
  const longitudeTenths = tenthsOf(longitude, 180);
  if (typeof country !== 'string' || !/^[A-Z][A-Z0-9]$/.test(country)) return undefined;
  if (latitudeTenths === undefined || longitudeTenths === undefined) return undefined;
  return { country, latitudeTenths, longitudeTenths };
}

function tenthsOf(degrees: unknown, most: number): number | undefined {
  const isText = typeof degrees === 'string' && /^-?\d{1,3}(?:\.\d{1,12})?$/.test(degrees);
  const value = isText ? Number(degrees) : degrees;
  if (typeof value !== 'number' || !(Math.abs(value) <= most)) return undefined;
  // Without the sign of zero, which canonical JSON does not have.
  return Math.round(value * 10) + 0;
}
