import { readFile } from 'node:fs/promises';
import { transform } from 'esbuild';

const root = new URL('../../', import.meta.url);
const fence = /^ *```(\w+)\n([\s\S]*?)^ *```/gm;

/** The address that documents name; a test puts that of its own service in its place. */
export const documentedAddress = 'http://localhost:8787';

/**
 * The code blocks of a document in one language, in their order.
 *
 * @param document its path from the top of the repository
 */
export async function snippetsOf(document: string, language: string): Promise<readonly string[]> {
  const text = await readFile(new URL(document, root), 'utf8');
  return [...text.matchAll(fence)].flatMap(([, kind, code = '']) =>
    kind === language ? [code] : [],
  );
}

/** The one snippet that contains these words; a document that lost it fails the test. */
export async function snippetWith(
  document: string,
  language: string,
  words: string,
): Promise<string> {
  const found = (await snippetsOf(document, language)).filter((code) => code.includes(words));
  const [code] = found;
  if (code === undefined || found.length > 1) {
    throw new Error(`${document} has ${found.length} ${language} snippets with ${words}`);
  }
  return code;
}

/** The commands of a shell snippet: continued lines joined, remarks dropped. */
export function commandsOf(snippet: string): readonly string[] {
  return snippet
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.replace(/\s#.*$/, '').trim())
    .filter((line) => line !== '');
}

/** TypeScript as JavaScript that Node of every supported version runs. */
export async function asJavaScript(code: string): Promise<string> {
  return (await transform(code, { loader: 'ts', format: 'esm', target: 'es2022' })).code;
}
