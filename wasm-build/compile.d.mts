export function sourceDigest(target: string): Promise<string>;
