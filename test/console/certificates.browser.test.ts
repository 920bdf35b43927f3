import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeInChromium } from '../helpers/chromium.ts';
import { opensslFolder } from '../helpers/openssl.ts';
import type { ConsolePage } from './console-page.ts';
import { runningConsole } from './running.ts';

const password = 'correct-horse-battery';

const service = runningConsole('certificates');

describeInChromium('the certificate journey in the browser', () => {
  const visit = (identity: string, path: string, language: 'zh' | 'en' = 'zh', width = 1440) =>
    service.open(path, { identity, language, width });

  it('A1 A6 A7 A8 A9 A10 A11: is applied for, identified, approved, verified here, thawed and delivered', async () => {
    const applicant = await visit('customer-chen', '/certificates/apply');
    const { page, w } = applicant;
    await page.getByLabel(w['certificate.subject']).fill('陈思远');
    await page.getByLabel(w['apply.password'], { exact: true }).fill('correct horse battery');
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: w['apply.key.make'] }).click();
    expect((await download).suggestedFilename()).toBe('cinnabar-key.pem');
    await page.getByRole('button', { name: w['apply.send'] }).click();
    await page.waitForURL(/\/certificates\/applications\/[0-9a-f-]{36}$/);
    const path = new URL(page.url()).pathname;
    expect(applicant.faults).toEqual([]);

    const officer = await visit('reviewer-he', path, 'en');
    await officer.page.getByLabel(officer.w['application.reference']).fill('RA-2026-0117');
    await officer.page.getByRole('button', { name: officer.w['application.act.pass'] }).click();
    await officer.page
      .locator('h1 + .st', { hasText: officer.w['application.state.identified'] })
      .waitFor();
    await officer.close();

    const administrator = await visit('administrator-lin', path);
    await administrator.page.getByRole('button', { name: w['application.act.approve'] }).click();
    await administrator.page.locator('.kv a.mono').click();
    const desk = administrator.page;
    await desk.locator('h1 + .st', { hasText: w['certificate.state.frozen'] }).waitFor();
    await desk.getByRole('button', { name: w['evidence.here'] }).click();
    await desk.getByText(w['evidence.ok']).waitFor();
    await desk.getByText(w['evidence.by.browser']).waitFor();
    await desk.getByText(w['ledger.step.keys.first']).waitFor();
    expect(await desk.locator('.evidence .st.ok').count()).toBe(6);
    await capture(desk, 'certificate-evidence-zh');
    // Other keys than this browser has kept: whatever the service proves with them.
    const ownKeys = await desk.evaluate(() => localStorage.getItem('cinnabar.ledger.keys') ?? '');
    const keep = (keys: string) =>
      desk.evaluate((text) => localStorage.setItem('cinnabar.ledger.keys', text), keys);
    await keep('{}');
    await desk.getByRole('button', { name: w['evidence.here'] }).click();
    await desk.getByText(w['ledger.refusal.keys_changed']).waitFor();
    expect(await desk.locator('.evidence').count()).toBe(0);
    await keep(ownKeys);
    await expectLieFound(administrator, 'certificate-altered-zh');
    await desk.locator('.head').getByRole('button', { name: w['certificate.thaw'] }).click();
    await desk.locator('form').getByRole('button', { name: w['certificate.thaw'] }).click();
    await desk.locator('h1 + .st', { hasText: w['certificate.state.active'] }).waitFor();
    expect(await desk.locator('.steps .done').count()).toBe(4);
    const bundle = desk.waitForEvent('download');
    await desk.keyboard.press('b');
    expect((await bundle).suggestedFilename()).toMatch(/^[0-9a-f]{12}\.json$/);

    await desk.locator('.head').getByRole('button', { name: w['certificate.revoke'] }).click();
    await desk.getByLabel(w['certificate.reason']).selectOption('keyCompromise');
    await desk.locator('form').getByRole('button', { name: w['certificate.revoke'] }).click();
    await desk.locator('h1 + .st', { hasText: w['certificate.state.revoked'] }).waitFor();
    await capture(desk, 'certificate-revoked-zh');
    // The refused thaw is an answer of 409 or 422, which a browser logs.
    expect(administrator.faults.filter((fault) => !fault.includes('status of 4'))).toEqual([]);
    const certificatePath = new URL(desk.url()).pathname;
    await administrator.close();
    await applicant.close();

    const pages = [
      '/certificates',
      '/certificates/apply',
      '/certificates/applications?stage=processed',
      path,
      certificatePath,
    ];
    for (const language of ['zh', 'en'] as const) {
      for (const width of [1440, 390]) {
        for (const [i, address] of pages.entries()) {
          const look = await visit('administrator-lin', address, language, width);
          await look.page.locator('h1').waitFor();
          await look.page.locator('.loading').waitFor({ state: 'detached' });
          const over = await look.page.evaluate(
            () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
          );
          expect(over, `${address} ${width}`).toBeLessThanOrEqual(0);
          expect(look.faults).toEqual([]);
          await capture(look.page, `page-${i}-${language}-${width}`);
          await look.close();
        }
      }
    }
  }, 240_000);

  it('A2 A9 A11 A12: on P-256 in English: found lying, thawed, put into PKCS#12, and renewed', async () => {
    const applicant = await visit('customer-chen', '/certificates/apply', 'en');
    const { page, w } = applicant;
    await page.getByLabel(w['certificate.algorithm']).selectOption('p256');
    await page.getByLabel(w['certificate.subject']).fill('陈思远');
    await page.getByLabel(w['apply.password'], { exact: true }).fill(password);
    const keyFile = page.waitForEvent('download');
    await page.getByRole('button', { name: w['apply.key.make'] }).click();
    const keyPath = join(service.state, 'cinnabar-key.pem');
    await (await keyFile).saveAs(keyPath);
    await page.getByRole('button', { name: w['apply.send'] }).click();
    await page.waitForURL(/\/certificates\/applications\/[0-9a-f-]{36}$/);
    const path = new URL(page.url()).pathname;

    const officer = await visit('reviewer-he', path, 'en');
    await officer.page.getByLabel(w['application.reference']).fill('RA-2026-0118');
    await officer.page.getByRole('button', { name: w['application.act.pass'] }).click();
    await officer.page
      .locator('h1 + .st', { hasText: w['application.state.identified'] })
      .waitFor();
    await officer.close();

    const administrator = await visit('administrator-lin', path, 'en');
    const desk = administrator.page;
    await desk.getByRole('button', { name: w['application.act.approve'] }).click();
    await desk.locator('.kv a.mono').click();
    await desk.locator('h1 + .st', { hasText: w['certificate.state.frozen'] }).waitFor();
    await expectLieFound(administrator, 'certificate-altered-en');
    await desk.locator('.head').getByRole('button', { name: w['certificate.thaw'] }).click();
    await desk.locator('form').getByRole('button', { name: w['certificate.thaw'] }).click();
    await desk.locator('h1 + .st', { hasText: w['certificate.state.active'] }).waitFor();
    const certificatePath = new URL(desk.url()).pathname;
    // The refused thaw is an answer of 409 or 422, which a browser logs.
    expect(administrator.faults.filter((fault) => !fault.includes('status of 4'))).toEqual([]);
    await administrator.close();

    await page.goto(`${service.url}${certificatePath}`);
    await page.getByRole('button', { name: w['certificate.pkcs12'] }).click();
    await page.getByLabel(w['certificate.pkcs12.file']).setInputFiles(keyPath);
    await page.getByLabel(w['apply.password'], { exact: true }).fill('not the password');
    await page.getByRole('button', { name: w['certificate.pkcs12.make'] }).click();
    await page.getByText(w['certificate.pkcs12.key_file_locked']).waitFor();
    await capture(page, 'certificate-pkcs12-en');
    await page.getByLabel(w['apply.password'], { exact: true }).fill(password);
    const made = page.waitForEvent('download');
    await page.getByRole('button', { name: w['certificate.pkcs12.make'] }).click();
    const openssl = opensslFolder();
    await (await made).saveAs(join(openssl.folder, 'all.p12'));
    const { ok, text } = openssl.run(`pkcs12 -in all.p12 -passin pass:${password} -nodes`);
    openssl.remove();
    expect(ok).toBe(true);
    expect(text.match(/BEGIN CERTIFICATE/g)).toHaveLength(3);

    await page.getByRole('button', { name: w['certificate.renew'] }).click();
    await page.getByLabel(w['apply.password'], { exact: true }).fill(password);
    const next = page.waitForEvent('download');
    await page.getByRole('button', { name: w['apply.key.make'] }).click();
    await next;
    await capture(page, 'certificate-renew-en');
    await page.getByRole('button', { name: w['apply.send'] }).click();
    await page.waitForURL(/\/certificates\/applications\/[0-9a-f-]{36}$/);
    // The identity that was established holds on; the approval does not.
    await page.locator('h1 + .st', { hasText: w['application.state.identified'] }).waitFor();
    expect(applicant.faults).toEqual([]);
    await applicant.close();
  }, 120_000);
});

/** One byte of the served ledger is changed: verification and thaw refuse, until it is mended. */
async function expectLieFound({ page, w }: ConsolePage, name: string): Promise<void> {
  await page.getByRole('button', { name: w['demo.ledger.alter'] }).click();
  await page.getByText(w['evidence.no']).waitFor();
  await page.getByText(w['evidence.code.inclusion_failed']).first().waitFor();
  await page.locator('.head').getByRole('button', { name: w['certificate.thaw'] }).click();
  await page.locator('form').getByRole('button', { name: w['certificate.thaw'] }).click();
  await page.getByText(w['error.thaw_refused.why']).waitFor();
  await page.locator('li', { hasText: w['evidence.code.inclusion_failed'] }).first().waitFor();
  await capture(page, name);
  expect(await page.locator('h1 + .st').textContent()).toContain(w['certificate.state.frozen']);
  await page.getByRole('button', { name: w['action.cancel'] }).click();
  await page.getByRole('button', { name: w['demo.ledger.restore'] }).click();
  await page.getByText(w['evidence.ok']).waitFor();
}

/** For looking at, when a folder is named. */
async function capture(page: { screenshot: (o: object) => Promise<unknown> }, name: string) {
  const folder = process.env.CAPTURES;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
