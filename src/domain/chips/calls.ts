/** An object whose methods all return promises. */
export type Calls<T> = { [K in keyof T]: (...input: never[]) => Promise<unknown> };

/** An object with the named calls, each carried out by `invoke`: how calls cross a boundary. */
export function callsOf<T extends Calls<T>>(
  names: readonly (keyof T & string)[],
  invoke: (name: keyof T & string, input: unknown[]) => Promise<unknown>,
): T {
  const entries = names.map((name) => [name, (...input: unknown[]) => invoke(name, input)]);
  return Object.fromEntries(entries) as T;
}

/** Makes the named call on `target`. @throws TypeError for a name that is not in the list */
export function callOn<T extends Calls<T>>(
  target: T,
  names: readonly (keyof T & string)[],
  name: unknown,
  input: unknown,
): Promise<unknown> {
  const known = names.find((candidate) => candidate === name);
  if (known === undefined || !Array.isArray(input)) throw new TypeError('no such call');
  return Reflect.apply(target[known], target, input);
}
