import { beforeAll, expect, it } from 'vitest';
import { createClient } from '../../src/client/index.ts';
import { describeInChromium } from '../helpers/chromium.ts';
import { runningConsole } from './running.ts';

const service = runningConsole('ledger');

describeInChromium('the ledger in the browser', () => {
  beforeAll(async () => {
    // An audit record, and with it a chain whose head can be anchored.
    const { demo } = createClient({ baseUrl: service.url });
    const { token } = await demo.token('administrator-lin');
    const client = createClient({ baseUrl: service.url, token: async () => token });
    await client.accounts.create({ number: '6222-0901', name: '北辰贸易', contact: '0571' });
    const answer = await fetch(`${service.url}/v1/audit/anchor`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    });
    expect(answer.status).toBe(200);
  }, 240_000);

  it.each([
    ['zh', 1440],
    ['en', 390],
  ] as const)(
    'A8: an entry verifies in the browser, and a changed byte is refused (%s, %i px)',
    async (language, width) => {
      const { page, w, faults, close } = await service.open('/ledger', {
        language,
        width,
      });
      await page.locator('td a[href="/ledger-entry/0"]').click();
      await page.locator('.head .btn.primary').click();
      await page.locator('.verdict.ok', { hasText: w['ledger.ok'] }).waitFor();
      await page.locator('.head .btn.primary').click();
      await page.locator('dd', { hasText: w['ledger.step.keys.same'] }).waitFor();
      const shots = process.env.LEDGER_SCREENSHOTS;
      if (shots)
        await page.screenshot({ path: `${shots}/${language}-${width}.png`, fullPage: true });
      // What the service says of one byte of the entry is changed on its way.
      await page.route('**/ledger/entries/0', async (route) => {
        const response = await route.fetch();
        const entry = await response.json();
        const bytes = Buffer.from(entry.bytes, 'base64');
        bytes[20] = (bytes[20] ?? 0) ^ 1;
        await route.fulfill({ response, json: { ...entry, bytes: bytes.toString('base64') } });
      });
      await page.locator('.head .btn.primary').click();
      await page.locator('.verdict.no', { hasText: 'inclusion_failed' }).waitFor();
      const over = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(over).toBeLessThanOrEqual(0);
      expect(faults).toEqual([]);
      await close();
    },
  );
});
