import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { describeInChromium } from '../helpers/chromium.ts';
import { clientAs, issued, type KeyPerson, keyPerson, pin } from '../helpers/key-people.ts';
import type { ConsolePage } from './console-page.ts';
import { runningConsole } from './running.ts';

const service = runningConsole('institution');
let people: Record<'song' | 'chen' | 'zhou', KeyPerson>;

/** Puts the share into this browser, as making the key here would have. */
async function carry(page: Page, { keyId, stored }: KeyPerson): Promise<void> {
  await page.evaluate(
    ([id, value]) =>
      new Promise<void>((resolve, reject) => {
        const request = indexedDB.open('cinnabar-keys', 1);
        request.onupgradeneeded = () => request.result.createObjectStore('keys');
        request.onerror = () => reject(request.error);
        request.onsuccess = () => {
          const transaction = request.result.transaction('keys', 'readwrite');
          transaction.objectStore('keys').put(value, id);
          transaction.oncomplete = () => {
            request.result.close();
            resolve();
          };
        };
      }),
    [keyId, stored] as const,
  );
}

/** Opens the key with the PIN in the dialog that shows what is signed. */
async function sign({ page }: ConsolePage): Promise<void> {
  const dialog = page.locator('dialog[open]');
  await dialog.locator('input[type=password]').fill(pin);
  await dialog.locator('button[type=submit]').click();
  // Either it closes, or it says why not.
  await Promise.race([
    dialog.waitFor({ state: 'hidden', timeout: 60_000 }),
    dialog
      .getByRole('alert')
      .waitFor({ timeout: 60_000 })
      .catch(() => undefined),
  ]);
  const refusal = dialog.getByRole('alert');
  expect(await refusal.count(), await refusal.allTextContents().then(String)).toBe(0);
}

describeInChromium('an institution’s key in the browser', () => {
  beforeAll(async () => {
    const [song, chen, zhou] = [
      await keyPerson(service.url, 'developer-song'),
      await keyPerson(service.url, 'customer-chen'),
      await keyPerson(service.url, 'teller-zhou'),
    ];
    people = { song, chen, zhou };
  }, 360_000);

  const visit = (identity: string, path: string, language: 'zh' | 'en' = 'zh', width = 1440) =>
    service.open(path, { identity, language, width });

  it('C1 C4 C5 C6 C7 C8: registered, granted by its officers, used, exported and verified offline', async () => {
    const administrator = await visit('administrator-lin', '/institutions');
    const { page, w } = administrator;
    await page.getByText(w['institutions.none']).waitFor();
    await capture(page, 'institutions-empty-zh');
    await page.keyboard.press('n');
    await page.getByLabel(w['institution.name']).fill('北辰银行');
    await page.getByText('developer-song ·').click();
    await page.getByText('customer-chen ·').click();
    await page.locator('form').getByRole('button', { name: w['institutions.register'] }).click();
    await page.waitForURL(/\/institutions\/[0-9a-f-]{36}$/);
    const institution = new URL(page.url()).pathname;
    await page.getByRole('button', { name: w['institution.apply'] }).click();
    await page.locator('form').getByRole('button', { name: w['institution.apply'] }).click();
    const signing = page.locator('tbody a', { hasText: w['purpose.signature'] });
    await signing.waitFor();
    const lin = clientAs(service.url, 'administrator-lin');
    const id = institution.split('/').at(-1) ?? '';
    const [made] = (await lin.institutions.keys(id)).items;
    await issued(service.url, made?.applicationId ?? '');
    await signing.click();
    await page.locator('h1 + .st', { hasText: w['standing.good'] }).waitFor();
    const key = new URL(page.url()).pathname;
    await page.getByRole('button', { name: w['key.grant'] }).click();
    await page.getByLabel(w['grant.person']).selectOption(people.zhou.keyId);
    await page.getByLabel(w['grant.types']).fill('guarantee');
    await page.getByLabel(w['grant.amount'], { exact: true }).fill('100,000');
    await page.locator('form').getByRole('button', { name: w['key.grant'] }).click();
    await page.locator('.st.wait', { hasText: w['grant.state.proposed'] }).waitFor();
    await capture(page, 'key-proposed-zh');
    expect(administrator.faults).toEqual([]);
    await administrator.close();

    for (const [who, identity, language] of [
      ['song', 'developer-song', 'zh'],
      ['chen', 'customer-chen', 'en'],
    ] as const) {
      const officer = await visit(identity, '/approvals', language);
      await carry(officer.page, people[who]);
      await officer.page.getByRole('button', { name: officer.w['change.sign'] }).click();
      await officer.page.locator('dialog[open] input[type=password]').waitFor();
      await capture(officer.page, `change-dialog-${language}`);
      // What is signed is read whole on a phone too.
      await officer.page.setViewportSize({ width: 390, height: 844 });
      const dialog = officer.page.locator('dialog[open]');
      expect(await dialog.evaluate((it) => it.scrollWidth - it.clientWidth)).toBeLessThanOrEqual(0);
      await capture(officer.page, `change-dialog-${language}-390`);
      await sign(officer);
      await officer.page.getByText(officer.w['approvals.none']).waitFor();
      expect(officer.faults).toEqual([]);
      await officer.close();
    }

    const clerk = await visit('teller-zhou', `${key}/use`);
    await carry(clerk.page, people.zhou);
    const file = join(service.state, '担保函-42.txt');
    await writeFile(file, '担保函 No. 42: CNY 5,000.00, until 2027-11-27\n');
    const desk = clerk.page;
    await desk.locator('input[type=file]').setInputFiles(file);
    await desk.getByLabel(w['use.amount'], { exact: true }).fill('5,000');
    await desk.getByLabel(w['use.reason']).fill('为供应商开立担保函');
    await capture(desk, 'use-zh');
    await desk.getByRole('button', { name: w['use.ask'] }).click();
    await desk.waitForURL(/\/uses\/[0-9a-f-]{36}$/);
    const use = new URL(desk.url()).pathname;
    await desk.getByRole('button', { name: w['operation.confirm'] }).click();
    await desk.locator('dialog[open]').getByText('伍仟元整').waitFor();
    await capture(desk, 'confirm-zh');
    const calls: string[] = [];
    desk.on('request', (request) => {
      const { pathname } = new URL(request.url());
      if (pathname.startsWith('/v1/')) calls.push(`${request.method()} ${pathname}`);
    });
    const startMs = performance.now();
    await sign(clerk);
    await desk.locator('h1 + .st', { hasText: w['operation.state.completed'] }).waitFor();
    const took = Math.round(performance.now() - startMs);
    const signed = calls.findIndex((call) => call.endsWith('/complete')) + 1;
    console.info(
      `one institution signature in Chromium: ${took} ms from the PIN to the record on the page, ${signed} round trips up to the completed record`,
    );
    await desk.getByRole('button', { name: w['operation.verify'] }).click();
    await desk.locator('.verdict.ok').getByText('北辰银行').waitFor();
    await capture(desk, 'operation-done-zh');
    const result = desk.waitForEvent('download');
    await desk.getByRole('button', { name: w['operation.result'] }).click();
    expect((await result).suggestedFilename()).toBe('担保函-42.txt.p7m');
    expect(clerk.faults).toEqual([]);
    await clerk.close();

    const auditor = await visit('auditor-gao', '/audit/uses');
    await auditor.page.getByText('为供应商开立担保函').waitFor();
    await auditor.page.getByLabel(w['uses.search']).fill('nobody');
    await auditor.page.getByText(w['uses.none']).waitFor();
    await auditor.page.getByLabel(w['uses.search']).fill('teller-zhou');
    await auditor.page.getByText('为供应商开立担保函').waitFor();
    await capture(auditor.page, 'uses-zh');
    const exported = auditor.page.waitForEvent('download');
    await auditor.page.getByRole('button', { name: w['key.export'] }).click();
    const evidence = join(service.state, 'uses.ndjson');
    await (await exported).saveAs(evidence);
    await auditor.page.getByRole('link', { name: w['uses.verify'] }).click();
    await auditor.page.locator('input[type=file]').setInputFiles(evidence);
    await auditor.page.locator('.verdict.ok').waitFor();
    await capture(auditor.page, 'evidence-ok-zh');
    const text = await readFile(evidence, 'utf8');
    expect(text).toContain('为供应商');
    const altered = join(service.state, 'altered.ndjson');
    await writeFile(altered, text.replace('为供应商', '为别人们'));
    await auditor.page.locator('input[type=file]').setInputFiles(altered);
    await auditor.page.locator('.verdict.no').waitFor();
    expect(await auditor.page.locator('.verdict.no').textContent()).toContain(
      w['check.code.hash_differs'],
    );
    await capture(auditor.page, 'evidence-bad-zh');
    await auditor.page.locator('tr.bad').last().waitFor();
    // Own files that are not there are not replaced by the service's.
    const check = auditor.page;
    await check.getByLabel(w['check.trust'], { exact: true }).selectOption('files');
    await check.locator('.verdict.no').getByText(w['error.trust_file_missing.why']).waitFor();
    await capture(check, 'evidence-no-files-zh');
    await check.getByLabel(w['check.trust'], { exact: true }).selectOption('service');
    const said = () => check.locator('.verdict').first().innerText().catch(String);
    await expect.poll(said, { timeout: 20_000 }).toContain(w['check.code.hash_differs']);
    await check.locator('input[type=file]').setInputFiles(evidence);
    await expect.poll(said, { timeout: 20_000 }).toContain('1');
    const [, chip = ''] = /"chipPublicKeyHex":"([0-9a-f]{130})"/.exec(text) ?? [];
    const other = chip.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    await check.getByLabel(w['check.chips']).fill(other);
    await expect.poll(said, { timeout: 20_000 }).toContain(w['check.code.chip_untrusted']);
    await check.getByLabel(w['check.chips']).fill(chip);
    await check.locator('.verdict.ok').waitFor();
    expect(auditor.faults).toEqual([]);
    await auditor.close();

    const pages = [
      '/institutions',
      institution,
      key,
      `${key}/use`,
      use,
      '/approvals',
      '/audit/uses',
      '/audit/verify',
    ];
    for (const language of ['zh', 'en'] as const) {
      for (const width of [1440, 390]) {
        for (const [i, address] of pages.entries()) {
          const look = await visit('administrator-lin', address, language, width);
          await look.page.locator('h1').waitFor();
          await expect
            .poll(() => look.page.locator('.loading').count(), { timeout: 20_000 })
            .toBe(0);
          const over = await look.page.evaluate(
            () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
          );
          expect(over, `${address} ${width}`).toBeLessThanOrEqual(0);
          expect(look.faults, address).toEqual([]);
          await capture(look.page, `inst-${i}-${language}-${width}`);
          await look.close();
        }
      }
    }
  }, 360_000);
});

/** For looking at, when a folder is named. */
async function capture(page: Page, name: string) {
  const folder = process.env.CAPTURES;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
