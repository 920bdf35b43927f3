import { readFile } from 'node:fs/promises';
import type { Route } from 'playwright-core';
import { expect, it } from 'vitest';
import { judgeMisbehaviour } from '../../src/client/certificates.ts';
import { personZh } from '../../src/console/i18n/person.zh.ts';
import { loadGm } from '../../src/core/gm.ts';
import { describeInChromium } from '../helpers/chromium.ts';
import { answerOf, issuedFor } from '../helpers/payer.ts';
import { addAuthenticator } from '../helpers/virtual-authenticator.ts';
import { fits } from './console-page.ts';
import { capture, consoleVisits } from './visits.ts';

const p = personZh;

/** Lets an answer through with another reply in it. */
async function spoilt(route: Route): Promise<void> {
  const answer = await route.fetch();
  const { reply, ...rest } = (await answer.json()) as { reply: string };
  const changed = `${reply.slice(0, 20)}${reply[20] === 'A' ? 'B' : 'A'}${reply.slice(21)}`;
  await route.fulfill({ response: answer, json: { ...rest, reply: changed } });
}

describeInChromium('a person with passkeys and keys in the browser', () => {
  const { visit, ask, url } = consoleVisits('person');

  it('E3 E4: a passkey is registered, refused without the person, used to sign in, and revoked', async () => {
    const { page, w, faults, close } = await visit('customer-chen', '/devices');
    const stranger = await addAuthenticator(page);
    await stranger.refuse();
    await page.getByLabel(p['device.label']).fill('我的手机');
    await page.getByRole('button', { name: p['passkeys.add'] }).click();
    await page.locator('.verdict.no', { hasText: w['error.passkey_cancelled.why'] }).waitFor();
    await stranger.remove();
    await addAuthenticator(page);
    await page.getByRole('button', { name: p['passkeys.add'] }).click();
    await page.locator('.cards li', { hasText: '我的手机' }).waitFor();
    expect(await page.locator('.cards').first().innerText()).toContain(p['attestation.unverified']);
    await capture(page, 'devices-zh');

    await page.locator('.cards').getByRole('button', { name: p['device.rename'] }).click();
    await page.locator('.cards').getByLabel(p['device.label']).fill('工作手机');
    await page.locator('.cards').getByRole('button', { name: p['device.rename'] }).click();
    await page.locator('.cards li', { hasText: '工作手机' }).waitFor();

    // Somebody else uses the browser; the passkey says whose it is.
    await page.locator('button.who').click();
    await page.locator('[data-identity="teller-zhou"]').click();
    await page.locator('button.who', { hasText: '周敏' }).waitFor();
    await page.locator('button.who').click();
    await capture(page, 'sign-in-zh');
    const granted = page.waitForRequest((request) => request.url().endsWith('/v1/tokens'));
    await page.getByRole('button', { name: w['sign-in.action'] }).click();
    await page.locator('button.who', { hasText: '陈思远' }).waitFor();
    const body = (await granted).postDataJSON() as object;
    const again = await page.request.post(`${url()}/v1/tokens`, {
      data: body,
      headers: { origin: url() },
    });
    expect([again.status(), ((await again.json()) as { code: string }).code]).toEqual([
      403,
      'passkey_refused',
    ]);
    expect(JSON.stringify(body)).toContain('"clientExtensionResults":{}');
    await page.locator('.cards li', { hasText: '工作手机' }).waitFor();

    await page
      .locator('.cards')
      .first()
      .getByRole('button', { name: p['revoke.passkeys'] })
      .click();
    await page.locator('.sure').getByRole('button', { name: p['revoke.passkeys'] }).click();
    await page.getByText(p['passkeys.none']).waitFor();
    await page.locator('button.who').click();
    await page.getByRole('button', { name: w['sign-in.action'] }).click();
    await page.locator('dialog .verdict.no', { hasText: w['error.passkey_refused.why'] }).waitFor();
    expect(faults.filter((fault) => !fault.includes('403'))).toEqual([]);
    await close();
  }, 120_000);

  it('C2 C3 C9: a key is made, certified, refreshed in two tabs and withdrawn, under a passkey and a PIN', async () => {
    const { page, w, faults, close } = await visit('customer-chen', '/keys');
    await addAuthenticator(page);
    await page.getByRole('button', { name: p['keys.make'] }).first().click();
    await page.getByLabel(p['key.label']).fill('手机');
    await page.locator('form').getByRole('button', { name: p['keys.make'] }).click();
    await page.waitForURL(/\/keys\/[0-9a-f-]{36}$/);
    const keyPath = new URL(page.url()).pathname;
    await page.getByText(p['key.guarded.passkey']).waitFor();

    // The other half's answer is changed on the way, and the bank hears nothing of it at first.
    const isReport = '**/misbehaviour';
    await page.route('**/signatures', spoilt, { times: 1 });
    await page.route(isReport, (route) => route.abort());
    await page.getByRole('button', { name: p['key.apply.act'] }).click();
    await page.locator('.verdict.no', { hasText: w['error.cloud_misbehaved.why'] }).waitFor();
    const wrong = page.locator('.panel', { hasText: p['wrong.title'] });
    await wrong.getByText(w['reports.verdict.not_receipted']).waitFor();
    await wrong.scrollIntoViewIfNeeded();
    await capture(page, 'wrong-zh');
    const saving = page.waitForEvent('download');
    await wrong.getByRole('button', { name: w['reports.save'] }).click();
    const file = await readFile(await (await saving).path(), 'utf8');
    const verdict = judgeMisbehaviour(await loadGm(), JSON.parse(file), undefined);
    expect(verdict).toBe('not_receipted');
    await wrong.getByRole('button', { name: p['wrong.tell'] }).click();
    await wrong.locator('.verdict.no', { hasText: p['wrong.not-told'] }).waitFor();
    await page.unroute(isReport);
    await wrong.getByRole('button', { name: p['wrong.tell'] }).click();
    await wrong.getByText(p['wrong.told']).waitFor();
    const reports = await answerOf<{ items: object[] }>(
      ask('auditor-gao', 'GET', '/v1/misbehaviour'),
    );
    expect(reports.items).toMatchObject([{ reportedBy: 'customer-chen' }]);

    await page.getByRole('button', { name: p['key.apply.act'] }).click();
    await page.getByText(p['key.waits']).waitFor();
    const applications = ask('customer-chen', 'GET', '/v1/certificates/applications');
    const { items } = await answerOf<{ items: { id: string; keys: string[] }[] }>(applications);
    expect(items[0]?.keys).toHaveLength(1);
    const serial = await issuedFor(ask, items[0]?.id ?? '');
    await page.reload();
    await page.locator('.steps .done').nth(4).waitFor();
    await capture(page, 'key-zh');
    await page.getByRole('button', { name: p['key.refresh'] }).click();
    await page.locator('.toast', { hasText: p['key.refreshed'] }).waitFor();

    // The page is closed between the new share and its proof; the next use ends what was begun.
    await page.route('**/refresh/commit', (route) => route.abort(), { times: 1 });
    await page.getByRole('button', { name: p['key.refresh'] }).click();
    await page.locator('.verdict.no', { hasText: w['error.network.why'] }).waitFor();
    await page.reload();
    await page.getByText(p['key.refreshing']).waitFor();
    await page.getByRole('button', { name: p['key.refresh'] }).click();
    await page.locator('.toast', { hasText: p['key.refreshed'] }).waitFor();
    await page.reload();
    await page.getByText(p['key.guarded.passkey']).waitFor();
    expect(await page.getByText(p['key.refreshing']).count()).toBe(0);

    // The same person in two tabs, with a PIN: one at a time has the key open.
    await page.goto(`${url()}/keys`);
    await page.getByRole('button', { name: p['keys.make'] }).first().click();
    await page.getByLabel(p['key.label']).fill('电脑');
    await page.getByLabel(p['key.guard']).selectOption('pin');
    await page.getByLabel(p['key.pin']).fill('123456');
    await page.locator('form').getByRole('button', { name: p['keys.make'] }).click();
    await page.getByText(p['key.pin.weak']).waitFor();
    await page.getByLabel(p['key.pin']).fill('271828');
    await page.locator('form').getByRole('button', { name: p['keys.make'] }).click();
    await page.getByText(p['key.guarded.pin']).waitFor();
    const other = await page.context().newPage();
    await other.goto(page.url());
    const form = (tab: typeof page) => tab.locator('.panel', { hasText: p['key.refresh.lead'] });
    for (const tab of [page, other]) await form(tab).getByLabel(p['key.pin']).fill('271828');
    // Whichever is second waits for the first, and its word of success may be gone by then.
    const done = [page, other].map((tab) =>
      tab.locator('.toast', { hasText: p['key.refreshed'] }).waitFor({ timeout: 90_000 }),
    );
    await Promise.all([page, other].map((tab) => form(tab).locator('button').click()));
    await Promise.all(done);
    await form(other).getByLabel(p['key.pin']).fill('314159');
    await form(other).locator('button').click();
    await other.locator('.verdict.no', { hasText: w['error.pin_wrong.why'] }).waitFor();
    await other.close();

    // The phone is lost: its key is withdrawn from the other device.
    await page.goto(`${url()}${keyPath}`);
    await page.locator('.withdraw summary').click();
    await page.getByLabel(p['key.withdraw.why']).selectOption('lost');
    await page.getByLabel(p['key.withdraw.word']).fill('手机');
    await page.locator('.withdraw').getByRole('button').click();
    await page.locator('h1 + .st', { hasText: p['key.state.withdrawn'] }).waitFor();
    const certificate = ask('customer-chen', 'GET', `/v1/certificates/${serial}`);
    expect(await answerOf(certificate)).toMatchObject({
      state: 'revoked',
      reason: 'keyCompromise',
    });
    expect(faults.filter((fault) => !/403|ERR_FAILED/.test(fault))).toEqual([]);
    await close();

    for (const language of ['zh', 'en'] as const) {
      for (const width of [1440, 390]) {
        const look = await visit('customer-chen', '/keys', language, width);
        for (const path of ['/keys', keyPath, '/devices', '/signed']) {
          await fits(look.page, path);
          const name = path.replaceAll('/', '-').slice(0, 8);
          await capture(look.page, `look${name}-${language}-${width}`);
        }
        expect(look.faults).toEqual([]);
        await look.close();
      }
    }
  }, 240_000);
});
