import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { buildTool, repository } from './tool.ts';

const run = promisify(execFile);
const tool = ['dist/cli.js', 'completion'];

beforeAll(buildTool, 60_000);

/** What bash offers when the words are typed and the last one is completed. */
async function offered(...words: string[]): Promise<string[]> {
  const { stdout: script } = await run(process.execPath, [...tool, 'bash'], { cwd: repository });
  const typed = words.map((word) => `'${word}'`).join(' ');
  const ask = `COMP_WORDS=(cinnabar ${typed}); COMP_CWORD=${words.length}; _cinnabar; echo "\${COMPREPLY[@]}"`;
  const { stdout } = await run('bash', ['-c', `${script}\n${ask}`]);
  return stdout.trim().split(' ');
}

it('completion offers groups, their commands, options and files', async () => {
  expect(await offered('fed')).toEqual(['federation']);
  expect(await offered('gm', 'sm')).toContain('sm3');
  expect(await offered('gm', 'sm3', '--js')).toEqual(['--json']);
  expect(await offered('backup', '--passphrase-file', '--st')).toEqual(['--state']);
});

it('completion names the shells it knows, and refuses others', async () => {
  for (const shell of ['zsh', 'fish']) {
    const { stdout } = await run(process.execPath, [...tool, shell], { cwd: repository });
    expect(stdout).toContain('federation');
  }
  const refused = run(process.execPath, [...tool, 'tcsh'], { cwd: repository });
  await expect(refused).rejects.toMatchObject({ code: 2 });
});
