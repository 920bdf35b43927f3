export function keptModule(
  target: string,
  digest: string,
  folder?: string,
): Promise<Buffer | undefined>;
