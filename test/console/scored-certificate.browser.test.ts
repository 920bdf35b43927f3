import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { payEn } from '../../src/console/i18n/pay.en.ts';
import { payZh } from '../../src/console/i18n/pay.zh.ts';
import { scoringEn } from '../../src/console/i18n/scoring.en.ts';
import { scoringZh } from '../../src/console/i18n/scoring.zh.ts';
import { describeInChromium } from '../helpers/chromium.ts';
import type { ConsolePage } from './console-page.ts';
import { runningConsole } from './running.ts';

const service = runningConsole('scored');

/** Languages and widths that the journey is made in, and the demo person who makes it. */
const visitors = [
  { language: 'zh', width: 1440, person: 0, overrides: false },
  { language: 'en', width: 390, person: 1, overrides: true },
] as const;

describeInChromium('from consent to a delivered certificate in the browser', () => {
  it.each(visitors)(
    'A1 A3 A5 A6 A7 A9 A10 A11: $language, $width wide',
    async (visitor) => {
      const { language, width, person, overrides } = visitor;
      const visit = (identity: string, path: string) =>
        service.open(path, { identity, language, width });
      const shot = (page: Page, name: string) => look(page, `${name}-${language}-${width}`);

      const applicant = await visit('customer-chen', '/apply');
      await agree(applicant, person, shot);
      const { page, w } = applicant;
      const isOwnFault = (text: string) => !text.includes('404');
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name: w['decision.certificate.apply'] }).click();
      expect((await download).suggestedFilename()).toBe('cinnabar-key.pem');
      await page.waitForURL(/\/certificates\/applications\/[0-9a-f-]{36}$/);
      const path = new URL(page.url()).pathname;
      expect(applicant.faults.filter(isOwnFault)).toEqual([]);
      await applicant.close();

      await act(await visit('reviewer-he', path), 'federated', 'identified');
      if (overrides) {
        const maker = await visit('reviewer-qin', path);
        await maker.page
          .getByRole('combobox', { name: maker.w['override.tier'] })
          .selectOption({ index: 1 });
        await maker.page
          .getByRole('textbox', { name: maker.w['application.reason'] })
          .fill('first year');
        await maker.page.getByRole('button', { name: maker.w['override.act.propose'] }).click();
        await maker.page.getByText(maker.w['override.open']).waitFor();
        await shot(maker.page, 'override-proposed');
        await maker.close();
        const checker = await visit('risk-officer-xu', path);
        await checker.page.getByRole('button', { name: checker.w['override.act.confirm'] }).click();
        await checker.page.getByText('risk-officer-xu').first().waitFor();
        expect(checker.faults).toEqual([]);
        await checker.close();
      }
      const desk = await visit('administrator-lin', path);
      await desk.page.getByRole('button', { name: desk.w['application.act.approve'] }).click();
      await desk.page.getByText(desk.w['application.granted']).waitFor();
      await shot(desk.page, 'granted');
      await desk.page.locator('.kv a.mono').click();
      const heading = (text: string) => desk.page.locator('h1 + .st', { hasText: text });
      await heading(desk.w['certificate.state.frozen']).waitFor();
      const thaw = { name: desk.w['certificate.thaw'] };
      await desk.page.locator('.head').getByRole('button', thaw).click();
      await desk.page.locator('form').getByRole('button', thaw).click();
      await heading(desk.w['certificate.state.active']).waitFor();
      expect(await desk.page.locator('.steps .done').count()).toBe(4);
      await shot(desk.page, 'delivered');
      expect(desk.faults).toEqual([]);
      await desk.close();
    },
    240_000,
  );

  it.each(visitors)(
    'A10: a fairness report is opened here, $language, $width wide',
    async ({ language, width }) => {
      const options = { identity: 'risk-officer-xu', language, width };
      const opened = await service.open('/federation', options);
      const { page, w, faults } = opened;
      const field = page.locator('input[type=file]');
      const file = (value: unknown) => ({
        name: 'report.json',
        mimeType: 'application/json',
        buffer: Buffer.from(JSON.stringify(value)),
      });
      await field.setInputFiles(file({ fairness: [{ column: 'SEX', ratio: null }] }));
      await page.getByText(w['fairness.wrong']).waitFor();
      const group = { rows: 2548, admitted: 0.586, meanPd: 0.213, defaultRate: 0.204, auc: 0.7864 };
      const groups = [
        { group: '2', ...group },
        { group: '1', ...group, admitted: 0.535 },
      ];
      await field.setInputFiles(
        file({
          fairness: [
            { column: 'SEX', ratio: 0.913, groups },
            // A small column: nothing to compare, and all of its persons paid.
            { column: 'REGION', groups: [{ group: 'other', ...group, auc: null }] },
          ],
        }),
      );
      await page.getByText(w['fairness.ratio'].replace('{ratio}', '–')).waitFor();
      await page.getByText('58.6 %').first().scrollIntoViewIfNeeded();
      expect(await page.getByText(w['fairness.wrong']).count()).toBe(0);
      expect(faults).toEqual([]);
      await look(page, `fairness-${language}-${width}`);
      await opened.close();
    },
  );

  it.each(visitors)(
    'A3 A4 A10: parties, a training as it goes on, and rules that two people change, $language, $width wide',
    async ({ language, width, person }) => {
      const own = { zh: { ...scoringZh, ...payZh }, en: { ...scoringEn, ...payEn } }[language];
      const open = (identity: string, at: string) =>
        service.open(`/federation?at=${at}`, { identity, language, width });

      const parties = await open('administrator-lin', 'parties');
      await parties.page.locator('.parties .st.ok').nth(3).waitFor();
      expect(await parties.page.locator('.parties .st').count()).toBe(4);
      await look(parties.page, `parties-${language}-${width}`);
      await parties.close();

      const run = `019aa3c1-5c00-7a31-9c2b-8f3f0d6f1a1${person}`;
      await report(run, { state: 'running', history: rounds(3) });
      const training = await open('developer-song', 'training');
      const said = (round: number) =>
        training.page.getByText(
          own['runs.round'].replace('{round}', String(round)).replace('{most}', '40'),
        );
      await said(3).waitFor();
      await look(training.page, `training-${language}-${width}`);
      // The page asks again by itself.
      await report(run, { state: 'stopped', history: rounds(7) });
      await said(7).waitFor();
      await training.page.getByText(own['runs.resume']).waitFor();
      expect(training.faults).toEqual([]);
      await training.close();

      const maker = await open('administrator-lin', 'rules');
      const field = maker.page.getByLabel(own['rules.hour'], { exact: true });
      await field.fill('many');
      await maker.page.getByText(own['rules.bad']).waitFor();
      await field.fill(String(30 + person));
      await maker.page.getByRole('button', { name: own['rules.add.cap'] }).click();
      for (const name of ['single', 'daily', 'count'] as const) {
        await maker.page.getByLabel(own[`rules.${name}`], { exact: true }).last().fill('100');
      }
      await maker.page
        .getByLabel(own['rules.why'], { exact: true })
        .first()
        .fill(`round ${person}`);
      await look(maker.page, `rules-${language}-${width}`);
      await maker.page.getByRole('button', { name: own['rules.propose'], exact: true }).click();
      await maker.page.getByText(own['changes.own']).first().waitFor();
      await maker.close();

      const checker = await open('risk-officer-xu', 'rules');
      const card = checker.page.locator('.cards > li', { hasText: `round ${person}` });
      await card.getByRole('textbox').fill('checked');
      await card.getByRole('button', { name: own['changes.approve'] }).click();
      const version = own['rules.title'].replace('{n}', String(person + 1));
      await checker.page.getByText(version).waitFor();
      const hour = checker.page.getByLabel(own['rules.hour'], { exact: true });
      expect(await hour.inputValue()).toBe(String(30 + person));
      expect([...maker.faults, ...checker.faults]).toEqual([]);
      await checker.close();
    },
    120_000,
  );
});

const rounds = (count: number) =>
  Array.from({ length: count }, (_, i) => [i + 1, 600_000 - 9_000 * i, 610_000 - 8_000 * i]);

/** Reports a training as the command line tool does. */
async function report(id: string, change: { state: string; history: number[][] }): Promise<void> {
  const send = (path: string, method: string, body: object, token?: string) =>
    fetch(`${service.url}${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
    });
  const given = await send('/v1/demo/token', 'POST', { identity: 'developer-song' });
  const { token } = (await given.json()) as { token: string };
  const counts = { parties: 3, trainingRows: 16808, validationRows: 4195, roundsMax: 40 };
  const body = { version: `of ${id.slice(-1)}`, method: 'scorecard', ...counts, ...change };
  const answer = await send(`/v1/federation/training-runs/${id}`, 'PUT', body, token);
  expect(answer.status).toBe(200);
}

type Shot = (page: Page, name: string) => Promise<void>;

/** Fills in a demo person, reads who sees what, agrees, and sees the decision explained. */
async function agree({ page, w }: ConsolePage, person: number, shot: Shot): Promise<void> {
  await page.locator('[data-applicant]').nth(person).click();
  await page.getByRole('button', { name: w['apply.read-consent'] }).click();
  await page.getByText(w['apply.password.short']).waitFor();
  await page.getByLabel(w['apply.password'], { exact: true }).fill('correct horse battery');
  await shot(page, 'apply-form');
  await page.getByRole('button', { name: w['apply.read-consent'] }).click();
  await page.getByText(w['sees.title']).waitFor();
  // Three nodes, the decision service, the edge and the ledger.
  expect(await page.locator('table.list tbody tr').count()).toBe(6);
  await shot(page, 'apply-consent');
  await page.getByRole('button', { name: w['consent.agree'] }).click();
  await page.locator('ul.parties li').nth(3).waitFor();
  await page.locator('.verdict.ok').waitFor({ timeout: 60_000 });
  expect(await page.locator('.bands .mark').count()).toBe(3);
  await page.getByText(w['decision.reasons.only-you']).waitFor();
  await shot(page, 'apply-decision');
}

async function act(
  { page, w, faults, close }: ConsolePage,
  name: 'federated',
  next: 'identified',
): Promise<void> {
  await page.getByRole('button', { name: w[`application.act.${name}`] }).click();
  await page.locator('h1 + .st', { hasText: w[`application.state.${next}`] }).waitFor();
  expect(faults).toEqual([]);
  await close();
}

/** Nothing is wider than the window; and a picture for looking at, when a folder is named. */
async function look(page: Page, name: string): Promise<void> {
  const over = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(over, name).toBeLessThanOrEqual(0);
  const folder = process.env.CAPTURES;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
