import { expect, it } from 'vitest';
import { describeInChromium } from '../helpers/chromium.ts';
import { answerHostile, freeTextFields, strikes } from './hostile-text.ts';
import { places, placesWithText } from './places.ts';
import { sampleVisits, settled } from './sample-visits.ts';

describeInChromium('texts that want to be more than texts', () => {
  const open = sampleVisits('hostile');

  async function visited(language: 'zh' | 'en', width: number, isPlanted: boolean) {
    const faults: string[] = [];
    const fields = new Set<string>();
    for (const [identity, path] of isPlanted ? placesWithText : places) {
      const who = identity === '-' ? {} : { identity };
      // Once as it is, so that the next look finds the page's own address and the person's token.
      const visit = await open(path, { language, width, height: 900, ...who });
      const { page } = visit;
      page.on('dialog', (dialog) => {
        faults.push(`a dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      await settled(page).catch(() => undefined);
      const api = await page.request.get(new URL('/openapi.json', page.url()).href);
      const reached = await answerHostile(page, freeTextFields(await api.json()));
      if (isPlanted) await page.addInitScript(writeTextAsMarkup);
      visit.faults.length = 0;
      await page.reload();
      await settled(page).catch(() => undefined);
      const where = `${new URL(page.url()).pathname} as ${identity}`;
      faults.push(...(await strikes(page)).map((one) => `${where}: ${one}`));
      faults.push(...visit.faults.map((one) => `${where}: ${one}`));
      for (const field of reached) fields.add(field);
      await visit.close();
    }
    return { faults, fields };
  }

  it.each([
    ['zh', 1440],
    ['en', 390],
  ] as const)(
    'S7: stay texts on every page, for everybody who sees it: %s, %i wide',
    async (language, width) => {
      const { faults, fields } = await visited(language, width, false);
      expect(faults).toEqual([]);
      expect(fields.size).toBeGreaterThan(10);
    },
  );

  it('S7: on a page that writes them as markup they are found', async () => {
    const { faults } = await visited('en', 1440, true);
    expect(faults.filter((one) => one.includes('became markup')).length).toBeGreaterThan(0);
    // The content security policy is the second wall: nothing ran all the same.
    expect(faults.filter((one) => one.includes('a script ran'))).toEqual([]);
  });
});

/** The defect that is planted: whatever the page shows as a text is read as markup. */
function writeTextAsMarkup(): void {
  new MutationObserver(() => {
    for (const element of document.querySelectorAll('td, dd, h1, main a, main span')) {
      if (element.children.length === 0 && element.textContent?.includes('<')) {
        element.innerHTML = element.textContent;
      }
    }
  }).observe(document, { childList: true, subtree: true });
}
