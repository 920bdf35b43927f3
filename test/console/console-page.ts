import { createHash } from 'node:crypto';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import { en } from '../../src/console/i18n/en.ts';
import { zh } from '../../src/console/i18n/zh.ts';

/** Test runs side by side must not start from the same port: between finding and taking one is time. */
export const freshPort = 20_000 + (process.pid % 10_000);

export const words = { zh, en };
export type Language = keyof typeof words;

export interface ConsolePage {
  page: Page;
  /** The words of the page's language. */
  w: Record<keyof typeof zh, string>;
  /** What a person would call a fault: script errors, console errors, requests to other places. */
  faults: string[];
  close: () => Promise<void>;
}

export interface Look {
  language?: Language;
  theme?: 'light' | 'dark';
  width?: number;
  height?: number;
  identity?: string;
  /** What is to be done with the page before anything is loaded. */
  prepare?: (page: Page) => Promise<void>;
}

/** Opens the console at `path` as a new visitor. */
export async function openConsole(
  browser: Browser,
  url: string,
  path: string,
  options: Look = {},
): Promise<ConsolePage> {
  const { language = 'zh', theme = 'light', width = 1440, height = 900 } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    locale: language === 'zh' ? 'zh-CN' : 'en-GB',
    colorScheme: theme,
    reducedMotion: 'reduce',
    hasTouch: width < 640,
  });
  const { identity } = options;
  if (identity) {
    await context.addInitScript((id) => {
      localStorage.setItem('cinnabar.identity', id);
    }, identity);
  }
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text());
  });
  page.on('request', (request) => {
    const target = new URL(request.url());
    const isOwn = target.origin === url || ['blob:', 'data:'].includes(target.protocol);
    if (!isOwn) faults.push(`left the origin: ${request.url()}`);
  });
  await options.prepare?.(page);
  // Of some hundred first visits to a local host one hung in the development proxy: asked once more.
  const visit = () =>
    page.goto(`${url}${path}`, { waitUntil: 'domcontentloaded', timeout: 25_000 });
  await visit().catch(visit);
  return { page, w: words[language], faults, close: () => context.close() };
}

/** Enrols a sample as the reserved imprint of a new account; ends on the seal's page. */
export async function enrolSample({ page, w }: ConsolePage, sample: string): Promise<void> {
  await page.locator(`[data-sample="${sample}"]`).click();
  // The sample fills the fields; the account is either found or made.
  const serial = await page.getByLabel(w['seal.serial']).elementHandle();
  await page.waitForFunction((field) => (field as HTMLInputElement).value !== '', serial);
  await page.locator('form button[type=submit]:visible').click();
  await page.waitForURL(/\/seals\/[0-9a-f-]{36}$/);
}

/** Verifies a sample against the seal that the page shows; ends on the verification's page. */
export async function verifySample({ page, w }: ConsolePage, sample: string): Promise<void> {
  await page.getByLabel(w['verify.amount'], { exact: true }).fill('128,600');
  await page.locator(`[data-sample="${sample}"]`).click();
  // Only a check that ran beside the reserved imprint says how alike they are.
  await page.locator('.precheck').getByText(w['precheck.likeness']).waitFor();
  await page.locator('form button[type=submit]:visible').click();
  await page.waitForURL(/\/verifications\/[0-9a-f-]{36}$/);
  await stageDrawn(page);
}

/** A sheet without a drawing compresses to less than this, whatever the size of the stage. */
const blankSheetBytes = 8_000;

/** Waits until an imprint is on the stage. */
export async function stageDrawn(page: Page): Promise<void> {
  await page.locator('#stage[aria-busy=false]').waitFor();
  const picture = await page.locator('#stage').screenshot();
  expect(picture.length).toBeGreaterThan(blankSheetBytes);
}

/** A focus ring's corners are not drawn alike each time. */
const ringPixels = 6;

/** What the stage looks like, as a digest, to tell whether two views differ. */
export async function stageDigest(page: Page): Promise<string> {
  const {
    x = 0,
    y = 0,
    width = 0,
    height = 0,
  } = (await page.locator('#stage').boundingBox()) ?? {};
  const clip = {
    x: x + ringPixels,
    y: y + ringPixels,
    width: width - 2 * ringPixels,
    height: height - 2 * ringPixels,
  };
  const picture = await page.screenshot({ clip });
  return createHash('sha256').update(picture).digest('hex');
}

/** Goes to a page of the console, waits until it is there, and sees that nothing sticks out. */
export async function fits(page: Page, path: string): Promise<void> {
  await page.goto(new URL(path, page.url()).href, { waitUntil: 'domcontentloaded' });
  await page.locator('h1').waitFor();
  await page.locator('.loading').first().waitFor({ state: 'detached' });
  const over = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(over, path).toBeLessThanOrEqual(0);
}

/** What an accessibility checker calls serious or worse on the page as it is now. */
export async function seriousFindings(page: Page): Promise<string[]> {
  // Evaluated by the debugger, which the page's content policy does not concern.
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { violations } = await (window as unknown as { axe: typeof axe }).axe.run();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`);
  });
}
