import { CinnabarError } from '../domain/errors.ts';
import type { Ledger } from '../domain/ledger/ports.ts';

/** A log as anybody reads it: over HTTP. `base` has no slash at its end. */
export function ledgerOverHttp(
  fetcher: (address: string) => Promise<Response>,
  base: string,
): Pick<Ledger, 'checkpoint' | 'proveConsistency'> {
  async function get(path: string): Promise<Response> {
    const response = await fetcher(`${base}/ledger/${path}`).catch((cause: unknown) => {
      throw new CinnabarError('ledger_unavailable', { cause });
    });
    if (!response.ok) {
      const detail = `The log answered ${response.status}.`;
      throw new CinnabarError('ledger_unavailable', { detail });
    }
    return response;
  }

  return {
    checkpoint: async () => (await get('checkpoint')).text(),
    async proveConsistency(first, second) {
      const answer = await get(`proof/consistency?first=${first}&second=${second}`);
      const { proof } = (await answer.json()) as { proof?: unknown };
      const isProof = Array.isArray(proof) && proof.every((item) => typeof item === 'string');
      if (!isProof) throw new CinnabarError('ledger_unavailable');
      return { first, second, proof };
    },
  };
}
