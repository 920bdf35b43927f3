import { join } from 'node:path';
import { expect, it } from 'vitest';
import { personZh } from '../../src/console/i18n/person.zh.ts';
import { shellZh } from '../../src/console/i18n/shell.zh.ts';
import { tokensEn } from '../../src/console/i18n/tokens.en.ts';
import { tokensZh } from '../../src/console/i18n/tokens.zh.ts';
import sample from '../../src/console/tokens/sample.json' with { type: 'json' };
import { describeInChromium } from '../helpers/chromium.ts';
import { addAuthenticator } from '../helpers/virtual-authenticator.ts';
import { type ConsolePage, type Look, seriousFindings } from './console-page.ts';
import { runningConsole } from './running.ts';

const service = runningConsole('tokens');
const words = { zh: tokensZh, en: tokensEn };

const open = (path: string, options: Look = {}) =>
  service.open(path, { identity: 'customer-chen', ...options });

async function getToken({ page }: ConsolePage): Promise<void> {
  await page.locator('.token-choice button[type=submit]:enabled').click();
  await page.locator('.two-views').waitFor();
}

/** Keeps what a page looks like, where somebody asks for it. */
async function keep({ page }: ConsolePage, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

describeInChromium('D3 to D8: the token pages', () => {
  it.each([
    ['zh', 1440],
    ['en', 390],
  ] as const)(
    'D4 D5: show what the terminal and what the business system read, %s %s',
    async (language, width) => {
      const visit = await open('/tokens', { language, width, height: 2200 });
      const { page, faults } = visit;
      const k = words[language];
      await getToken(visit);
      const row = (label: string) => page.locator(`.two-views tr[data-label="${label}"]`);
      expect(await row('NAME').innerText()).toContain('陈**');
      expect(await row('NAME').innerText()).toContain(k['view.encrypted']);
      expect(await row('PASSWORD').innerText()).toContain(k['view.dropped']);
      expect(await row('ID_DOC').innerText()).toContain(k['view.kept-back']);
      const views = await page.locator('.two-views').innerText();
      for (const value of Object.values(sample)) expect(views).not.toContain(value);
      expect(await seriousFindings(visit.page)).toEqual([]);
      const [shown, room] = await page.evaluate(() => [
        document.documentElement.scrollWidth,
        document.documentElement.clientWidth,
      ]);
      expect(shown).toBeLessThanOrEqual(room ?? 0);
      await keep(visit, `token-${language}-${width}`);
      await page.getByRole('button', { name: k['token.revoke'], exact: true }).click();
      await page.locator('dialog .btn.danger').click();
      await page.locator('.two-views').waitFor({ state: 'detached' });
      expect(faults).toEqual([]);
      await visit.close();
    },
  );

  it('D3: a token of the GM profile is for a system with an SM2 key, and read there', async () => {
    const visit = await open('/tokens', { language: 'en' });
    const { page, faults } = visit;
    await page.getByLabel(tokensEn['token.profile']).selectOption('cin-sm-1');
    await getToken(visit);
    expect(await page.getByLabel(tokensEn['token.for']).inputValue()).toBe('bills-gm');
    const row = (label: string) => page.locator(`.two-views tr[data-label="${label}"]`);
    expect(await row('NAME').innerText()).toContain('陈**');
    expect(faults).toEqual([]);
    await visit.close();
  });

  it('D7: do business, say how it is handled, and forget it when asked', async () => {
    const visit = await open('/tokens');
    const { page, faults } = visit;
    await getToken(visit);
    await page.getByRole('link', { name: tokensZh['tab.behaviour'] }).click();
    const events = (count: number, visits: number) =>
      page
        .getByText(
          tokensZh['behaviour.events']
            .replace('{events}', String(count))
            .replace('{visits}', String(visits)),
        )
        .waitFor();
    await events(0, 0);
    await page.locator('[data-action="bill.list"]').click();
    await events(1, 1);
    await page.locator('[data-bill="water-09"] button').click();
    await page.getByText('陈**').waitFor();
    await events(2, 1);
    await page.locator('[data-action="bill.list"]').click();
    await events(3, 1);
    await page.getByRole('button', { name: tokensZh['behaviour.visit'] }).click();
    await page.locator('[data-action="contact.confirm"]').click();
    await events(4, 2);
    expect(await page.locator('.behaviour-plots svg').count()).toBe(3);
    expect(await seriousFindings(visit.page)).toEqual([]);
    await keep(visit, 'behaviour-zh-1440');
    await page.getByRole('button', { name: tokensZh['behaviour.erase'], exact: true }).click();
    await page.locator('dialog .btn.danger').click();
    await events(0, 0);
    expect(faults).toEqual([]);
    await visit.close();
  });

  it('D1 D4: somebody who came with a passkey gets a token too, and stays signed in without it', async () => {
    const visit = await open('/devices');
    const { page, faults } = visit;
    await addAuthenticator(page);
    await page.getByLabel(personZh['device.label']).fill('我的手机');
    await page.getByRole('button', { name: personZh['passkeys.add'] }).click();
    await page.locator('.cards li', { hasText: '我的手机' }).waitFor();
    await page.locator('button.who').click();
    await page.getByRole('button', { name: shellZh['sign-in.action'] }).click();
    await page.locator('button.who', { hasText: '陈思远' }).waitFor();
    // Within the page: a reload would forget the sign-in.
    await page.evaluate(() => {
      history.pushState(null, '', '/tokens');
      dispatchEvent(new PopStateEvent('popstate'));
    });
    await getToken(visit);
    const views = page.locator('.two-views tr[data-label="NAME"]');
    expect(await views.innerText()).toContain('陈**');
    await page.getByRole('link', { name: tokensZh['tab.behaviour'] }).click();
    await page.locator('[data-action="bill.list"]').click();
    await page.locator('[data-bill="water-09"]').waitFor();
    await page.getByRole('link', { name: tokensZh['tab.token'] }).click();
    await page.getByRole('button', { name: tokensZh['token.revoke'], exact: true }).click();
    await page.locator('dialog .btn.danger').click();
    await page.locator('.two-views').waitFor({ state: 'detached' });
    await getToken(visit);
    expect(faults).toEqual([]);
    await visit.close();
  });

  it('D8: register a business system, change what it gets, and take it out of service', async () => {
    const visit = await open('/tokens/systems', { identity: 'administrator-lin', language: 'en' });
    const { page, faults } = visit;
    await page.getByRole('button', { name: tokensEn['systems.register'] }).click();
    const dialog = page.locator('dialog[open]');
    await dialog.locator('button[type=submit]').click();
    await dialog.getByText(tokensEn['systems.name.wrong']).waitFor();
    await dialog.getByLabel(tokensEn['systems.name'], { exact: true }).fill('loans');
    await dialog.getByLabel(tokensEn['systems.what'], { exact: true }).fill('Loans');
    await dialog.getByLabel(tokensEn['systems.purpose'], { exact: true }).fill('Lending');
    await dialog.locator('button[type=submit]').click();
    expect(await dialog.locator('.secret-once').first().innerText()).toMatch(/^[\w-]{43}$/);
    await dialog.getByRole('button', { name: tokensEn['systems.kept'] }).click();
    const row = page.locator('tr[data-system="loans"]');
    await row.getByText(tokensEn['systems.state.active']).waitFor();
    await row.getByRole('button', { name: tokensEn['systems.change'] }).click();
    await dialog.getByLabel(tokensEn['label.ADDRESS']).check();
    await dialog.locator('button[type=submit]').click();
    await row.getByText(tokensEn['label.ADDRESS']).waitFor();
    await row.getByRole('button', { name: tokensEn['systems.key.change'] }).click();
    await dialog.getByRole('button', { name: tokensEn['systems.next.make'] }).click();
    expect(await dialog.locator('.secret-once').innerText()).toMatch(/^[\w-]{43}$/);
    await dialog.getByRole('button', { name: tokensEn['systems.kept'] }).click();
    await row.locator('[data-next="true"]').waitFor();
    await row.getByRole('button', { name: tokensEn['systems.key.change'] }).click();
    await keep(visit, 'systems-key-en-1440');
    await dialog.getByRole('button', { name: tokensEn['systems.use'] }).click();
    await row.locator('[data-old]').waitFor();
    await row.getByRole('button', { name: tokensEn['systems.suspend'] }).click();
    await row.getByText(tokensEn['systems.state.suspended']).waitFor();
    expect(await seriousFindings(visit.page)).toEqual([]);
    await keep(visit, 'systems-en-1440');
    expect(faults).toEqual([]);
    await visit.close();
  });

  it('D8: rotate a signing key after asking, and withdraw one', async () => {
    const visit = await open('/tokens/keys', { identity: 'operator-ma' });
    const { page, faults } = visit;
    const rotate = tokensZh['keys.rotate'].replace('{algorithm}', 'ES256');
    await page.getByRole('button', { name: rotate }).click();
    await page.locator('dialog .btn.primary').click();
    await page.locator('tr[data-state="passive"]').waitFor();
    expect(await page.locator('tr[data-state="next"]').count()).toBe(1);
    await page.locator('tr[data-state="passive"] button').click();
    await page.locator('dialog .btn.danger').click();
    await page.locator('tr[data-state="revoked"]').waitFor();
    expect(await seriousFindings(visit.page)).toEqual([]);
    await keep(visit, 'keys-zh-1440');
    expect(faults).toEqual([]);
    await visit.close();
  });
});
