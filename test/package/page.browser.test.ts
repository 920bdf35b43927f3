import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInChromium, launchChromium } from '../helpers/chromium.ts';
import type { Edge } from '../helpers/edge.ts';
import { served } from '../helpers/served.ts';
import {
  doorsWithExamples,
  examplesIn,
  expectedOf,
  placePictures,
  startExampleService,
  trained,
} from './examples.ts';
import { type Installed, packAndInstall } from './installed.ts';
import { doorsFrom, expected, journey, samples } from './use.ts';

const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
  '.jpg': 'image/jpeg',
};

const script = /<script type="module">([\s\S]*?)<\/script>/;

/**
 * A plain file server whose pages may run their own scripts and WebAssembly, and nothing else; it
 * has the package as the page about the doors says, and the service behind the same origin.
 */
async function answer(folder: string, edge: Edge, url: string, init: RequestInit) {
  const path = normalize(new URL(url).pathname);
  if (path.startsWith('/v1/')) return edge.app.request(url, init);
  const file = path.startsWith('/samples/')
    ? join(samples, path.slice('/samples/'.length))
    : join(folder, path.replace(/^\/cinnabar\//, '/node_modules/cinnabar/'));
  const body = await readFile(file).catch(() => undefined);
  const inside = script.exec(body?.toString() ?? '')?.[1];
  const hash = inside && createHash('sha256').update(inside).digest('base64');
  const scripts = `'self' 'wasm-unsafe-eval'${hash ? ` 'sha256-${hash}'` : ''}`;
  return new Response(body ?? null, {
    status: body ? 200 : 404,
    headers: {
      'content-type': types[extname(path)] ?? 'application/octet-stream',
      'content-security-policy': `default-src 'none'; script-src ${scripts}; connect-src 'self'`,
    },
  });
}

describeInChromium('an installed package in a page without a bundler', () => {
  let installed: Installed;
  let service: Awaited<ReturnType<typeof startExampleService>>;
  let server: Server;
  let origin: string;
  let tier: number;

  beforeAll(async () => {
    [installed, service] = await Promise.all([packAndInstall(), startExampleService()]);
    const { folder } = installed;
    const { edge } = service;
    const app = { request: (url: string, init: RequestInit) => answer(folder, edge, url, init) };
    ({ server, url: origin } = await served({ app }));
    await placePictures(installed);
    ({ tier } = await trained(installed));
    const write = (name: string, text: string) => writeFile(join(folder, name), text);
    await write('journey.js', journey);
    await write(
      'page.html',
      '<!doctype html><body></body><script type="module" src="page.js"></script>',
    );
    await write(
      'page.js',
      `import { useDoors } from './journey.js';
       ${doorsFrom((door) => `/cinnabar/dist/${door}.browser.js`)}
       const open = async (name) =>
         new Uint8Array(await (await fetch('/samples/' + name)).arrayBuffer());
       document.body.textContent = JSON.stringify(await useDoors(doors, open));`,
    );
    for (const [door, code] of await examplesIn('html')) {
      await write(`${door}.html`, `<!doctype html><meta charset="utf-8"><body></body>${code}`);
    }
  });
  afterAll(async () => {
    server.close();
    service.server.close();
    await installed.remove();
  });

  it("works under script-src 'self' 'wasm-unsafe-eval', and so do the examples of docs/packages.md", async () => {
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      const shown = async (name: string) => {
        await page.goto(`${origin}/${name}.html`);
        const answered = page.locator('body', { hasText: /\S/ });
        return JSON.parse(await answered.innerText({ timeout: 15_000 }).catch(() => 'null'));
      };
      const whole = await shown('page');
      const examples: Record<string, unknown> = {};
      for (const door of doorsWithExamples) examples[door] = await shown(door);
      expect({ complaints, whole, examples }).toEqual({
        complaints: [],
        whole: expected,
        examples: expectedOf(tier),
      });
    } finally {
      await browser.close();
    }
  });
});
