import { createReadStream } from 'node:fs';
import { type Gm, loadGm } from '../core/gm.ts';
import { command, type Group } from './command.ts';

/** Hashes piece by piece, so that a file of any size fits. */
async function digestOf(gm: Gm, path: string): Promise<string> {
  const hash = gm.createSm3();
  const source = path === '-' ? process.stdin : createReadStream(path);
  for await (const piece of source) hash.update(piece);
  return Buffer.from(hash.digest()).toString('hex');
}

const sm3 = command({
  summary: 'prints the SM3 digest of each file',
  operands: ['FILE...'],
  options: {},
  details: '- reads the standard input.',
  async run(files) {
    const gm = await loadGm();
    const digests = [];
    for (const file of files) digests.push({ file, digest: await digestOf(gm, file) });
    const text = digests.map(({ file, digest }) => `${digest}  ${file}\n`).join('');
    return { exit: 0, json: digests, text };
  },
});

export const gm: Group = {
  summary: 'SM2 and SM3 on files',
  commands: { sm3 },
};
