import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Browser, Route } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { securityHeaders } from '../../src/edge/middleware/security-headers.ts';
import { describeInChromium, launchChromium } from '../helpers/chromium.ts';
import { type Edge, startEdge } from '../helpers/edge.ts';

const swaggerFiles = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist'));

describeInChromium('the API page', () => {
  let browser: Browser;
  let edge: Edge;
  const strangers: string[] = [];

  beforeAll(async () => {
    [browser, edge] = await Promise.all([launchChromium(), startEdge()]);
  });
  afterAll(() => browser.close());

  /** Answers as the deployed service does: static files beside the Worker, nothing from elsewhere. */
  async function answer(route: Route): Promise<void> {
    const request = route.request();
    const url = new URL(request.url());
    if (url.host !== 'localhost') {
      strangers.push(request.url());
      return route.abort();
    }
    const file = /^\/docs\/(swagger-ui[a-z-]*\.(?:css|js))$/.exec(url.pathname)?.[1];
    if (file !== undefined) {
      const contentType = file.endsWith('.css') ? 'text/css' : 'text/javascript';
      const body = await readFile(join(swaggerFiles, file));
      return route.fulfill({ body, contentType, headers: securityHeaders });
    }
    const response = await edge.app.request(request.url(), {
      method: request.method(),
      headers: request.headers(),
      body:
        request.postDataBuffer() === null ? null : new Uint8Array(request.postDataBuffer() ?? []),
    });
    const body = Buffer.from(await response.arrayBuffer());
    return route.fulfill({
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body,
    });
  }

  it('shows every operation and tries one, alone and under the content security policy', async () => {
    // A section is drawn piece by piece as it comes into view: here all of it does at once.
    const page = await browser.newPage({ viewport: { width: 1280, height: 16_000 } });
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.route('**/*', answer);
    await page.goto('http://localhost/docs');
    const document = (await (await edge.call('/openapi.json')).json()) as {
      paths: Record<string, Record<string, { tags: string[]; operationId: string }>>;
    };
    const byTag = new Map<string, string[]>();
    for (const { tags, operationId } of Object.values(document.paths).flatMap(Object.values)) {
      const tag = tags[0] ?? '';
      byTag.set(tag, [...(byTag.get(tag) ?? []), operationId]);
    }

    await page.locator('.opblock-tag').first().waitFor();
    for (const [tag, operations] of byTag) {
      const head = page.locator(`.opblock-tag[data-tag="${tag}"]`);
      const section = page.locator('.opblock-tag-section', { has: head });
      await head.click();
      await section
        .locator('.opblock')
        .nth(operations.length - 1)
        .waitFor();
      const ids = await section
        .locator('.opblock')
        .evaluateAll((blocks) => blocks.map(({ id }) => id.slice(id.lastIndexOf('-') + 1)));
      expect(ids, tag).toEqual(operations);
      await head.click();
    }

    await page.setViewportSize({ width: 1280, height: 1600 });
    // A link to one operation, as somebody opens it from elsewhere.
    await page.goto('about:blank');
    await page.goto('http://localhost/docs#/Operation/getLiveness');
    const liveness = page.locator('#operations-Operation-getLiveness');
    await liveness.locator('button.execute').click();
    await liveness.locator('.live-responses-table').waitFor();
    expect(await liveness.locator('.live-responses-table').innerText()).toContain('"status": "ok"');

    await page.locator('.opblock-tag[data-tag="Seals"]').click();
    await page.locator('#operations-Seals-enrolSeal .opblock-summary-control').click();
    await page.locator('#operations-Seals-enrolSeal input[type=file]').waitFor();
    if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });
    expect(complaints).toEqual([]);
    expect(strangers).toEqual([]);
  }, 180_000);
});
