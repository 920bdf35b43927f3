import { expect, it } from 'vitest';
import examples from '../../src/console/tagger/examples.json' with { type: 'json' };
import { describeInChromium } from '../helpers/chromium.ts';
import { type ConsolePage, type Look, seriousFindings } from './console-page.ts';
import { runningConsole } from './running.ts';

const service = runningConsole('tagger');

const open = (options: Look = {}) => service.open('/tagger', options);

async function type({ page, w }: ConsolePage, text: string): Promise<void> {
  await page.getByRole('textbox', { name: w['tagger.text'] }).fill(text);
}

const marked = ({ page }: ConsolePage) =>
  page
    .locator('.under mark')
    .evaluateAll((marks) => marks.map((mark) => [mark.dataset.label, mark.textContent]));

describeInChromium('D1: the tagger’s page', () => {
  it.each(['zh', 'en'] as const)(
    'marks while one types and sends nothing, %s',
    async (language) => {
      const visit = await open({ language });
      const { page, w, faults } = visit;
      await page.locator('.findings li').first().waitFor();
      const requests: string[] = [];
      page.on('request', (request) =>
        requests.push(`${request.method()} ${request.url()} ${request.postData() ?? ''}`),
      );
      await type(visit, '姓名：陈晓东，手机：13812345678');
      await page.getByRole('status').getByText(w['tagger.count'].replace('{count}', '2')).waitFor();
      expect(await marked(visit)).toEqual([
        ['NAME', '陈晓东'],
        ['CONTACT', '13812345678'],
      ]);
      await type(visit, '');
      await page.getByText(w['tagger.nothing'], { exact: true }).waitFor();
      await page.getByRole('button', { name: w['tagger.example.json'] }).click();
      await page.locator('.under mark[data-label=BIOMETRIC]').waitFor();
      await page.getByRole('button', { name: w['tagger.example.table'] }).click();
      await page.getByText(w['tagger.format.table']).waitFor();
      expect((await marked(visit)).filter(([label]) => label === 'PASSWORD')).toEqual([
        ['PASSWORD', '583920'],
        ['PASSWORD', '410752'],
      ]);
      await page.getByRole('button', { name: w['tagger.example.form'], exact: true }).click();
      await page.getByText(w['tagger.format.form'], { exact: false }).waitFor();
      // Marked as it is written, judged as it is meant.
      expect(await marked(visit)).toContainEqual(['NAME', '%E6%9E%97%E5%BF%97%E8%BF%9C']);
      // The status line of the frame asks for the service's health; no text goes with it.
      expect(requests.filter((request) => !request.startsWith('GET '))).toEqual([]);
      expect(requests.join()).not.toContain('13812345678');
      expect(await seriousFindings(visit.page)).toEqual([]);
      expect(faults).toEqual([]);
      await visit.close();
    },
  );

  it('is worked with the keyboard alone', async () => {
    const visit = await open({ language: 'en' });
    const { page, w } = visit;
    await page.locator('.findings li').first().waitFor();
    await page.keyboard.press('n');
    await page.keyboard.press('n');
    const second = page.locator('.findings li').nth(1);
    await second.locator('[aria-current=true]').waitFor();
    expect(await page.locator('.under mark.chosen').count()).toBe(1);
    await page.keyboard.press('p');
    await page.locator('.findings li').first().locator('[aria-current=true]').waitFor();
    await page.keyboard.press('e');
    const field = page.getByRole('textbox', { name: w['tagger.text'] });
    expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);
    const slider = page.getByLabel(w['tagger.point'], { exact: true });
    await slider.focus();
    await page.keyboard.press('ArrowRight');
    await page.getByText(w['tagger.point.recall.hint']).waitFor();
    expect(await slider.getAttribute('aria-valuetext')).toBe(w['tagger.point.recall']);
    await page.getByRole('checkbox', { name: w['tagger.label.NAME'] }).uncheck();
    await page.locator('.under mark[data-label=NAME]').first().waitFor({ state: 'detached' });
    await visit.close();
  });

  it('the marks lie under their words, also where the text is long and scrolled', async () => {
    const visit = await open({ width: 390, height: 844 });
    const { page, faults } = visit;
    await page.locator('.findings li').first().waitFor();
    await type(visit, `${examples.counter}\n`.repeat(6));
    const places = await page.evaluate(() => {
      const field = document.querySelector('textarea') as HTMLTextAreaElement;
      const under = document.querySelector('.under') as HTMLElement;
      field.scrollTop = 200;
      field.dispatchEvent(new Event('scroll'));
      return {
        heights: [field.scrollHeight, under.scrollHeight],
        widths: [field.clientWidth, under.clientWidth],
        tops: [field.scrollTop, under.scrollTop],
        over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      };
    });
    expect(places.heights[0]).toBe(places.heights[1]);
    expect(places.widths[0]).toBe(places.widths[1]);
    expect(places.tops[0]).toBe(places.tops[1]);
    expect(places.over).toBeLessThanOrEqual(0);
    expect(faults).toEqual([]);
    await visit.close();
  });

  it('no part of it is fetched before it is opened', async () => {
    const visit = await service.open('/');
    await visit.page.locator('.folio').waitFor();
    await visit.page.waitForLoadState('networkidle');
    const fetched = await visit.page.evaluate(() =>
      performance.getEntriesByType('resource').map(({ name }) => name),
    );
    expect(fetched.filter((name) => name.includes('tagger'))).toEqual([]);
    await visit.close();
  });
});
