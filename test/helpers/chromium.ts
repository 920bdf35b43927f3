import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { describe } from 'vitest';

const programs = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const advice = 'install Chromium (Debian: apt-get install chromium) or set CHROMIUM_PATH';

/** CHROMIUM_PATH, then the programs of that name on the PATH, then the one Playwright downloads. */
function findChromium(): string | undefined {
  const asked = process.env.CHROMIUM_PATH;
  if (asked) return asked;
  const folders = (process.env.PATH ?? '').split(delimiter);
  const paths = programs.flatMap((program) => folders.map((folder) => join(folder, program)));
  return [...paths, chromium.executablePath()].find((path) => existsSync(path));
}

const executablePath = findChromium();
const mayLeaveOut = executablePath === undefined && !process.env.CI;
if (mayLeaveOut) process.stderr.write(`\nBROWSER TESTS ARE NOT RUN: ${advice}\n\n`);

/** `describe` for tests that need a browser: left out where there is none, but never in CI. */
export const describeInChromium = describe.skipIf(mayLeaveOut);

/**
 * Starts a browser that speaks to nobody but the page under test. The caller closes it. `camera` is a
 * film (YUV4MPEG2) that it takes for what its camera sees.
 */
export function launchChromium(camera?: string): Promise<Browser> {
  if (executablePath === undefined) throw new Error(`no browser was found: ${advice}`);
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...(camera === undefined
        ? []
        : [
            '--use-fake-ui-for-media-stream',
            '--use-fake-device-for-media-stream',
            `--use-file-for-fake-video-capture=${camera}`,
          ]),
    ],
  });
}
