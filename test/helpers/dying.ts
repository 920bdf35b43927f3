import type { CertificateDeps } from '../../src/domain/certificates/ports.ts';

export type Writes<D> = Partial<Record<keyof D, readonly string[]>>;

/**
 * Which of the writes nothing called. Code that moved on to another method of its port would leave
 * a drill that dies nowhere, and still passes.
 */
export function neverCalled<D>(writes: Writes<D>, called: ReadonlySet<string>): string[] {
  return Object.entries<readonly string[] | undefined>(writes)
    .flatMap(([port, names]) => (names ?? []).map((name) => `${port}.${name}`))
    .filter((name) => !called.has(name));
}

/**
 * The same ports for a process that dies around its `fatal`th write, counted from 1: an odd number
 * dies before the write is done, an even one after it was done and before its answer arrives. From
 * then on nothing is answered any more. Dead writes have no number beyond the process's life.
 *
 * @param writes which methods of which ports write
 * @param called to note which of them were called, for `neverCalled`
 */
export function dyingPorts<D extends object>(
  deps: D,
  fatal: number,
  writes: Writes<D>,
  called?: Set<string>,
): D {
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
  function dying(of: string, port: object, names: readonly string[]): object {
    const wrapped = Object.entries(port).map(([name, method]) => {
      const isWrite = names.includes(name);
      const call = async (...input: unknown[]) => {
        if (isWrite) called?.add(`${of}.${name}`);
        if (isWrite) moment();
        else live();
        const result: unknown = await (method as (...all: unknown[]) => unknown)(...input);
        if (isWrite) moment();
        return result;
      };
      return [name, call] as const;
    });
    return Object.fromEntries(wrapped);
  }
  const ports = Object.entries(writes).map(([name, names]) => {
    const port = deps[name as keyof D] as object;
    return [name, dying(name, port, names as readonly string[])] as const;
  });
  // The same methods under the same names.
  return { ...deps, ...(Object.fromEntries(ports) as Partial<D>) };
}

export const dyingAt = (deps: CertificateDeps, fatal: number): CertificateDeps =>
  dyingPorts(deps, fatal, {
    ledger: ['append'],
    certificates: ['addCertificate', 'replaceCertificate', 'replaceApplication'],
  });
