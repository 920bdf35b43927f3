import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sampleData } from '../../src/cli/demo/sample-data.ts';
import { openStage, type Stage } from '../../src/cli/demo/stage.ts';
import { describeInChromium, launchChromium } from '../helpers/chromium.ts';
import { type LocalHost, startLocalHost } from '../helpers/local-host.ts';
import {
  type ConsolePage,
  freshPort,
  type Language,
  openConsole,
  stageDrawn,
} from './console-page.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const everyFolder = join(root, 'test-results', 'screenshots');
const shownFolder = join(root, 'docs', 'images');

const desk = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };

let host: LocalHost;
let browser: Browser;
let state: string;
let stage: Stage;
/** Addresses of what the sample data has left. */
let paths: Record<'verification' | 'seal' | 'certificate' | 'use' | 'order', string>;

interface Picture {
  readonly name: string;
  readonly identity: string;
  readonly path: () => string;
  readonly size: typeof desk;
  /** What is done on the page before it is taken. */
  readonly first?: (visit: ConsolePage) => Promise<void>;
}

const getToken = async ({ page }: ConsolePage) => {
  await page.locator('.token-form button[type=submit], .token-form button.primary').click();
  await page.locator('.two-views').waitFor();
  await page.locator('.two-views').scrollIntoViewIfNeeded();
};

/** Numbered in the order of the README; `npm run screenshots` makes those of the README anew. */
const pictures: readonly Picture[] = [
  { name: '0-home', identity: 'teller-zhou', path: () => '/', size: desk },
  {
    name: '1-verification',
    identity: 'teller-zhou',
    path: () => paths.verification,
    size: desk,
    first: ({ page }) => stageDrawn(page),
  },
  {
    name: '1-review',
    identity: 'reviewer-he',
    path: () => '/review',
    size: desk,
    first: ({ page }) => stageDrawn(page),
  },
  { name: '1-seal', identity: 'teller-zhou', path: () => paths.seal, size: desk },
  {
    name: '2-certificate',
    identity: 'administrator-lin',
    path: () => paths.certificate,
    size: desk,
    first: async ({ page, w }) => {
      await page.keyboard.press('v');
      await page.getByText(w['evidence.ok']).first().waitFor();
    },
  },
  { name: '2-consent', identity: 'customer-chen', path: () => '/apply', size: desk },
  { name: '3-use', identity: 'teller-zhou', path: () => paths.use, size: desk },
  { name: '3-evidence', identity: 'auditor-gao', path: () => '/audit/uses', size: desk },
  {
    name: '4-token',
    identity: 'customer-chen',
    path: () => '/tokens',
    size: desk,
    first: getToken,
  },
  { name: '5-payment', identity: 'customer-chen', path: () => paths.order, size: phone },
  { name: '5-risk', identity: 'risk-officer-xu', path: () => '/risk', size: desk },
  { name: '6-chips', identity: 'operator-ma', path: () => '/chips', size: desk },
  { name: '6-ledger', identity: 'auditor-gao', path: () => '/ledger', size: desk },
];
const ofReadme = ['0-home', '1-verification', '2-certificate', '3-use', '4-token', '5-payment'];

function fileFor(name: string, language: Language, theme: string): string {
  const renews = process.env.SCREENSHOTS === 'docs' && theme === 'light' && ofReadme.includes(name);
  const file = `${name}-${language}${theme === 'dark' ? '-dark' : ''}.png`;
  return join(renews ? shownFolder : everyFolder, file);
}

async function findPaths(): Promise<typeof paths> {
  const teller = stage.as('teller-zhou');
  const [verifications, certificates, operations, orders] = await Promise.all([
    teller.verifications.list({ limit: 50 }),
    stage.as('administrator-lin').certificates.list({ state: 'active', limit: 50 }),
    teller.operations.list({ state: 'completed' }),
    stage.as('customer-chen').payments.list({ limit: 50 }),
  ]);
  const failed = verifications.items.find(({ vendors }) => vendors.some(({ match }) => !match));
  const person = certificates.items.find(({ kind }) => kind === 'person');
  const order = orders.items.find((item) => item.state === 'executed');
  return {
    verification: `/verifications/${failed?.id}`,
    seal: `/seals/${failed?.sealId}`,
    certificate: `/certificates/${person?.serial}`,
    use: `/uses/${operations.items[0]?.id}`,
    order: `/pay/${order?.id}`,
  };
}

async function settled(page: Page): Promise<void> {
  await page.locator('main h1').first().waitFor();
  await page.waitForLoadState('networkidle');
}

describeInChromium('pictures of the console', () => {
  beforeAll(async () => {
    state = await mkdtemp(join(tmpdir(), 'cinnabar-screenshots-'));
    await mkdir(everyFolder, { recursive: true });
    [host, browser] = await Promise.all([startLocalHost(state, freshPort), launchChromium()]);
    stage = await openStage(host.url, () => {});
    await sampleData(stage);
    paths = await findPaths();
  }, 300_000);

  afterAll(async () => {
    await browser?.close();
    await host?.stop();
    await rm(state, { recursive: true, force: true });
  });

  it.each([
    ['zh', 'light'],
    ['en', 'light'],
    ['zh', 'dark'],
    ['en', 'dark'],
  ] as const)('%s, %s', async (language, theme) => {
    for (const { name, identity, path, size, first } of pictures) {
      const visit = await openConsole(browser, host.url, path(), {
        language,
        theme,
        identity,
        ...size,
      });
      await settled(visit.page);
      await first?.(visit);
      await visit.page.screenshot({ path: fileFor(name, language, theme) });
      expect(visit.faults, name).toEqual([]);
      await visit.close();
    }
  });
});
