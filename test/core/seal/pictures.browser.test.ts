import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadPictures } from '../../../src/core/pictures.ts';
import { describeInChromium, launchChromium } from '../../helpers/chromium.ts';
import { smallPictures } from '../../helpers/picture-files.ts';

const root = new URL('../../../', import.meta.url);
const entry = `
  import { loadPictures } from './src/core/pictures.ts';
  globalThis.pictures = await loadPictures();
`;

describeInChromium('pictures in Chromium', () => {
  let server: Server;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    const bundle = await build({
      stdin: { contents: entry, resolveDir: root.pathname, loader: 'ts' },
      bundle: true,
      write: false,
      format: 'esm',
      conditions: ['browser'],
    });
    const files = new Map<string, [type: string, body: Uint8Array | string]>([
      ['/', ['text/html', '<!doctype html><script type="module" src="/page.js"></script>']],
      ['/page.js', ['text/javascript', bundle.outputFiles[0]?.text ?? '']],
      [
        '/seal.wasm',
        ['application/wasm', await readFile(new URL('wasm-build/out/seal.wasm', root))],
      ],
    ]);
    server = createServer((request, response) => {
      const file = files.get(request.url ?? '');
      response.writeHead(file ? 200 : 404, {
        'content-type': file?.[0] ?? 'text/plain',
        'content-security-policy': "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
      });
      response.end(file?.[1]);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    browser = await launchChromium();
    page = await browser.newPage();
    // A server that listens on a port has an AddressInfo, not a pipe's name.
    const { port } = server.address() as AddressInfo;
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.waitForFunction('globalThis.pictures !== undefined');
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  test('every coding decodes to the same bytes as in Node, and the pre-check agrees (B11)', async () => {
    const pictures = await loadPictures();
    for (const [name, file] of await smallPictures()) {
      const here = pictures.decode(file);
      const code = `(async () => {
        const bytes = Uint8Array.from(atob('${Buffer.from(file).toString('base64')}'), (c) => c.charCodeAt(0));
        const raster = pictures.decode(bytes);
        const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', raster.rgba));
        return { size: [raster.width, raster.height], digest: [...digest], found: pictures.precheck(raster) };
      })()`;
      const digest = [...createHash('sha256').update(here.rgba).digest()];
      const expected = { size: [here.width, here.height], digest, found: pictures.precheck(here) };
      expect(await page.evaluate(code), name).toEqual(JSON.parse(JSON.stringify(expected)));
    }
  });

  test('a refusal has its code there too', async () => {
    const code = `(() => {
      try { pictures.decode(new Uint8Array(9)); } catch (error) { return error.code; }
    })()`;
    expect(await page.evaluate(code)).toBe('picture_unsupported');
  });
});
