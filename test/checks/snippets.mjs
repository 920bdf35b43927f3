import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const list = 'docs/contributing.md';
const code = new Set(['sh', 'bash', 'console', 'shell', 'js', 'ts', 'html']);
const fence = /^ *```(\w+)\n([\s\S]*?)^ *```/gm;
const row = /^\| `([^`]+\.md)` \| `([^`]+)` \| (?:`([^`]+)`|not run: (.+)) \|$/gm;

/**
 * Holds the table of snippets in docs/contributing.md against the documents: each code block is in
 * exactly one row, by its language or by words that it contains; each row has a block; and a test
 * that is said to run a block names the document that it reads it from.
 *
 * @param texts the documents by path; translations have the code of the original
 */
export async function snippetProblems(root, texts) {
  const rows = [...texts.get(list).matchAll(row)].map(([, document, words, test]) => {
    return { document, words, test, blocks: 0 };
  });
  const problems = [];
  for (const [path, text] of texts) {
    if (path.endsWith('.zh-CN.md')) continue;
    for (const [, language, block] of text.matchAll(fence)) {
      if (!code.has(language)) continue;
      const found = rows.filter(
        ({ document, words }) =>
          document === path && (code.has(words) ? words === language : block.includes(words)),
      );
      for (const one of found) one.blocks += 1;
      if (found.length === 1) continue;
      const first = block.trim().split('\n')[0];
      problems.push(`${list} has ${found.length} rows for \`${first}\` of ${path}; give it one`);
    }
  }
  for (const { document, words, test, blocks } of rows) {
    if (blocks === 0) problems.push(`${list}: ${document} has no snippet with \`${words}\``);
    if (test === undefined) continue;
    const source = await readFile(join(root, test), 'utf8').catch(() => '');
    if (!source.includes(document)) problems.push(`${list}: ${test} does not read ${document}`);
  }
  return problems;
}
