import type { Browser, Page } from 'playwright-core';
import { en } from '../../src/console/i18n/en.ts';
import { zh } from '../../src/console/i18n/zh.ts';

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

/** Opens the console at `path` as a new visitor. */
export async function openConsole(
  browser: Browser,
  url: string,
  path: string,
  options: {
    language?: Language;
    theme?: 'light' | 'dark';
    width?: number;
    height?: number;
    identity?: string;
  } = {},
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
  await page.goto(`${url}${path}`);
  return { page, w: words[language], faults, close: () => context.close() };
}

/** Enrols a sample as the reserved imprint of a new account; ends on the seal's page. */
export async function enrolSample({ page, w }: ConsolePage, sample: string): Promise<void> {
  await page.locator(`[data-sample="${sample}"]`).click();
  // The sample fills the fields; the account is either found or made.
  await page.getByLabel(w['seal.serial']).and(page.locator(':not([value=""])')).waitFor();
  await page.locator('form button[type=submit]:visible').click();
  await page.waitForURL(/\/seals\/[0-9a-f-]{36}$/);
}

/** Verifies a sample against the seal that the page shows; ends on the verification's page. */
export async function verifySample({ page, w }: ConsolePage, sample: string): Promise<void> {
  await page.getByLabel(w['verify.amount'], { exact: true }).fill('128,600');
  await page.locator(`[data-sample="${sample}"]`).click();
  await page.getByText(w['precheck.title']).waitFor();
  await page.locator('form button[type=submit]:visible').click();
  await page.waitForURL(/\/verifications\/[0-9a-f-]{36}$/);
  await stageDrawn(page);
}

/** The stage holds a picture once its canvas has more than one colour. */
export async function stageDrawn(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('#stage canvas');
    const context = canvas?.getContext('2d');
    if (!canvas || !context || canvas.width < 2) return false;
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const colours = new Set<number>();
    for (let i = 0; i < data.length; i += 4) {
      colours.add(((data[i] ?? 0) << 16) | ((data[i + 1] ?? 0) << 8) | (data[i + 2] ?? 0));
    }
    return colours.size > 2;
  });
}

/** The stage's pixels as one number, to tell whether two views differ. */
export function stageDigest(page: Page): Promise<number> {
  return page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('#stage canvas');
    const context = canvas?.getContext('2d');
    if (!canvas || !context) return 0;
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    return data.reduce((sum, value, i) => (sum * 31 + value * (i % 7)) % 4294967291, 7);
  });
}
