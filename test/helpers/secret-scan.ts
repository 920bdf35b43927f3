import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The forms in which bytes turn up where they should not. */
function formsOf(secret: Uint8Array): Buffer[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString('hex');
  const base64 = bytes.toString('base64').replace(/=+$/, '');
  const forms = [hex, hex.toUpperCase(), base64, bytes.toString('base64url')];
  return [bytes, ...forms.map((form) => Buffer.from(form))];
}

/** A secret, by a name that may be printed. */
export type NamedSecrets = Readonly<Record<string, Uint8Array | string>>;

/** Which secrets are in the content, in any of their forms. */
export function foundIn(content: Uint8Array, secrets: NamedSecrets): string[] {
  const buffer = Buffer.from(content.buffer, content.byteOffset, content.length);
  return Object.entries(secrets).flatMap(([name, secret]) => {
    const bytes = typeof secret === 'string' ? Buffer.from(secret) : secret;
    return formsOf(bytes).some((form) => buffer.includes(form)) ? [name] : [];
  });
}

/** Looks through every file under a folder but those passed over: `file: secret` for each hit. */
export async function scanFolder(
  folder: string,
  secrets: NamedSecrets,
  isPassedOver: (path: string) => boolean = () => false,
): Promise<{ readonly files: number; readonly hits: readonly string[] }> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const hits: string[] = [];
  let files = 0;
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || isPassedOver(path)) continue;
    files += 1;
    hits.push(...foundIn(await readFile(path), secrets).map((name) => `${path}: ${name}`));
  }
  return { files, hits };
}
