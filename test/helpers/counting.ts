/**
 * Ports that count how often each of their methods is called, as `port.method`, and how many rows
 * those that give lists have given.
 */
export function counting<D extends object>(deps: D, names: readonly (keyof D & string)[]) {
  const counts: Record<string, number> = {};
  const rows: Record<string, number> = {};
  const counted = names.map((name) => {
    const port = deps[name] as object;
    const calls = Object.entries(port).map(([method, call]) => [
      method,
      (...input: unknown[]) => {
        const key = `${name}.${method}`;
        counts[key] = (counts[key] ?? 0) + 1;
        const answer = (call as (...all: unknown[]) => unknown)(...input);
        if (!(answer instanceof Promise)) return answer;
        return answer.then((value) => {
          if (Array.isArray(value)) rows[key] = (rows[key] ?? 0) + value.length;
          return value;
        });
      },
    ]);
    return [name, Object.fromEntries(calls)] as const;
  });
  // The same methods under the same names.
  return { deps: { ...deps, ...(Object.fromEntries(counted) as Partial<D>) }, counts, rows };
}

/** How many calls of each port there were. */
export function callsByPort(counts: Readonly<Record<string, number>>): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [key, count] of Object.entries(counts)) {
    const [port = ''] = key.split('.');
    sums[port] = (sums[port] ?? 0) + count;
  }
  return sums;
}
