import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const generated = readdirSync(join(root, 'assembly'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.gen.ts'))
  .map((file) => join('assembly', file));

test.each(generated)('%s is what the script that it names makes', (file) => {
  const [, script] = /^\/\/ Made by (\S+\.mjs);/.exec(readFileSync(join(root, file), 'utf8')) ?? [];
  if (!script) throw new Error('the first line names no script');
  const run = () => execFileSync(process.execPath, [script, '--check'], { cwd: root });
  expect(run).not.toThrow();
});
