import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { askAt } from '../helpers/ask.ts';
import { launchChromium } from '../helpers/chromium.ts';
import { type LocalHost, startLocalHost } from '../helpers/local-host.ts';
import type { Ask } from '../helpers/payer.ts';
import { type ConsolePage, freshPort, type Language, openConsole } from './console-page.ts';

export interface Visits {
  /** Opens the console as one of the sample people, by default on a phone and in Chinese. */
  visit(identity: string, path: string, language?: Language, width?: number): Promise<ConsolePage>;
  readonly ask: Ask;
  url(): string;
}

/**
 * A whole service and a browser for the tests of this file.
 *
 * @param secrets what the person who sets it up fills into `secrets.env`
 */
export function consoleVisits(
  name: string,
  secrets: () => Promise<string> = async () => '',
): Visits {
  let host: LocalHost;
  let browser: Browser;
  let state: string;
  let ask: Ask;

  beforeAll(async () => {
    state = await mkdtemp(join(tmpdir(), `cinnabar-${name}-`));
    await writeFile(join(state, 'secrets.env'), await secrets(), { mode: 0o600 });
    [host, browser] = await Promise.all([startLocalHost(state, freshPort), launchChromium()]);
    ask = askAt(host.url);
  }, 240_000);

  afterAll(async () => {
    await browser?.close();
    await host?.stop();
    await rm(state, { recursive: true, force: true });
  });

  return {
    visit: (identity, path, language = 'zh', width = 390) =>
      openConsole(browser, host.url, path, {
        identity,
        language,
        width,
        height: width < 640 ? 844 : 900,
      }),
    ask: (...args) => ask(...args),
    url: () => host.url,
  };
}

/** For looking at, when a folder is named. */
export async function capture(page: Page, name: string): Promise<void> {
  const folder = process.env.CAPTURES;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
