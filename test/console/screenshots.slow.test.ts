import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { beforeAll, expect, it } from 'vitest';
import { describeInChromium } from '../helpers/chromium.ts';
import { type ConsolePage, type Language, stageDrawn } from './console-page.ts';
import { type SamplePlace, sampleVisits, settled } from './sample-visits.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const everyFolder = join(root, 'test-results', 'screenshots');
const shownFolder = join(root, 'docs', 'images');

const desk = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };

interface Picture {
  readonly name: string;
  readonly identity: string;
  /** An address, or a place that the sample data has left. */
  readonly path: string | { readonly of: SamplePlace };
  readonly size: typeof desk;
  /** What is done on the page before it is taken, and what puts all back afterwards. */
  readonly first?: (visit: ConsolePage) => Promise<void>;
  readonly last?: (visit: ConsolePage) => Promise<void>;
}

const getToken = async ({ page }: ConsolePage) => {
  await page.locator('.token-form button[type=submit], .token-form button.primary').click();
  await page.locator('.two-views').waitFor();
  await page.locator('.two-views').scrollIntoViewIfNeeded();
};

const verifyNow = async ({ page, w }: ConsolePage) => {
  await page.keyboard.press('v');
  await page.getByText(w['evidence.ok']).first().waitFor();
};

const recent = ({ page }: ConsolePage) => page.locator('main tbody tr').first().waitFor();

const drawn = ({ page }: ConsolePage) => stageDrawn(page);

/** The sample is looked at in the browser; nothing is sent. */
const precheck = async ({ page }: ConsolePage) => {
  await page.locator('[data-sample]').first().click();
  await page.locator('.precheck .st').first().waitFor();
};

const toConsent = async ({ page, w }: ConsolePage) => {
  await page.locator('[data-applicant]').first().click();
  await page.getByLabel(w['apply.password'], { exact: true }).fill('correct horse battery');
  await page.getByRole('button', { name: w['apply.read-consent'] }).click();
  await page.getByText(w['sees.title']).waitFor();
};

const lie = async ({ page, w }: ConsolePage) => {
  await page.getByRole('button', { name: w['demo.ledger.alter'] }).click();
  await page.getByText(w['demo.ledger.altered']).waitFor();
  await page.keyboard.press('v');
  await page.getByText(w['evidence.no']).first().waitFor();
};

const truth = async ({ page, w }: ConsolePage) => {
  await page.getByRole('button', { name: w['demo.ledger.restore'] }).click();
  await page.waitForLoadState('networkidle');
};

/** The log of uses, exported and read again where no service is asked. */
const verifyOffline = async ({ page, w }: ConsolePage) => {
  const exported = page.waitForEvent('download');
  await page.getByRole('button', { name: w['key.export'] }).click();
  const file = join(everyFolder, 'uses.ndjson');
  await (await exported).saveAs(file);
  await page.getByRole('link', { name: w['uses.verify'] }).click();
  await page.locator('input[type=file]').setInputFiles(file);
  await page.locator('.verdict.ok').waitFor();
};

/** A heavier rule, tried on what was paid before; nothing is proposed. */
const tryRules = async ({ page }: ConsolePage) => {
  await page.locator('main tbody input').first().fill('45');
  await page.locator('.inline-form button[type=button]').click();
  const found = page.locator('.simulation');
  await found.waitFor();
  await found.scrollIntoViewIfNeeded();
};

const doBusiness = async (visit: ConsolePage) => {
  const { page } = visit;
  await getToken(visit);
  await page.locator('.token-tabs a[href="/tokens/behaviour"]').click();
  await page.locator('[data-action="bill.list"]').click();
  await page.locator('.behaviour-plots svg').first().waitFor();
};

/** The step of a journey, who takes it, and where; numbered as in docs/journeys.md. */
const pictures: readonly Picture[] = [
  { name: '0-home', identity: 'teller-zhou', path: '/', size: desk, first: recent },
  {
    name: '1-1-enrol',
    identity: 'teller-zhou',
    path: '/seals/enrol',
    size: desk,
    first: precheck,
  },
  { name: '1-2-seal', identity: 'teller-zhou', path: { of: 'seal' }, size: desk },
  { name: '1-3-verify', identity: 'teller-zhou', path: '/verify', size: desk, first: precheck },
  {
    name: '1-4-verification',
    identity: 'teller-zhou',
    path: { of: 'verification' },
    size: desk,
    first: drawn,
  },
  { name: '1-5-review', identity: 'reviewer-he', path: '/review', size: desk, first: drawn },
  {
    name: '2-1-consent',
    identity: 'customer-chen',
    path: '/apply',
    size: desk,
    first: toConsent,
  },
  {
    name: '2-2-application',
    identity: 'administrator-lin',
    path: { of: 'application' },
    size: desk,
  },
  {
    name: '2-3-certificate',
    identity: 'administrator-lin',
    path: { of: 'certificate' },
    size: desk,
    first: verifyNow,
  },
  {
    name: '2-4-altered',
    identity: 'administrator-lin',
    path: { of: 'certificate' },
    size: desk,
    first: lie,
    last: truth,
  },
  { name: '2-5-ledger', identity: 'auditor-gao', path: '/ledger', size: desk },
  { name: '3-1-key', identity: 'administrator-lin', path: { of: 'institutionKey' }, size: desk },
  { name: '3-2-new-use', identity: 'teller-zhou', path: { of: 'newUse' }, size: desk },
  { name: '3-3-use', identity: 'teller-zhou', path: { of: 'use' }, size: desk },
  { name: '3-4-uses', identity: 'auditor-gao', path: '/audit/uses', size: desk },
  {
    name: '3-5-offline',
    identity: 'auditor-gao',
    path: '/audit/uses',
    size: desk,
    first: verifyOffline,
  },
  { name: '4-1-tagger', identity: 'developer-song', path: '/tagger', size: desk },
  { name: '4-2-token', identity: 'customer-chen', path: '/tokens', size: desk, first: getToken },
  {
    name: '4-3-behaviour',
    identity: 'customer-chen',
    path: '/tokens',
    size: desk,
    first: doBusiness,
  },
  { name: '5-1-device', identity: 'customer-chen', path: '/pay', size: phone },
  { name: '5-2-receipt', identity: 'customer-chen', path: { of: 'order' }, size: phone },
  { name: '5-3-history', identity: 'customer-chen', path: '/pay/history', size: phone },
  { name: '5-4-stopped', identity: 'customer-chen', path: { of: 'stopped' }, size: phone },
  { name: '5-5-officer', identity: 'risk-officer-xu', path: '/risk', size: desk },
  {
    name: '5-6-rules',
    identity: 'risk-officer-xu',
    path: '/risk?at=policy',
    size: desk,
    first: tryRules,
  },
  { name: '5-7-chips', identity: 'operator-ma', path: '/chips', size: desk },
];

/** Those that the README shows, in full size and under a name without the step. */
const ofReadme: Readonly<Record<string, string>> = {
  '0-home': '0-home',
  '1-4-verification': '1-verification',
  '2-3-certificate': '2-certificate',
  '3-3-use': '3-use',
  '4-2-token': '4-token',
  '5-2-receipt': '5-payment',
};
const stepWidth = 960;

/** In `test-results`; with SCREENSHOTS=docs those in light colours also where the documents are. */
async function keep(picture: Buffer, name: string, language: Language, theme: string) {
  const dark = theme === 'dark' ? '-dark' : '';
  await writeFile(join(everyFolder, `${name}-${language}${dark}.png`), picture);
  if (process.env.SCREENSHOTS !== 'docs' || theme === 'dark') return;
  const inReadme = ofReadme[name];
  if (inReadme) await writeFile(join(shownFolder, `${inReadme}-${language}.png`), picture);
  await sharp(picture)
    .resize({ width: stepWidth, withoutEnlargement: true })
    .png({ palette: true, colours: 64, effort: 10 })
    .toFile(join(shownFolder, 'journeys', `${name}-${language}.png`));
}

describeInChromium('pictures of the console', () => {
  beforeAll(async () => {
    await mkdir(everyFolder, { recursive: true });
    await mkdir(join(shownFolder, 'journeys'), { recursive: true });
  });
  const open = sampleVisits('screenshots');

  it.each([
    ['zh', 'light'],
    ['en', 'light'],
    ['zh', 'dark'],
    ['en', 'dark'],
  ] as const)('%s, %s', async (language, theme) => {
    for (const { name, identity, path, size, first, last } of pictures) {
      const visit = await open(path, { language, theme, identity, ...size });
      await settled(visit.page);
      await first?.(visit);
      await keep(await visit.page.screenshot(), name, language, theme);
      await last?.(visit);
      expect(visit.faults, name).toEqual([]);
      await visit.close();
    }
  });
});
