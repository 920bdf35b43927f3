import { readFile, writeFile } from 'node:fs/promises';
import { UsageError } from './command.ts';

export { certificatesIn } from '../lib/pem.ts';

/** Whom an offline verification believes, beside the file that it verifies. */
export const trustOptions = {
  roots: { type: 'string', value: 'PEM', about: 'the root certificates that are trusted' },
  trust: { type: 'string', value: 'FILE', about: 'keys of log and witnesses, in JSON' },
} as const;

/** `-` is the standard input, so that the tool can stand in a pipe. */
export async function readInput(path: string): Promise<Uint8Array> {
  if (path !== '-') return readFile(path);
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A secret: on the command line it would be in the process list. */
export async function firstLine(path: string): Promise<string> {
  const text = Buffer.from(await readInput(path)).toString('utf8');
  const [line = ''] = text.split(/\r?\n/);
  if (line === '') throw new UsageError(`the first line of ${path} is empty`, 'bad_input');
  return line;
}

/** A whole number of dots per inch as a scanner states it. */
export function parseDpi(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const dpi = Number(text);
  if (!Number.isInteger(dpi) || dpi < 50 || dpi > 2400) {
    throw new UsageError(`--dpi is a whole number from 50 to 2400, not ${text}`);
  }
  return dpi;
}

export async function readJsonFile(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8');
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`${path} is not JSON`, 'bad_input');
  }
}

/** Ends with a newline, so that the file reads well in a shell. */
export async function writeJsonFile(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
}
