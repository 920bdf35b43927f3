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
  /** What is done on the page before it is taken. */
  readonly first?: (visit: ConsolePage) => Promise<void>;
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

const drawn = ({ page }: ConsolePage) => stageDrawn(page);

/** The step of a journey, who takes it, and where; numbered as in docs/journeys.md. */
const pictures: readonly Picture[] = [
  { name: '0-home', identity: 'teller-zhou', path: '/', size: desk },
  { name: '1-1-enrol', identity: 'teller-zhou', path: '/seals/enrol', size: desk },
  { name: '1-2-seal', identity: 'teller-zhou', path: { of: 'seal' }, size: desk },
  { name: '1-3-verify', identity: 'teller-zhou', path: { of: 'card' }, size: desk },
  {
    name: '1-4-verification',
    identity: 'teller-zhou',
    path: { of: 'verification' },
    size: desk,
    first: drawn,
  },
  { name: '1-5-review', identity: 'reviewer-he', path: '/review', size: desk, first: drawn },
  { name: '2-1-consent', identity: 'customer-chen', path: '/apply', size: desk },
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
  { name: '2-4-ledger', identity: 'auditor-gao', path: '/ledger', size: desk },
  { name: '3-1-key', identity: 'administrator-lin', path: { of: 'institutionKey' }, size: desk },
  { name: '3-2-new-use', identity: 'teller-zhou', path: { of: 'newUse' }, size: desk },
  { name: '3-3-use', identity: 'teller-zhou', path: { of: 'use' }, size: desk },
  { name: '3-4-evidence', identity: 'auditor-gao', path: '/audit/uses', size: desk },
  { name: '4-1-tagger', identity: 'developer-song', path: '/tagger', size: desk },
  { name: '4-2-token', identity: 'customer-chen', path: '/tokens', size: desk, first: getToken },
  { name: '5-1-pay', identity: 'customer-chen', path: '/pay', size: phone },
  { name: '5-2-receipt', identity: 'customer-chen', path: { of: 'order' }, size: phone },
  { name: '5-3-history', identity: 'customer-chen', path: '/pay/history', size: phone },
  {
    name: '5-4-risk',
    identity: 'risk-officer-xu',
    path: '/risk?at=policy',
    size: desk,
  },
  { name: '6-chips', identity: 'operator-ma', path: '/chips', size: desk },
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
  if (process.env.SCREENSHOTS !== 'docs' || theme === 'dark' || name === '6-chips') return;
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
    for (const { name, identity, path, size, first } of pictures) {
      const visit = await open(path, { language, theme, identity, ...size });
      await settled(visit.page);
      await first?.(visit);
      await keep(await visit.page.screenshot(), name, language, theme);
      expect(visit.faults, name).toEqual([]);
      await visit.close();
    }
  });
});
