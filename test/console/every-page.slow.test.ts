import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { describeInChromium } from '../helpers/chromium.ts';
import { places } from './places.ts';
import { sampleVisits, settled } from './sample-visits.ts';

/** All that the checker finds, of whatever weight. */
async function findings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { violations } = await (window as unknown as { axe: typeof axe }).axe.run();
    return violations.map(
      ({ id, impact, nodes }) =>
        `${id} (${impact}): ${nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`,
    );
  });
}

/** What sticks out of the window sideways, where nothing inside scrolls for it. */
const overhang = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** Bars that hide a part of what is in them. */
const cutBars = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('[role=toolbar], .read, .head')]
      .filter((bar) => bar.scrollWidth > bar.clientWidth)
      .map((bar) => bar.className),
  );

describeInChromium('every page', () => {
  const open = sampleVisits('pages');

  it.each([
    // A window of 1280 at 200 % has the room of 640 (WCAG 2.2, 1.4.4 and 1.4.10).
    ['en', 'dark', 640, 400],
    ['zh', 'dark', 1440, 900],
    ['zh', 'light', 320, 640],
    ['en', 'light', 320, 640],
    ['en', 'light', 1280, 800],
  ] as const)(
    'has no finding of the accessibility checker and fits: %s, %s, %i wide',
    async (language, theme, width, height) => {
      const faults: string[] = [];
      for (const [identity, path] of places) {
        const who = identity === '-' ? {} : { identity };
        const visit = await open(path, { language, theme, width, height, ...who });
        await settled(visit.page).catch(() => faults.push(`${identity} ${path}: no heading`));
        const where = `${new URL(visit.page.url()).pathname} as ${identity}`;
        const over = await overhang(visit.page);
        if (over > 0) faults.push(`${where}: sticks out by ${over}`);
        faults.push(...(await cutBars(visit.page)).map((bar) => `${where}: ${bar} is cut`));
        faults.push(...(await findings(visit.page)).map((one) => `${where}: ${one}`));
        faults.push(...visit.faults.map((one) => `${where}: ${one}`));
        await visit.close();
      }
      expect(faults).toEqual([]);
    },
  );
});
