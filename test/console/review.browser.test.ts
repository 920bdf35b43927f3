import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { describeInChromium } from '../helpers/chromium.ts';
import {
  enrolSample,
  seriousFindings,
  stageDigest,
  stageDrawn,
  verifySample,
} from './console-page.ts';
import { runningConsole } from './running.ts';

const service = runningConsole('review');
let pictures: string;

const picture = (page: Page, name: string) =>
  page.screenshot({ path: join(pictures, `${name}.png`) });

describeInChromium('the review workstation in the browser', () => {
  beforeAll(async () => {
    pictures = fileURLToPath(new URL('../../test-results/screenshots', import.meta.url));
    await mkdir(pictures, { recursive: true });
    const visit = await service.open('/seals/enrol');
    await enrolSample(visit, 'r01-reserved');
    const seal = new URL(visit.page.url()).pathname.split('/').at(-1);
    for (const sample of ['r01-f-tamper0', 'r01-f-text0']) {
      await visit.page.goto(`${service.url}/verify?seal=${seal}`);
      await visit.page.locator('.tile input:checked').waitFor();
      await verifySample(visit, sample);
    }
    await visit.close();
  }, 240_000);

  it('B7, B8: an imprint is looked at, computed again and decided by the keyboard alone', async () => {
    const visit = await service.open('/review', { identity: 'reviewer-he' });
    const { page, w, faults } = visit;
    await stageDrawn(page);
    expect(await page.locator('.queue li').count()).toBe(2);
    expect(await page.locator('.queue [aria-current]').count()).toBe(1);

    const seen = new Set<string>();
    for (const key of ['1', '2', '3', '4', '5']) {
      await page.keyboard.press(key);
      await page.locator('.seg button[aria-pressed=true]', { hasText: key }).waitFor();
      seen.add(await stageDigest(page));
    }
    expect(seen.size).toBe(5);
    expect(await seriousFindings(page)).toEqual([]);
    await picture(page, 'review-heat-zh-1440');
    await page.keyboard.press('2');
    await picture(page, 'review-overlay-zh-1440');

    // The same WebAssembly, here: its score is the service's.
    await page.keyboard.press('m');
    const rows = page.locator('.manual tbody tr');
    await rows.first().waitFor();
    const same = rows.filter({ hasText: w['manual.same'] });
    expect(await same.count()).toBe(await rows.count());

    // F9, then the digit of the reason; undone within five seconds; then for good.
    const current = () => page.locator('.queue [aria-current]').getAttribute('data-verification');
    const first = await current();
    await page.keyboard.press('F9');
    await page.locator('.reasons').waitFor();
    await page.keyboard.press('1');
    await page.getByText(w['review.done.fail']).waitFor();
    await page.keyboard.press('z');
    await page.getByText(w['review.undone']).waitFor();
    await expect.poll(current).toBe(first);
    await stageDrawn(page);
    await page.keyboard.press('F9');
    await page.keyboard.press('1');
    await page.getByText(w['review.done.fail']).waitFor();
    // The next one is taken at once.
    await expect.poll(current, { timeout: 20_000 }).not.toBe(first);
    await stageDrawn(page);
    await page.keyboard.press('F8');
    await page.keyboard.press('4');
    await page.getByLabel(w['review.note']).fill('与经办人核实');
    await page.keyboard.press('Enter');
    await page.getByText(w['review.done.pass']).waitFor();
    await page.getByText(w['review.none']).waitFor();
    await picture(page, 'review-empty-zh-1440');
    expect(faults).toEqual([]);
    await visit.close();
  }, 120_000);

  it('B7: a final decision shows with its signature and its place in the ledger', async () => {
    const visit = await service.open('/verifications', { language: 'en' });
    const { page, w, faults } = visit;
    await page.locator('a.whole').first().click();
    await stageDrawn(page);
    // The queue settles it some seconds after it was decided.
    await expect
      .poll(
        async () => {
          await page.reload();
          await stageDrawn(page);
          return page.locator('.findings').innerText();
        },
        { timeout: 60_000, interval: 2000 },
      )
      .toContain(w['review.final']);
    expect(await page.locator('.findings').innerText()).toMatch(/ledger #\d+/);
    await picture(page, 'verification-reviewed-en-1440');
    expect(faults).toEqual([]);
    await visit.close();
  }, 120_000);

  it('B5, B9, B10: policy, batches and jobs are there for those who may, in both languages, wide and narrow', async () => {
    for (const [path, identity, language, width] of [
      ['/policies', 'administrator-lin', 'zh', 1440],
      ['/policies', 'risk-officer-xu', 'en', 390],
      ['/jobs', 'administrator-lin', 'en', 1440],
      ['/jobs', 'teller-zhou', 'zh', 390],
      ['/review', 'reviewer-qin', 'en', 390],
    ] as const) {
      const visit = await service.open(path, { identity, language, width });
      const { page, faults } = visit;
      await page.locator('main h1').first().waitFor();
      await expect.poll(() => page.locator('.loading').count(), { timeout: 20_000 }).toBe(0);
      expect(await seriousFindings(page), `${path} as ${identity}`).toEqual([]);
      const over = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect([path, over]).toEqual([path, 0]);
      await picture(page, `${path.slice(1)}-${language}-${width}`);
      expect(faults).toEqual([]);
      await visit.close();
    }
  }, 120_000);

  it('B5: a policy is proposed, previewed, and approved by another person', async () => {
    const maker = await service.open('/policies', {
      identity: 'administrator-lin',
      language: 'en',
    });
    const { page, w } = maker;
    const levels = page.locator('fieldset', { hasText: w['policy.levels'] }).last();
    await levels.getByRole('button', { name: w['policy.add'] }).click();
    await page.getByLabel(w['policy.from']).fill('100000');
    await page.getByLabel(w['policy.reason']).fill('yearly review');
    await page.getByRole('button', { name: w['policy.propose'] }).click();
    await page.getByText(w['policy.state.proposed'], { exact: true }).waitFor();
    await page.getByText(w['policy.own']).waitFor();
    const checker = await service.open('/policies', {
      identity: 'risk-officer-xu',
      language: 'en',
    });
    await checker.page.getByRole('button', { name: w['policy.approve'] }).click();
    await checker.page.getByText(w['policy.state.approved'], { exact: true }).waitFor();
    await checker.page.getByRole('heading', { name: 'Policy in force (version 1)' }).waitFor();
    expect([...maker.faults, ...checker.faults]).toEqual([]);
    await maker.close();
    await checker.close();
  }, 120_000);
});
