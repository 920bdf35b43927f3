import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { manifestHash, manifestText, parseManifest } from '../../src/core/software/manifest.ts';
import { describeInChromium, launchChromium } from '../helpers/chromium.ts';
import { type Edge, startEdge } from '../helpers/edge.ts';

const console = fileURLToPath(new URL('../../dist/console', import.meta.url));
const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
};

describeInChromium('the guard in a browser', () => {
  let edge: Edge;
  let folder: string;
  let server: Server;
  let browser: Browser;
  let page: Page;
  let origin = '';

  /** The host of static files, and the service behind it. */
  async function answer(path: string): Promise<{ status: number; type: string; body: Uint8Array }> {
    if (path.startsWith('/v1/')) {
      const answered = await edge.call(path, { as: null });
      const body = new Uint8Array(await answered.arrayBuffer());
      return { status: answered.status, type: 'application/json', body };
    }
    const name = extname(path) === '' ? '/index.html' : normalize(path);
    const body = await readFile(join(folder, name)).catch(() => undefined);
    const type = types[extname(name)] ?? 'application/octet-stream';
    return body ? { status: 200, type, body } : { status: 404, type, body: new Uint8Array() };
  }

  beforeAll(async () => {
    edge = await startEdge();
    folder = await mkdtemp(join(tmpdir(), 'guard-'));
    await cp(console, folder, { recursive: true });
    server = createServer(async (request, response) => {
      const { status, type, body } = await answer(new URL(request.url ?? '/', 'http://h').pathname);
      response.writeHead(status, { 'content-type': type });
      response.end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    browser = await launchChromium();
    page = await browser.newPage();
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const served = () => readFile(join(folder, 'software.json'), 'utf8');
  const titleAfterReload = async () => {
    await page.goto(`${origin}/pay`);
    return page.title();
  };
  /** Another page, honestly named in the host's manifest or not. */
  async function change(title: string, isNamed: boolean): Promise<void> {
    const path = join(folder, 'index.html');
    const html = (await readFile(path, 'utf8')).replace(
      /<title>.*<\/title>/,
      `<title>${title}</title>`,
    );
    await writeFile(path, html);
    if (!isNamed) return;
    const { files = {}, version = '' } = parseManifest(await served()) ?? {};
    const hash = createHash('sha256').update(html).digest('hex');
    const manifest = manifestText({ version, files: { ...files, '/index.html': hash } });
    await writeFile(join(folder, 'software.json'), manifest);
  }
  const operator = (path: string, json: object) => edge.call(path, { as: 'operator-ma', json });
  const setGuard = () =>
    page.evaluate(async () => {
      const { installing } = await navigator.serviceWorker.register('/guard.js');
      return new Promise<string>((resolve) => {
        const look = () => {
          if (installing?.state === 'activated' || installing?.state === 'redundant') {
            resolve(installing.state);
          }
        };
        installing?.addEventListener('statechange', look);
        look();
      });
    });

  it('E5: is set for released software, and lets signed bytes run and no others', async () => {
    await page.goto(`${origin}/pay`);
    expect(await setGuard()).toBe('redundant');
    const first = { page: await readFile(join(folder, 'index.html')), manifest: await served() };
    await operator('/v1/software', { manifest: first.manifest });
    expect(await setGuard()).toBe('activated');
    const original = await titleAfterReload();
    await page.locator('#app > *').first().waitFor();

    // A host that serves another page, then one that names it in a manifest nobody signed.
    await change('changed', false);
    expect(await titleAfterReload()).toBe(original);
    await change('unsigned', true);
    expect(await titleAfterReload()).toBe(original);

    // The same page, signed: it is taken.
    const update = await served();
    await operator('/v1/software', { manifest: update });
    expect(await titleAfterReload()).toBe('unsigned');

    // A host that goes back to the older release, as it was signed: the newer one goes on.
    const newer = await readFile(join(folder, 'index.html'));
    await writeFile(join(folder, 'index.html'), first.page);
    await writeFile(join(folder, 'software.json'), first.manifest);
    expect(await titleAfterReload()).toBe('unsigned');
    await writeFile(join(folder, 'index.html'), newer);
    await writeFile(join(folder, 'software.json'), update);

    // Withdrawn: it stops, and says so.
    await operator(`/v1/software/${manifestHash(update)}/revoke`, { reason: '有缺陷' });
    await page.goto(`${origin}/pay`);
    expect(await page.locator('body').innerText()).toContain('did not pass its check');
  });
});
