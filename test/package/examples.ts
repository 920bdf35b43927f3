import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { enrolled, startEdge } from '../helpers/edge.ts';
import { ringWithCross } from '../helpers/imprints.ts';
import { served } from '../helpers/served.ts';
import { documentedAddress, snippetsOf } from '../helpers/snippets.ts';
import { type Installed, runProgram } from './installed.ts';
import { samples } from './use.ts';

export const page = 'docs/packages.md';
export const doorsWithExamples = ['gm', 'seal', 'tagger', 'federation', 'client'];

/** The examples of the page about the doors in one language, by the door that each imports first. */
export async function examplesIn(language: string): Promise<ReadonlyMap<string, string>> {
  const codes = await snippetsOf(page, language);
  return new Map(
    codes.map((code) => [/cinnabar\/(?:dist\/)?(\w+)/.exec(code)?.[1] ?? code, code] as const),
  );
}

/** A service with one seal, in which the examples of the client look. */
export async function startExampleService() {
  const edge = await startEdge();
  await enrolled(edge, ringWithCross);
  return { edge, ...(await served(edge)) };
}

/** What examples of a Worker and of a page answer alike; a score is that of the training. */
export function expectedOf(tier: number) {
  return {
    gm: expect.arrayContaining([0x66, 0xc7, 0xf0, 0xf4]),
    seal: 'pass',
    tagger: [expect.objectContaining({ label: 'CONTACT', start: 2 })],
    federation: expect.objectContaining({ tier, needsReview: false }),
    client: ['S-1'],
  };
}

/** Puts beside an installed package what the examples read. */
export async function placePictures({ folder }: Installed): Promise<void> {
  await copyFile(join(samples, 't05-reserved.jpg'), join(folder, 'reserved.jpg'));
  await copyFile(join(samples, 't05-g0.jpg'), join(folder, 'query.jpg'));
}

/** Lets the example of the federation train: it leaves a file that the other examples score by. */
export async function trained(installed: Installed): Promise<{ tier: number; auc: number }> {
  const printed = await printedBy(installed, (await examplesIn('js')).get('federation') ?? '');
  const [tier = 0, auc = 0] = printed.map(Number);
  return { tier, auc };
}

/** Runs JavaScript as a stranger's program in Node, and answers what it printed, in words. */
export async function printedBy(
  { folder }: Installed,
  code: string,
  address = documentedAddress,
): Promise<readonly string[]> {
  await writeFile(join(folder, 'example.js'), code.replaceAll(documentedAddress, address));
  const { stdout } = await runProgram(process.execPath, ['example.js'], { cwd: folder });
  return stdout.trim().split(/\s+/);
}
