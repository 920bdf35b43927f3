import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { snippetProblems } from './snippets.mjs';
import { filesUnder, readJson, run } from './tools.mjs';

const fence = /^```(?:sh|bash|console|shell)\n([\s\S]*?)^```/gm;
const link = /\]\((?!https?:|mailto:|#)([^)\s#]+)/g;
const lifecycle = new Set(['test', 'start']);

/** The single commands of every shell block, continuation lines joined and comments dropped. */
function commandsOf(text) {
  return [...text.matchAll(fence)].flatMap(([, block]) =>
    block
      .replace(/\\\n\s*/g, '')
      .split(/\n|&&|;|\|/)
      .map((line) =>
        line
          .replace(/^\s*\$ /, '')
          .replace(/(^|\s)#.*$/, '')
          .trim(),
      )
      .filter((line) => line !== ''),
  );
}

const exists = (path) =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Asks the tool itself for the help of the documented words: an unknown word or option fails. */
async function unknownToCommandLine(root, words) {
  const { ok, output } = await run(root, 'node', ['dist/cli.js', ...words, '--help']);
  return ok ? undefined : output.split('\n')[0];
}

function commandLineWords(command) {
  const words = /^(?:npx cinnabar|cinnabar|npm run (?:-s )?cli --|node dist\/cli\.js) (.*)$/.exec(
    command,
  )?.[1];
  return words?.match(/"[^"]*"|'[^']*'|[^\s<>]+/g);
}

async function commandProblem(root, scripts, command) {
  const script = /^npm (?:run (?:-s )?([\w:-]+)|(test|start)\b)/.exec(command);
  const name = script?.[1] ?? script?.[2];
  if (name !== undefined && scripts[name] === undefined) return `there is no script ${name}`;
  const file = /^node ((?!dist\/)[\w./-]+\.m?js)/.exec(command)?.[1];
  if (file && !(await exists(join(root, file)))) return `there is no file ${file}`;
  const words = commandLineWords(command);
  return words ? unknownToCommandLine(root, words) : undefined;
}

/** What the documents tell the reader to type exists, and where they point there is something. */
export async function documents(root) {
  const { scripts } = await readJson(root, 'package.json');
  const problems = [];
  const texts = new Map();
  for (const path of (await filesUnder(root)).filter((path) => path.endsWith('.md'))) {
    const text = await readFile(join(root, path), 'utf8');
    texts.set(path, text);
    for (const command of commandsOf(text)) {
      const problem = await commandProblem(root, scripts, command);
      if (problem) problems.push(`${path}: \`${command}\`: ${problem}`);
    }
    for (const [, name] of text.matchAll(/`npm run (?:-s )?([\w:-]+)/g)) {
      if (!scripts[name] && !lifecycle.has(name)) problems.push(`${path}: no script ${name}`);
    }
    for (const [, target] of text.matchAll(link)) {
      if (!(await exists(join(root, dirname(path), target)))) {
        problems.push(`${path}: its link ${target} leads nowhere`);
      }
    }
  }
  return [...problems, ...(await snippetProblems(root, texts))];
}
