import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { askAt } from '../helpers/ask.ts';
import type { Ask } from '../helpers/payer.ts';
import type { ConsolePage, Language } from './console-page.ts';
import { runningConsole } from './running.ts';

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
  const service = runningConsole(name, secrets);
  return {
    visit: (identity, path, language = 'zh', width = 390) =>
      service.open(path, {
        identity,
        language,
        width,
        height: width < 640 ? 844 : 900,
      }),
    ask: (...args) => askAt(service.url)(...args),
    url: () => service.url,
  };
}

/** For looking at, when a folder is named. */
export async function capture(page: Page, name: string): Promise<void> {
  const folder = process.env.CAPTURES;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
