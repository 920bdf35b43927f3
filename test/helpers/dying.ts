import type { CertificateDeps } from '../../src/domain/certificates/ports.ts';

/**
 * The same ports for a process that dies around its `fatal`th write, counted from 1: an odd number
 * dies before the write is done, an even one after it was done and before its answer arrives. From
 * then on nothing is answered any more. Dead writes have no number beyond the process's life.
 */
export function dyingAt(deps: CertificateDeps, fatal: number): CertificateDeps {
  let moments = 0;
  let isDead = false;
  function live(): void {
    if (isDead) throw new Error('the process is dead');
  }
  function moment(): void {
    live();
    moments += 1;
    if (moments < fatal) return;
    isDead = true;
    throw new Error('the process dies here');
  }
  function dying<T extends object>(port: T, writes: readonly (keyof T)[]): T {
    const wrapped = Object.entries(port).map(([name, method]) => {
      const isWrite = writes.includes(name as keyof T);
      const call = async (...input: unknown[]) => {
        if (isWrite) moment();
        else live();
        const result: unknown = await (method as (...all: unknown[]) => unknown)(...input);
        if (isWrite) moment();
        return result;
      };
      return [name, call] as const;
    });
    // The same methods under the same names.
    return Object.fromEntries(wrapped) as T;
  }
  return {
    ...deps,
    ledger: dying(deps.ledger, ['append']),
    certificates: dying(deps.certificates, [
      'addCertificate',
      'replaceCertificate',
      'replaceApplication',
    ]),
  };
}
