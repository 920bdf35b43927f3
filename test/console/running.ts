import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { launchChromium } from '../helpers/chromium.ts';
import { type LocalHost, startLocalHost } from '../helpers/local-host.ts';
import { type ConsolePage, freshPort, type Look, openConsole } from './console-page.ts';

export interface RunningConsole {
  /** Opens the console at `path` as a new visitor. */
  open(path: string, look?: Look): Promise<ConsolePage>;
  readonly browser: Browser;
  /** Origin of the service. */
  readonly url: string;
  /** Its folder, which goes when the tests are over; also for what a test downloads. */
  readonly state: string;
}

/**
 * A whole service and a browser for the tests of this file.
 *
 * @param secrets what the person who sets it up fills into `secrets.env`
 */
export function runningConsole(
  name: string,
  secrets: () => Promise<string> = async () => '',
): RunningConsole {
  let host: LocalHost;
  let browser: Browser;
  let state: string;

  beforeAll(async () => {
    state = await mkdtemp(join(tmpdir(), `cinnabar-${name}-`));
    await writeFile(join(state, 'secrets.env'), await secrets(), { mode: 0o600 });
    [host, browser] = await Promise.all([startLocalHost(state, freshPort), launchChromium()]);
  }, 240_000);

  afterAll(async () => {
    await browser?.close();
    await host?.stop();
    await rm(state, { recursive: true, force: true });
  });

  return {
    open: (path, look) => openConsole(browser, host.url, path, look),
    get browser() {
      return browser;
    },
    get url() {
      return host.url;
    },
    get state() {
      return state;
    },
  };
}
