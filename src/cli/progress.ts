/** A counter on one line of the error output; silent when nobody watches. */
export function progress(label: string, total: number): { step(): void; end(): void } {
  const { stderr } = process;
  if (!stderr.isTTY) return { step: () => {}, end: () => {} };
  let done = 0;
  return {
    step: () => stderr.write(`\r${label} ${++done}/${total}`),
    end: () => stderr.write('\r\x1b[K'),
  };
}
