import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInChromium, launchChromium } from '../helpers/chromium.ts';
import { type LocalHost, startLocalHost } from '../helpers/local-host.ts';
import { enrolSample, freshPort, openConsole, stageDrawn, verifySample } from './console-page.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const everyFolder = join(root, 'test-results', 'screenshots');
const shownFolder = join(root, 'docs', 'images');
/** Those that README.md shows; `npm run screenshots` makes them anew. */
const shown = ['verification-en-1440.png', 'home-zh-390.png'];

function fileFor(name: string): string {
  const renews = process.env.SCREENSHOTS === 'docs' && shown.includes(name);
  return join(renews ? shownFolder : everyFolder, name);
}

const desk = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };

let host: LocalHost;
let browser: Browser;
let state: string;
const paths = { seal: '', passed: '', failed: '' };

describeInChromium('pictures of the console', () => {
  beforeAll(async () => {
    state = await mkdtemp(join(tmpdir(), 'cinnabar-screenshots-'));
    await mkdir(everyFolder, { recursive: true });
    [host, browser] = await Promise.all([startLocalHost(state, freshPort), launchChromium()]);
    const visit = await openConsole(browser, host.url, '/seals/enrol');
    const { page } = visit;
    await enrolSample(visit, 'r01-reserved');
    paths.seal = new URL(page.url()).pathname;
    for (const [name, sample] of [
      ['passed', 'r01-g0'],
      ['failed', 'r01-f-tamper0'],
    ] as const) {
      await page.goto(`${host.url}/verify?seal=${paths.seal.split('/').at(-1)}`);
      await page.locator('.tile input:checked').waitFor();
      await verifySample(visit, sample);
      paths[name] = new URL(page.url()).pathname;
    }
    await visit.close();
  }, 300_000);

  afterAll(async () => {
    await browser?.close();
    await host?.stop();
    await rm(state, { recursive: true, force: true });
  });

  it.each([
    ['zh', 'light', desk],
    ['en', 'light', desk],
    ['zh', 'dark', desk],
    ['en', 'dark', desk],
    ['zh', 'light', phone],
    ['en', 'dark', phone],
  ] as const)('%s, %s', async (language, theme, size) => {
    const pages = {
      home: '/',
      enrol: '/seals/enrol',
      verify: `/verify?seal=${paths.seal.split('/').at(-1)}`,
      seal: paths.seal,
      passed: paths.passed,
      verification: paths.failed,
      fold: `${paths.failed}?mode=fold`,
    };
    for (const [name, path] of Object.entries(pages)) {
      const visit = await openConsole(browser, host.url, path, { language, theme, ...size });
      await visit.page.locator('main h1').waitFor();
      await visit.page.waitForLoadState('networkidle');
      if (path.startsWith('/verifications/')) await stageDrawn(visit.page);
      const file = `${name}-${language}-${size.width}${theme === 'dark' ? '-dark' : ''}.png`;
      await visit.page.screenshot({ path: fileFor(file) });
      expect(visit.faults).toEqual([]);
      await visit.close();
    }
  });
});
