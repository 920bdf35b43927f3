import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import contract from '../../docs/openapi.json' with { type: 'json' };
import { describeInChromium } from '../helpers/chromium.ts';
import { answerHostile, freeTextFields, strikes } from './hostile-text.ts';
import { type Place, places, placesWithText } from './places.ts';
import { sampleVisits, settled } from './sample-visits.ts';

describeInChromium('texts that want to be more than texts', () => {
  const open = sampleVisits('hostile');
  const free = freeTextFields(contract);

  /**
   * Looks at pages whose every answer is hostile, first in a wide window, then as narrow as a phone;
   * in English, whose words are the longer ones.
   */
  async function visited(those: readonly Place[], prepare = async (_: Page) => {}) {
    const faults: string[] = [];
    const fields = new Set<string>();
    for (const [identity, path] of those) {
      const who = identity === '-' ? {} : { identity };
      const visit = await open(path, {
        language: 'en',
        ...who,
        async prepare(page) {
          page.on('dialog', (dialog) => {
            faults.push(`a dialog: ${dialog.message()}`);
            void dialog.dismiss();
          });
          await prepare(page);
          await answerHostile(page, free, fields);
        },
      });
      const { page } = visit;
      const where = `${new URL(page.url()).pathname} as ${identity}`;
      await settled(page).catch(() => faults.push(`${where}: it does not come`));
      for (const width of [1440, 390]) {
        await page.setViewportSize({ width, height: 900 });
        const struck = await strikes(page);
        faults.push(...struck.map((one) => `${where}, ${width} wide: ${one}`));
      }
      faults.push(...visit.faults.map((one) => `${where}: ${one}`));
      await visit.close();
    }
    return { faults, fields };
  }

  it('S7: stay texts on every page, for everybody who sees it, wide and on a phone', async () => {
    const { faults, fields } = await visited(places);
    expect(faults).toEqual([]);
    expect(fields.size).toBeGreaterThan(10);
  });

  it('S7: on a page that writes them as markup they are found', async () => {
    const plant = async (page: Page) => {
      await page.addInitScript(writeTextAsMarkup);
    };
    const { faults } = await visited(placesWithText, plant);
    expect(faults.filter((one) => one.includes('became markup')).length).toBeGreaterThan(0);
    // The content security policy is the second wall: nothing ran all the same.
    expect(faults.filter((one) => one.includes('a script ran'))).toEqual([]);
  });
});

/**
 * The defect that is planted: whatever the page shows as a text is read as markup. Each text once:
 * one that is no markup after all would be written, seen and written again without end.
 */
function writeTextAsMarkup(): void {
  const written = new WeakMap<Element, string>();
  new MutationObserver(() => {
    for (const element of document.querySelectorAll('td, dd, h1, main a, main span')) {
      const text = element.textContent ?? '';
      if (element.children.length > 0 || !text.includes('<')) continue;
      if (written.get(element) === text) continue;
      written.set(element, text);
      element.innerHTML = text;
    }
  }).observe(document, { childList: true, subtree: true });
}
