import { readFile, rename, writeFile } from 'node:fs/promises';

/** All or nothing, and for this user only: whoever is killed while he writes leaves the state before. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const fresh = `${path}.new`;
  await writeFile(fresh, text, { mode: 0o600 });
  await rename(fresh, path);
}

/** A file that may not be there yet is empty. */
export async function textOrNothing(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

/**
 * The value of a line `NAME=value`, as `wrangler deploy --secrets-file` reads it; quotes around a
 * value are no part of it.
 */
export function settingIn(text: string, name: string): string | undefined {
  const [, value] = new RegExp(`^${name}=(.*)$`, 'm').exec(text) ?? [];
  return value?.trim().replace(/^(['"])(.*)\1$/, '$2');
}

/** Leaves every other line as a person wrote it. */
export function withSetting(text: string, name: string, value: string): string {
  const others = text.replace(new RegExp(`^${name}=.*(?:\n|$)`, 'm'), '');
  const end = others === '' || others.endsWith('\n') ? '' : '\n';
  return `${others}${end}${name}=${value}\n`;
}
