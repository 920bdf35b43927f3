// What only the host of a local run may ask of the edge, over the same address as everybody.

const sweepPath = '/v1/host/sweep';

const digest = (text: string) => crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));

/**
 * Whether the host asks for the sweep that a cron trigger brings in a deployment. The key is made at
 * each start and nobody else has it; without one, or with another, there is no such address.
 */
export async function isSweepOfHost(request: Request, key: string | undefined): Promise<boolean> {
  if (!key || request.method !== 'POST' || !request.url.endsWith(sweepPath)) return false;
  const given = request.headers.get('authorization') ?? '';
  const [a, b] = await Promise.all([digest(given), digest(`Bearer ${key}`)]);
  return crypto.subtle.timingSafeEqual(a, b);
}
