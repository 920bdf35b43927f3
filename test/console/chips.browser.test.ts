import { join } from 'node:path';
import { bytesToHex } from '@noble/hashes/utils.js';
import { beforeAll, expect, it } from 'vitest';
import { type Client, createClient } from '../../src/client/index.ts';
import { authoritiesEn } from '../../src/console/i18n/authorities.en.ts';
import { authoritiesZh } from '../../src/console/i18n/authorities.zh.ts';
import { fiveOfficers } from '../helpers/backups.ts';
import { describeInChromium } from '../helpers/chromium.ts';
import { runningConsole } from './running.ts';

const service = runningConsole('chips-page', async () => {
  const { backupKey } = await fiveOfficers();
  return `CHIP_BACKUP_KEY=${bytesToHex(backupKey)}\n`;
});
let operator: Client;

async function clientOf(identity: string): Promise<Client> {
  const { demo } = createClient({ baseUrl: service.url });
  const { token } = await demo.token(identity);
  return createClient({ baseUrl: service.url, token: async () => token });
}

describeInChromium('the chips in the browser', () => {
  beforeAll(async () => {
    operator = await clientOf('operator-ma');
    // The token issuer's key is made in the chips when the first token is asked for.
    const { demo } = createClient({ baseUrl: service.url });
    const { token } = await demo.token('customer-chen');
    const answer = await fetch(`${service.url}/v1/tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ grantType: 'urn:cinnabar:grant:session', audiences: ['cinnabar'] }),
    });
    expect(answer.status).toBe(200);
  }, 240_000);

  it('E2: an operator sees load, stops a chip, empties one and takes it back', async () => {
    const shown = await service.open('/chips', { identity: 'operator-ma' });
    const { page, w } = shown;
    const row = (chip: string) =>
      page.locator('tr', { has: page.getByText(chip, { exact: true }) });
    await row('chip-4').first().waitFor();
    expect(await page.locator('.chip-spark svg[role=img]').count()).toBe(8);
    await page.getByText(w['chips.backups.none']).waitFor();

    await row('chip-2').getByRole('button', { name: w['chips.halt'] }).click();
    await page.keyboard.press('Escape');
    expect(await page.getByRole('dialog').isVisible()).toBe(false);
    await row('chip-2').getByRole('button', { name: w['chips.halt'] }).click();
    await page.getByRole('dialog').getByRole('button', { name: w['chips.halt'] }).click();
    const away = new RegExp(`${w['chips.health.suspect']}|${w['chips.health.out']}`);
    await row('chip-2').getByText(away).first().waitFor({ timeout: 60_000 });
    await page.getByText(w['chips.degraded'], { exact: true }).waitFor();

    await row('chip-3').getByRole('button', { name: w['chips.drain'] }).click();
    await page.getByRole('dialog').getByRole('button', { name: w['chips.drain'] }).click();
    const reset = row('chip-3').getByRole('button', { name: w['chips.reset'] });
    await reset.click({ timeout: 60_000 });
    await page.getByRole('dialog').getByRole('button', { name: w['chips.reset'] }).click();
    const readmit = row('chip-3').getByRole('button', { name: w['chips.readmit'] });
    await readmit.click({ timeout: 60_000 });
    await row('chip-3').getByText(w['chips.health.healthy']).waitFor({ timeout: 60_000 });
    expect(shown.faults).toEqual([]);
    await shown.close();
  }, 240_000);

  it('E2: a chip joins, and its name is checked before it is sent', async () => {
    const shown = await service.open('/chips', {
      identity: 'operator-ma',
      language: 'en',
    });
    const { page, w } = shown;
    await page.getByRole('button', { name: w['chips.add'] }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel(w['chips.add.name']).fill('Chip 9');
    await dialog.getByLabel(w['chips.zone']).fill('b');
    const send = dialog.getByRole('button', { name: w['chips.add'] });
    expect(await send.isDisabled()).toBe(true);
    await dialog.getByLabel(w['chips.add.name']).fill('chip-9');
    await send.click();
    await page.locator('td', { hasText: 'chip-9' }).first().waitFor();
    expect(shown.faults).toEqual([]);
    await shown.close();
  });

  it('A7: an issuing authority is succeeded, and revoked by two people', async () => {
    await operator.certificates.authorities.open({ algorithm: 'p256', generation: 1 });
    const path = '/certificates/authorities';
    const first = await service.open(path, { identity: 'operator-ma' });
    const zh = authoritiesZh;
    const hierarchy = first.page.getByRole('region', { name: zh['algorithm.p256'] });
    await hierarchy.getByRole('button', { name: zh.open }).click();
    await first.page.getByRole('dialog').getByRole('button', { name: zh.open }).click();
    const generation = (n: number) => zh.generation.replace('{generation}', String(n));
    const row = hierarchy.locator('tr', { hasText: generation(1) });
    await row.getByText(zh['state.retired']).waitFor();
    await first.page
      .locator('tr', { hasText: generation(2) })
      .getByText(zh['state.issuing'])
      .waitFor();
    await row.getByRole('button', { name: zh.revoke }).click();
    await first.page.getByRole('dialog').getByRole('button', { name: zh.revoke }).click();
    await row.getByText('operator-ma').waitFor();
    await row.getByText(zh['state.retired']).waitFor();
    expect(first.faults).toEqual([]);
    await first.close();

    const language = 'en';
    const look = { identity: 'administrator-lin', language } as const;
    const second = await service.open(path, look);
    const en = authoritiesEn;
    await second.page.getByRole('button', { name: en.revoke }).click();
    await second.page.getByRole('dialog').getByText('operator-ma proposed it').waitFor();
    await second.page.getByRole('dialog').getByRole('button', { name: en.revoke }).click();
    await second.page.getByText('Revoked by operator-ma and administrator-lin').waitFor();
    expect(second.faults).toEqual([]);
    await second.close();
    const { items } = await operator.certificates.authorities.list();
    const ours = items.filter(({ algorithm }) => algorithm === 'p256');
    expect(ours.map(({ generation: n, state: now }) => [n, now])).toEqual([
      [1, 'revoked'],
      [2, 'issuing'],
    ]);
  });

  it.each([
    ['zh', 1440],
    ['en', 390],
  ] as const)(
    'E2: in %s at %i wide the newest backup is named, and nothing is cut',
    async (language, width) => {
      const { number } = await operator.chipBackups.begin();
      for (let page = 0; ; page++) {
        if ((await operator.chipBackups.page(number, page)).isLast) break;
      }
      const manifest = await operator.chipBackups.seal(number);
      const { manifestHash } = await import('../../src/domain/chips/backup.ts');
      const { loadGm } = await import('../../src/core/gm.ts');
      await operator.chipBackups.confirm(number, manifestHash(await loadGm(), manifest));
      const options = { identity: 'operator-ma', language, width };
      const shown = await service.open('/chips', options);
      const { page, w } = shown;
      await page.getByText(w['chips.backup.newest']).waitFor();
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(wide).toBeLessThanOrEqual(0);
      const folder = process.env.CAPTURES;
      if (folder)
        await page.screenshot({
          path: join(folder, `chips-${language}-${width}.png`),
          fullPage: true,
        });
      expect(shown.faults).toEqual([]);
      await shown.close();
    },
  );
});
