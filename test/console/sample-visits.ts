import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import { openStage, type Stage } from '../../src/cli/demo/stage.ts';
import { launchChromium } from '../helpers/chromium.ts';
import { type LocalHost, startLocalHost } from '../helpers/local-host.ts';
import { type ConsolePage, freshPort, openConsole } from './console-page.ts';

/** What the sample data leaves that has a page of its own. */
export type SamplePlace =
  | 'account'
  | 'card'
  | 'seal'
  | 'change'
  | 'verification'
  | 'job'
  | 'certificate'
  | 'application'
  | 'institution'
  | 'institutionKey'
  | 'newUse'
  | 'use'
  | 'order'
  | 'stopped'
  | 'key'
  | 'entry';

type Look = NonNullable<Parameters<typeof openConsole>[3]>;
type Open = (path: string | { readonly of: SamplePlace }, look: Look) => Promise<ConsolePage>;

/** A whole service with its sample data, and a browser, for the tests of this file. */
export function sampleVisits(name: string): Open {
  let host: LocalHost;
  let browser: Browser;
  let state: string;
  let places: Readonly<Record<SamplePlace, string>>;

  beforeAll(async () => {
    state = await mkdtemp(join(tmpdir(), `cinnabar-${name}-`));
    const words = ['--sample-data'];
    [host, browser] = await Promise.all([
      startLocalHost(state, freshPort, {}, words),
      launchChromium(),
    ]);
    await vi.waitFor(() => expect(host.output()).toMatch(/every list has something|could not/), {
      timeout: 840_000,
      interval: 500,
    });
    expect(host.output()).not.toContain('could not');
    places = await placesOf(await openStage(host.url, () => {}));
  }, 900_000);

  afterAll(async () => {
    await browser?.close();
    await host?.stop();
    await rm(state, { recursive: true, force: true });
  });

  return (path, look) =>
    openConsole(browser, host.url, typeof path === 'string' ? path : places[path.of], look);
}

/** Waits for a page's heading and for what it loads; one that goes on listening is waited for 5 s. */
export async function settled(page: Page): Promise<void> {
  await page.locator('main h1').first().waitFor();
  await page.waitForLoadState('networkidle', { timeout: 5_000 }).catch(() => undefined);
  await page.locator('main .loading').first().waitFor({ state: 'detached' });
}

async function placesOf(stage: Stage): Promise<Readonly<Record<SamplePlace, string>>> {
  const teller = stage.as('teller-zhou');
  const administrator = stage.as('administrator-lin');
  const [verifications, certificates, applications, operations, orders, institutions, jobs] =
    await Promise.all([
      teller.verifications.list({ limit: 50 }),
      administrator.certificates.list({ state: 'active', limit: 50 }),
      administrator.certificates.applications.list({ limit: 1 }),
      teller.operations.list({ state: 'completed' }),
      stage.as('customer-chen').payments.list({ limit: 50 }),
      administrator.institutions.list(),
      teller.jobs.list(),
    ]);
  const keys = await stage.as('customer-chen').personalKeys.list();
  const failed = verifications.items.find(({ vendors }) => vendors.some(({ match }) => !match));
  const seal = await teller.seals.get(failed?.sealId ?? '');
  const person = certificates.items.find(({ kind }) => kind === 'person');
  const order = orders.items.find((item) => item.state === 'executed');
  // The last one ended by the payer came after one that the risk rules ended.
  const stopped = orders.items.findLast((item) => item.state === 'terminated');
  const institutionKey = `/institution-keys/${operations.items[0]?.institutionKeyId}`;
  return {
    account: `/seals/accounts/${seal.accountId}`,
    card: `/verify/card/${seal.accountId}/${seal.cardId}`,
    seal: `/seals/${seal.id}`,
    change: `/seals/${seal.id}/change`,
    verification: `/verifications/${failed?.id}`,
    job: `/jobs/${jobs.items[0]?.id}`,
    certificate: `/certificates/${person?.serial}`,
    application: `/certificates/applications/${applications.items[0]?.id}`,
    institution: `/institutions/${institutions.items[0]?.id}`,
    institutionKey,
    newUse: `${institutionKey}/use`,
    use: `/uses/${operations.items[0]?.id}`,
    order: `/pay/${order?.id}`,
    stopped: `/pay/${stopped?.id}`,
    key: `/keys/${keys.items[0]?.id}`,
    entry: '/ledger-entry/0',
  };
}
