export function splitNames(bytes: Buffer): { module: Buffer; names: Buffer };
export function functionNames(section: Buffer): Map<number, string>;
