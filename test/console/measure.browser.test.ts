import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { rowIds } from '../../src/console/measure/plan.ts';
import { describeInChromium } from '../helpers/chromium.ts';
import { type ConsolePage, type Look, seriousFindings } from './console-page.ts';
import { runningConsole } from './running.ts';

/** No test waits for the fewest samples that the page offers for longer than this. */
const measuredMs = 90_000;

const service = runningConsole('measure');

const open = ({ rounds = 5, ...options }: Look & { rounds?: number } = {}) =>
  service.open(`/core?rounds=${rounds}`, {
    identity: 'developer-song',
    ...options,
  });

async function measured({ page, w }: ConsolePage): Promise<void> {
  await page
    .getByRole('status')
    .getByText(w['core.phase.done'], { exact: true })
    .waitFor({ state: 'attached', timeout: measuredMs });
}

describeInChromium('the page of the core’s speed', () => {
  it('measures every row in the visitor’s browser and gives the figures away', async () => {
    const visit = await open({ language: 'en' });
    const { page, w, faults } = visit;
    await page.locator('.rail a[aria-current]', { hasText: w['nav.core'] }).waitFor();
    await page.getByRole('button', { name: w['core.start'] }).click();
    // The page answers while the worker measures.
    await page.locator('tr.forming').first().waitFor();
    await page.getByRole('button', { name: w['theme.to-dark'] }).click();
    await page.locator(':root[data-theme=dark]').waitFor();
    await measured(visit);

    for (const row of rowIds) {
      const cells = await page.locator(`tr[data-row=${row}] td.num`).allInnerTexts();
      const [median = 0, spread = -1, rate = 0] = cells.map((text) =>
        Number(text.replaceAll(',', '')),
      );
      expect(median, row).toBeGreaterThan(0);
      expect(spread, row).toBeGreaterThanOrEqual(0);
      expect(rate, row).toBeGreaterThan(0);
      expect(await page.locator(`tr[data-row=${row}] .bar`).count(), row).toBe(1);
    }
    const environment = page.locator('.environment');
    for (const module of ['gm.wasm', 'seal.wasm', 'vendor-stroke.wasm', 'vendor-glyphs.wasm']) {
      await environment.getByText(module, { exact: true }).waitFor();
    }

    const loading = page.waitForEvent('download');
    await page.getByRole('button', { name: w['core.download'] }).click();
    const file = await (await loading).path();
    const report = JSON.parse(await readFile(file, 'utf8'));
    expect(report.rows.map(({ id }: { id: string }) => id)).toEqual([...rowIds]);
    for (const row of report.rows) {
      expect(row.samples, row.id).toBe(5);
      expect(row.lowerQuartileMicros, row.id).toBeLessThanOrEqual(row.medianMicros);
      expect(row.medianMicros, row.id).toBeLessThanOrEqual(row.upperQuartileMicros);
    }
    expect(report.modules).toHaveLength(7);

    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.keyboard.press('m');
    await page.getByText(w['core.copied'], { exact: true }).waitFor();
    const markdown = await page.evaluate(() => navigator.clipboard.readText());
    expect(markdown).toContain(`| ${w['core.row.seal-verify']} | `);
    expect(markdown.match(/^\| .* \| [\d.,]+ \| [\d.]+ \| [\d.,]+ \|$/gm)).toHaveLength(
      rowIds.length,
    );
    expect(await seriousFindings(page), 'dark, measured').toEqual([]);
    expect(faults).toEqual([]);
    await visit.close();
  }, 150_000);

  it('is stopped and begun again with the keyboard alone', async () => {
    // Of five rounds a fast machine tells nothing before the last: there is nothing to stop.
    const visit = await open({ language: 'zh', rounds: 101 });
    const { page, w, faults } = visit;
    await page.locator('[data-act=start]').waitFor();
    await page.getByText(w['core.nothing-yet']).waitFor();
    expect(await seriousFindings(page), 'light, empty').toEqual([]);
    await page.keyboard.press('s');
    await page
      .locator('tr[data-row=sm2-sign].forming .under-way .num')
      .filter({ hasText: /^[1-9]/ })
      .first()
      .waitFor({ timeout: measuredMs });
    expect(await seriousFindings(page), 'light, under way').toEqual([]);
    await page.keyboard.press('s');
    await page.locator('.head .st', { hasText: w['core.phase.stopped'] }).waitFor();
    const figures = await page.locator('.measured .fill-ink').count();
    expect(figures).toBeGreaterThan(0);
    expect(await page.locator('tr.forming').count()).toBe(0);
    expect(await page.getByText(w['core.nothing-yet']).count()).toBe(0);
    await page.keyboard.press('s');
    await page.locator('tr.forming').first().waitFor({ timeout: measuredMs });
    expect(faults).toEqual([]);
    await visit.close();
  }, 150_000);

  it('says what broke, and measures again once it is mended', async () => {
    const visit = await open({ language: 'en' });
    const { page, w } = visit;
    await page.locator('[data-act=start]').waitFor();
    await page.route('**/samples/manifest.json', (route) => route.abort());
    await page.locator('[data-act=start]').click();
    const refusal = page.getByRole('alert');
    await refusal.getByText(w['core.failed.next']).waitFor();
    expect(await seriousFindings(page), 'light, failed').toEqual([]);
    await page.unroute('**/samples/manifest.json');
    await refusal.getByRole('button', { name: w['action.retry'] }).click();
    await refusal.waitFor({ state: 'detached' });
    await page.locator('tr.forming').first().waitFor({ timeout: measuredMs });
    await visit.close();
  }, 150_000);

  it('fits 390 pixels, measured', async () => {
    const visit = await open({ language: 'en', width: 390, height: 844 });
    const { page, faults } = visit;
    await page.locator('[data-act=start]').tap();
    await measured(visit);
    const over = await page.evaluate(() => {
      const main = document.querySelector('main');
      const widest = Math.max(document.documentElement.scrollWidth, main?.scrollWidth ?? 0);
      return widest - document.documentElement.clientWidth;
    });
    expect(over).toBeLessThanOrEqual(0);
    expect(await seriousFindings(page), 'light, phone').toEqual([]);
    expect(faults).toEqual([]);
    await visit.close();
  }, 150_000);

  it('is the developer’s, and no part of it is fetched before it is opened', async () => {
    const teller = await service.open('/core', { identity: 'teller-zhou' });
    await teller.page.getByText(teller.w['page.forbidden'], { exact: true }).waitFor();
    expect(await teller.page.locator('.rail a[href="/core"]').count()).toBe(0);
    await teller.close();

    const visit = await service.open('/', { identity: 'developer-song' });
    await visit.page.locator('.rail a[href="/core"]').waitFor();
    await visit.page.waitForLoadState('networkidle');
    const fetched = () =>
      visit.page.evaluate(() =>
        performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname),
      );
    const first = await fetched();
    expect(first.filter((path) => path.endsWith('.wasm'))).toEqual([]);
    await visit.page.keyboard.press('g');
    await visit.page.keyboard.press('c');
    await visit.page.locator('[data-act=start]').waitFor();
    const later = (await fetched()).filter((path) => !first.includes(path));
    expect(later.some((path) => path.endsWith('.js'))).toBe(true);
    expect(later.some((path) => path.endsWith('.css'))).toBe(true);
    await visit.close();
  });
});
