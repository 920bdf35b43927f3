import type { Page, Request } from 'playwright-core';
import { afterAll, expect, it } from 'vitest';
import { errorsZh } from '../../src/console/i18n/errors.zh.ts';
import { payEn } from '../../src/console/i18n/pay.en.ts';
import { payZh } from '../../src/console/i18n/pay.zh.ts';
import { personZh } from '../../src/console/i18n/person.zh.ts';
import { manifestHash } from '../../src/core/software/manifest.ts';
import type { Payment } from '../../src/edge/schemas/payments.ts';
import { freshId } from '../contract/fresh.ts';
import { type RunningHost, startBiometricsHost } from '../helpers/biometrics-host.ts';
import { describeInChromium } from '../helpers/chromium.ts';
import { biometricsHost, faceFile, facePlaces, type Variation } from '../helpers/face-pictures.ts';
import { answerOf, issuedFor, payerOver } from '../helpers/payer.ts';
import { addAuthenticator, type VirtualAuthenticator } from '../helpers/virtual-authenticator.ts';
import { type ConsolePage, fits } from './console-page.ts';
import { capture, consoleVisits } from './visits.ts';

const q = payZh;
const customer = 'customer-chen';
const officer = 'risk-officer-xu';
describeInChromium('paying with the cloud key from a phone', () => {
  const path = biometricsHost();
  let faces: RunningHost | undefined;
  const { visit, ask, url } = consoleVisits('pay', async () => {
    faces = path ? await startBiometricsHost(path) : undefined;
    const about = { modality: 'face', name: 'Cinnabar faces', liveness: 'none' };
    return faces ? `BIOMETRICS='${JSON.stringify([{ ...about, ...faces }])}'\n` : '';
  });
  afterAll(() => faces?.stop());

  it('E3 to E8: a device is enrolled, pays in its sessions after an officer looked, is stopped for risk, and pays nothing without its person', async () => {
    const phone = await visit(customer, '/pay');
    const { page } = phone;
    const authenticator = await addAuthenticator(page);
    await enrol(page);

    const first = await order(page, '1200');
    await page.locator('.verdict.wait', { hasText: q['pay.waits'] }).waitFor();
    await capture(page, 'pay-waits-zh');
    await letPass();
    await page.getByRole('button', { name: q['pay.confirm.passkey'] }).waitFor();
    await capture(page, 'pay-confirm-zh');
    const text = await textOf(first);
    expect(await page.locator('.signing pre').textContent()).toBe(text);
    expect(await page.locator('main').innerText()).toContain(
      '向 南浦物业有限公司（账号 6222020200112233445，南浦银行光明支行）支付 CNY 1,200.00，用途：三月物业费',
    );
    const sent = recorded(page);
    await page.getByRole('button', { name: q['pay.confirm.passkey'] }).click();
    await page.locator('.stamp').waitFor();
    await page.getByRole('button', { name: personZh['signed.check'] }).click();
    await page.getByText(personZh['signed.checked']).waitFor();
    process.stdout.write(`\nE8 ${await page.locator('.times').innerText()}\n`);
    await capture(page, 'pay-receipt-zh');

    await travelledSealed(sent, first);
    await released(page);
    await leansOnPaper(page);
    await renamesDevice(page);
    await secondPersonAgrees(page);
    await riskStops(page);
    if (faces) await showsFace(page);
    await refuses(page, authenticator);
    await renewsAlone(page);
    expect(phone.faults.filter((fault) => !/40[39]/.test(fault))).toEqual([]);
    await phone.close();
    await rules(faces ? 2 : 1);
    await looks(first);
  }, 300_000);

  /** Key under a passkey, certificate by both halves, registration. */
  async function enrol(page: Page) {
    const p = personZh;
    await page.locator('form').getByRole('button', { name: p['keys.make'] }).click();
    await page.waitForURL(/\/keys\/[0-9a-f-]{36}$/);
    await page.getByRole('button', { name: p['key.apply.act'] }).click();
    await page.getByText(p['key.waits']).waitFor();
    const applications = ask(customer, 'GET', '/v1/certificates/applications');
    const { items } = await answerOf<{ items: { id: string }[] }>(applications);
    await issuedFor(ask, items[0]?.id ?? '');
    await page.goto(`${url()}/pay`);
    await page.getByRole('button', { name: q['pay.setup.register'] }).click();
    await page.getByLabel(q['pay.amount']).waitFor();
  }

  /** Fills the form; ends on the page of the order, whose id it answers. */
  async function order(page: Page, amount: string, account?: string): Promise<string> {
    await page.goto(`${url()}/pay`);
    await page.getByLabel(q['pay.amount']).waitFor();
    const sample = page.getByRole('button', { name: q['pay.sample'] });
    if (await sample.isVisible()) await sample.click();
    else await page.getByLabel(q['pay.known']).selectOption('6222020200112233445');
    if (account) await page.getByLabel(q['pay.account']).fill(account);
    await page.getByLabel(q['pay.amount']).fill(amount);
    await page.getByLabel(q['pay.purpose']).fill('三月物业费');
    await page.getByRole('button', { name: q['pay.next'] }).click();
    await page.waitForURL(/\/pay\/[0-9a-f-]{36}$/);
    return page.url().slice(-36);
  }

  /** Everything that the page asks for from now on. */
  function recorded(page: Page): readonly Request[] {
    const requests: Request[] = [];
    page.on('request', (request) => requests.push(request));
    return requests;
  }

  const orderOf = (id: string) => answerOf<Payment>(ask(customer, 'GET', `/v1/payments/${id}`));
  const textOf = async (id: string) => (await orderOf(id)).text;

  /** The officer decides by keyboard, in English. */
  async function letPass() {
    const desk = await visit(officer, '/risk', 'en', 1440);
    await desk.page.locator('.risk-queue').waitFor();
    await capture(desk.page, 'risk-queue-en');
    await desk.page.keyboard.press('F8');
    await desk.page.getByText(payEn['risk.sure.allow']).waitFor();
    await desk.page.keyboard.press('Enter');
    await desk.page.getByText(payEn['risk.queue.none']).first().waitFor();
    expect(desk.faults).toEqual([]);
    await desk.close();
  }

  /** What the confirmation put on the wire is in sessions, counts once, and nothing else does it. */
  async function travelledSealed(sent: readonly Request[], executed: string) {
    const paths = sent.map((request) => `${request.method()} ${new URL(request.url()).pathname}`);
    expect(
      paths.filter((path) => /payments\/.*\/(?:challenge|confirm|execute)$/.test(path)),
    ).toEqual([]);
    const sealed = sent.filter((request) => request.url().endsWith('/requests'));
    // Question of the passkey, confirmation, execution.
    expect(sealed.length).toBeGreaterThanOrEqual(3);
    for (const request of sealed) {
      expect(Object.keys(request.postDataJSON() as object).sort()).toEqual(['body', 'number']);
      expect(request.postData()).not.toContain(executed);
      const path = new URL(request.url()).pathname;
      const again = await ask(customer, 'POST', path, request.postDataJSON() as object);
      expect((await again.json()).code).toBe('session_message_refused');
    }
    const { terminalId, payee, amountMinor, currency, purpose } = await orderOf(executed);
    const terms = { terminalId, payee, amountMinor, currency, purpose };
    const outside = await ask(customer, 'POST', '/v1/payments', terms);
    expect((await outside.json()).code).toBe('session_required');
  }

  /** From here on sessions take released software: the guard stands, and the page names what it lets run. */
  async function released(page: Page) {
    const manifest = await (await fetch(`${url()}/software.json`)).text();
    await answerOf(ask('operator-ma', 'POST', '/v1/software', { manifest }));
    const opening = page.waitForRequest(
      (request) => new URL(request.url()).pathname === '/v1/sessions',
    );
    const id = await order(page, '100', '6217001210024455667');
    expect((await opening).postDataJSON()).toMatchObject({ software: manifestHash(manifest) });
    expect(await page.evaluate(() => navigator.serviceWorker.controller?.scriptURL)).toBe(
      `${url()}/guard.js`,
    );
    await page.getByRole('button', { name: q['pay.stop'] }).click();
    await page.getByText(q['pay.termination.stopped']).waitFor();
    expect((await orderOf(id)).termination?.reason).toBe('stopped');
  }

  /** The number of a verification: a typing mistake is seen here, a stranger's by the service. */
  async function leansOnPaper(page: Page) {
    await page.goto(`${url()}/pay`);
    const field = page.getByLabel(q['pay.seal'], { exact: true });
    await page.getByLabel(q['pay.known']).selectOption('6222020200112233445');
    await page.getByLabel(q['pay.amount']).fill('20');
    await page.getByLabel(q['pay.purpose']).fill('三月物业费');
    await field.fill('12-34');
    await page.getByRole('button', { name: q['pay.next'] }).click();
    await page.getByText(q['pay.seal.wrong']).waitFor();
    await field.fill(freshId());
    await capture(page, 'pay-seal-field-zh');
    await page.getByRole('button', { name: q['pay.next'] }).click();
    await page.getByText(errorsZh['error.seal_verification_refused.why']).waitFor();
    expect(new URL(page.url()).pathname).toBe('/pay');
  }

  async function renamesDevice(page: Page) {
    const p = personZh;
    await page.goto(`${url()}/devices`);
    const card = page.locator('.cards li', { hasText: p['terminal.state.active'] });
    await card.getByRole('button', { name: p['device.rename'] }).click();
    await card.getByLabel(p['device.label']).fill('书房的平板');
    await capture(page, 'device-rename-zh');
    await card.getByRole('button', { name: p['device.rename'] }).click();
    await page.locator('.cards li b', { hasText: '书房的平板' }).waitFor();
    const { items } = await answerOf<{ items: { label: string }[] }>(
      ask(customer, 'GET', '/v1/terminals'),
    );
    expect(items.map(({ label }) => label)).toEqual(['书房的平板']);
  }

  /** An order over the line of the payer's certificate: a colleague agrees on a page of their own. */
  async function secondPersonAgrees(page: Page) {
    const { keyId } = await payerOver(ask, customer, freshId);
    await payerOver(ask, 'teller-zhou', freshId);
    const payee = { account: '6217001210024455999', name: '永安物流有限公司', bank: '北辰银行' };
    const terms = { payee, amountMinor: 5_000_001, currency: 'CNY', purpose: '设备款' };
    const placed = ask(customer, 'POST', '/v1/payments', { terminalId: keyId, ...terms });
    const { id } = await answerOf<Payment>(placed);
    await answerOf(ask(officer, 'POST', `/v1/risk/orders/${id}/decision`, { decision: 'allow' }));
    const waiting = { organization: '北辰银行', needed: '1' };
    const said = (agreed: string) =>
      Object.entries({ ...waiting, agreed }).reduce(
        (text, [name, value]) => text.replace(`{${name}}`, value),
        q['agree.needed'] as string,
      );
    await page.goto(`${url()}/pay/${id}`);
    await page.getByText(said('0')).waitFor();
    const colleague = await visit('teller-zhou', '/pay/history', 'zh', 1440);
    const card = colleague.page.locator('.cards li', { hasText: '永安物流有限公司' });
    await card.getByRole('button', { name: q['agree.do'] }).click();
    await colleague.page.getByText(q['agree.sure']).waitFor();
    await capture(colleague.page, 'pay-agree-zh');
    await card.locator('.sure').getByRole('button', { name: q['agree.do'] }).click();
    await colleague.page.getByText(q['agree.done']).waitFor();
    await colleague.close();
    // The payer's page follows by itself.
    await page.getByText(said('1')).waitFor();
    expect((await orderOf(id)).dualControl?.agreed).toMatchObject([
      { by: 'teller-zhou', stands: true },
    ]);
    await answerOf(ask(customer, 'POST', `/v1/payments/${id}/stop`));
  }

  async function riskStops(page: Page) {
    const desk = await visit(officer, '/risk?at=payees', 'zh', 1440);
    await desk.page.getByLabel(q['pay.account']).fill('6222 0202 0011 2233 445');
    await desk.page.getByLabel(q['payees.reason']).fill('多起投诉');
    await desk.page.locator('form').getByRole('button', { name: q['payees.set'] }).click();
    await desk.page.locator('.cards li', { hasText: '多起投诉' }).waitFor();
    await desk.close();
    const stopped = await order(page, '800');
    await page.locator('.verdict.no', { hasText: q['pay.terminated'] }).waitFor();
    const said = await page.locator('main').innerText();
    expect(said).toContain(q['pay.no-money']);
    expect(said).not.toContain(q['rule.payee_watched']);
    expect(said).not.toMatch(/\b\d{2,3} 分/);
    expect((await orderOf(stopped)).termination?.reason).toBe('risk');
    await capture(page, 'pay-terminated-zh');
  }

  /** The authenticator does not know the finger; another device stops the order. */
  async function refuses(page: Page, authenticator: VirtualAuthenticator) {
    const waiting = await order(page, '300', '6217001210024455667');
    await page.locator('.verdict.wait').waitFor();
    await letPass();
    await page.getByRole('button', { name: q['pay.confirm.passkey'] }).waitFor();
    await authenticator.refuse();
    await page.getByRole('button', { name: q['pay.confirm.passkey'] }).click();
    await page.locator('.verdict.no', { hasText: personZh['sign.not'] }).waitFor();
    await capture(page, 'pay-refused-zh');
    expect((await orderOf(waiting)).state).toBe('assessed');
    const other: ConsolePage = await visit(customer, `/pay/${waiting}`);
    await other.page.getByRole('button', { name: q['pay.stop'] }).click();
    await other.page.getByText(q['pay.termination.stopped']).waitFor();
    await other.close();
  }

  /** A week on, the start page is opened and nothing else is done: the device has other session keys. */
  async function renewsAlone(page: Page) {
    const certificates = () =>
      page.evaluate(
        () =>
          new Promise<string[]>((resolve, reject) => {
            const opening = indexedDB.open('cinnabar-keys');
            opening.onerror = () => reject(opening.error);
            opening.onsuccess = () => {
              const store = opening.result.transaction('terminals').objectStore('terminals');
              const reading = store.getAll();
              reading.onsuccess = () => {
                opening.result.close();
                const kept = reading.result as { current: Record<string, object> }[];
                const hash = (key: object) => (key as { certificateHash: string }).certificateHash;
                resolve(kept.flatMap(({ current }) => Object.values(current).map(hash)));
              };
            };
          }),
      );
    await page.goto(`${url()}/`);
    const before = await certificates();
    const renewing = page.waitForResponse((answer) => answer.url().endsWith('/v1/session-service'));
    await page.addInitScript(() => {
      const { now } = Date;
      Date.now = () => now() + 8 * 24 * 60 * 60 * 1000;
    });
    await page.goto(`${url()}/`);
    await renewing;
    await expect.poll(certificates, { timeout: 20_000 }).not.toEqual(before);
    expect(await certificates()).toHaveLength(before.length);
  }

  /** Other rules are tried on what was, proposed by one person and approved by another. */
  async function rules(version: number) {
    const desk = await visit(officer, '/risk?at=policy', 'zh', 1440);
    const { page } = desk;
    await page.getByLabel(q['policy.challenge'], { exact: true }).fill('70');
    await page.getByRole('button', { name: q['policy.simulate'] }).click();
    await page.locator('.simulation').getByText(q['sim.title']).waitFor();
    expect(await page.locator('.simulation .plot').count()).toBe(1);
    expect(await page.locator('.simulation p[role=status]').innerText()).not.toContain(' 0 笔的');
    await capture(page, 'risk-policy-zh');
    await page.getByLabel(q['policy.why']).fill('季度复核');
    await page.getByRole('button', { name: q['policy.propose'] }).click();
    await page.locator('.cards li', { hasText: q['changes.own'] }).waitFor();
    expect(desk.faults).toEqual([]);
    await desk.close();
    const checker = await visit('administrator-lin', '/risk?at=policy', 'en', 1440);
    await checker.page.locator('.cards').getByLabel(payEn['policy.why']).fill('agreed');
    await checker.page
      .locator('.cards')
      .getByRole('button', { name: payEn['changes.approve'] })
      .click();
    await checker.page.getByText(payEn['policy.force'].replace('{n}', String(version))).waitFor();
    await checker.close();
  }

  /** Rules that take a face: the payer enrols one, another does not do, and the own one clears. */
  async function showsFace(page: Page) {
    const p = personZh;
    const { version, policy } = await answerOf<{ version: number; policy: object }>(
      ask(officer, 'GET', '/v1/risk/policies/current'),
    );
    const strict = { ...policy, challengeAt: 10, biometric: 'clears' };
    const proposal = { baseVersion: version, policy: strict, reason: '试行面容核对' };
    const proposed = ask(officer, 'PUT', '/v1/risk/policies/current', proposal);
    const { id } = await answerOf<{ id: string }>(proposed);
    const decision = { decision: 'approve', reason: '同意' };
    const change = `/v1/risk/policies/changes/${id}/decision`;
    await answerOf(ask('administrator-lin', 'POST', change, decision));

    const [own, , , stranger] = facePlaces.filter(({ picture }) => picture === 6);
    const show = async (place: typeof own, variation?: Variation) => {
      if (!place) throw new Error('no face');
      const buffer = Buffer.from(await faceFile(place, variation));
      const file = { name: 'me.jpg', mimeType: 'image/jpeg', buffer };
      await page.getByLabel(p['face.picture'], { exact: true }).setInputFiles(file);
      await page.getByAltText(p['face.picture.shown']).waitFor();
    };
    await page.goto(`${url()}/devices`);
    await page.getByText(p['face.liveness.none']).waitFor();
    await show(own);
    await capture(page, 'face-enrol-zh');
    await page.getByRole('button', { name: p['face.enrol'] }).click();
    await page.getByText('Cinnabar faces').waitFor();
    await page.getByRole('button', { name: p['face.withdraw'] }).waitFor();
    await capture(page, 'face-enrolled-zh');

    const waiting = await order(page, '200', '6217001210024455667');
    await show(stranger);
    await page.getByRole('button', { name: q['look.do'] }).click();
    await page.getByText(q['look.found.no_match']).waitFor();
    await capture(page, 'face-refused-zh');
    await show(own, 'recompressed');
    await page.getByRole('button', { name: q['look.do'] }).click();
    await page.getByRole('button', { name: q['pay.confirm.passkey'] }).waitFor();
    expect((await orderOf(waiting)).cleared?.method).toBe('biometric');
  }

  async function looks(paid: string) {
    const pages = ['/pay', `/pay/${paid}`, '/pay/history', '/signed'];
    for (const [language, width] of [
      ['zh', 390],
      ['en', 1440],
    ] as const) {
      const look = await visit(customer, '/pay', language, width);
      for (const path of pages) {
        await fits(look.page, path);
        const name = path.replaceAll(/\W/g, '-').slice(1, 12);
        await capture(look.page, `${name}-${language}-${width}`);
      }
      expect(look.faults).toEqual([]);
      await look.close();
    }
  }
});
