import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { describeInChromium } from '../helpers/chromium.ts';
import type { ConsolePage, Language } from './console-page.ts';
import { places } from './places.ts';
import { sampleVisits, settled } from './sample-visits.ts';

interface Look {
  readonly language: Language;
  readonly theme: 'light' | 'dark';
  readonly width: number;
  readonly height: number;
}

const look = (language: Language, theme: Look['theme'], width: number, height: number): Look => ({
  language,
  theme,
  width,
  height,
});

/** All that the checker finds, of whatever weight. */
async function findings(page: Page): Promise<string[]> {
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

/** As a person changes it: by the window's edge and the buttons of the top bar, without a reload. */
async function change(page: Page, { language, theme, width, height }: Look): Promise<void> {
  await page.setViewportSize({ width, height });
  const tag = language === 'zh' ? 'zh-CN' : 'en';
  await page.evaluate(
    ([tag, theme]) => {
      const press = (button: string) => document.querySelector<HTMLElement>(button)?.click();
      if (document.documentElement.lang !== tag) press(`.lang [lang=${tag}]`);
      if (document.documentElement.dataset.theme !== theme) press('.top .theme');
    },
    [tag, theme] as const,
  );
  await page.locator(`html[lang=${tag}][data-theme=${theme}]`).waitFor({ state: 'attached' });
}

async function faultsNow({ page, faults }: ConsolePage): Promise<string[]> {
  const over = await overhang(page);
  return [
    ...(over > 0 ? [`sticks out by ${over}`] : []),
    ...(await cutBars(page)).map((bar) => `${bar} is cut`),
    ...(await findings(page)),
    ...faults.splice(0),
  ];
}

describeInChromium('every page', () => {
  const open = sampleVisits('pages');

  it.each([
    // A window of 1280 at 200 % has the room of 640 (WCAG 2.2, 1.4.4 and 1.4.10).
    [
      'a desk',
      [look('en', 'dark', 640, 400), look('zh', 'dark', 1440, 900), look('en', 'light', 1280, 800)],
    ],
    ['a phone', [look('zh', 'light', 320, 640), look('en', 'light', 320, 640)]],
  ] as const)('has no finding of the accessibility checker and fits, on %s', async (_, looks) => {
    const all: string[] = [];
    for (const [identity, path] of places) {
      const who = identity === '-' ? {} : { identity };
      const visit = await open(path, { ...looks[0], ...who });
      const { page } = visit;
      const { pathname, search } = new URL(page.url());
      await settled(page).catch(() => all.push(`${identity} ${pathname}: no heading`));
      await page.evaluate(axe.source);
      for (const one of looks) {
        const where = `${pathname}${search} as ${identity}, ${one.language} ${one.theme} ${one.width}`;
        await change(page, one).catch((error) => all.push(`${where}: ${error}`));
        const found = (await faultsNow(visit)).map((fault) => `${where}: ${fault}`);
        for (const fault of found) console.warn(fault);
        all.push(...found);
      }
      await visit.close();
    }
    expect(all).toEqual([]);
  });
});
