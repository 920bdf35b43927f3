import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInChromium, launchChromium } from '../helpers/chromium.ts';
import { type Installed, packAndInstall } from './installed.ts';
import { expected, journey, samples } from './use.ts';

const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
  '.jpg': 'image/jpeg',
};

/** A plain file server whose pages may run their own scripts and WebAssembly, and nothing else. */
function serve(folder: string): Promise<{ server: Server; origin: string }> {
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://page').pathname);
    const file = path.startsWith('/samples/')
      ? join(samples, path.slice('/samples/'.length))
      : join(folder, path);
    const body = await readFile(file).catch(() => undefined);
    response.writeHead(body ? 200 : 404, {
      'content-type': types[extname(path)] ?? 'application/octet-stream',
      'content-security-policy':
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'",
    });
    response.end(body);
  });
  return new Promise((resolve, reject) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address !== 'object' || address === null) reject(new Error('no port'));
      else resolve({ server, origin: `http://127.0.0.1:${address.port}` });
    });
  });
}

describeInChromium('an installed package in a page without a bundler', () => {
  let installed: Installed;
  let server: Server;
  let origin: string;

  beforeAll(async () => {
    installed = await packAndInstall();
    ({ server, origin } = await serve(installed.folder));
    const write = (name: string, text: string) => writeFile(join(installed.folder, name), text);
    await write('journey.js', journey);
    await write(
      'page.html',
      '<!doctype html><body></body><script type="module" src="page.js"></script>',
    );
    await write(
      'page.js',
      `import * as gm from '/node_modules/cinnabar/dist/gm.browser.js';
       import * as seal from '/node_modules/cinnabar/dist/seal.browser.js';
       import * as tagger from '/node_modules/cinnabar/dist/tagger.browser.js';
       import { createClient } from '/node_modules/cinnabar/dist/client.browser.js';
       import { useDoors } from './journey.js';
       createClient();
       const open = async (name) =>
         new Uint8Array(await (await fetch('/samples/' + name)).arrayBuffer());
       document.body.textContent = JSON.stringify(await useDoors(gm, seal, tagger, open));`,
    );
  });
  afterAll(async () => {
    server.close();
    await installed.remove();
  });

  it("works under script-src 'self' 'wasm-unsafe-eval'", async () => {
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      await page.goto(`${origin}/page.html`);
      const answer = page.locator('body', { hasText: 'digest' });
      const text = await answer.innerText({ timeout: 15_000 }).catch(() => '{}');
      expect({ complaints, answer: JSON.parse(text) }).toEqual({
        complaints: [],
        answer: expected,
      });
    } finally {
      await browser.close();
    }
  });
});
