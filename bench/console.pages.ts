// What a person waits for when a page of the console is opened for the first time: paint, layout
// that moves, work that blocks, and what is fetched, as Lighthouse measures them. Argument: the
// address of a service in demo mode with its sample data. Prints one JSON document.
import { type Browser, chromium, type Page } from 'playwright-core';
import { quantile } from '../src/lib/measure.ts';

const url = process.argv[2] ?? '';
const rounds = Number(process.argv[3] ?? 5);

interface Look {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** How many times slower the processor is made. */
  readonly slower: number;
  readonly kilobitsPerSecond: number;
  readonly delayMs: number;
}

// The two presets of Lighthouse 12: `desktop`, and `mobile` with a slow 4G.
const desk: Look = {
  name: 'desk',
  width: 1350,
  height: 940,
  slower: 1,
  kilobitsPerSecond: 10_240,
  delayMs: 40,
};
const phone: Look = {
  name: 'phone',
  width: 390,
  height: 844,
  slower: 4,
  kilobitsPerSecond: 1_638,
  delayMs: 150,
};

const pages = [
  { path: '/', identity: 'teller-zhou', looks: [desk, phone] },
  { path: '/verify', identity: 'teller-zhou', looks: [desk] },
  { path: '/review', identity: 'reviewer-he', looks: [desk] },
  { path: '/certificates', identity: 'administrator-lin', looks: [desk] },
  { path: '/risk', identity: 'risk-officer-xu', looks: [desk] },
  { path: '/tagger', identity: 'developer-song', looks: [desk] },
  { path: '/pay', identity: 'customer-chen', looks: [desk, phone] },
  { path: '/pay/history', identity: 'customer-chen', looks: [phone] },
] as const;

interface Paints {
  first: number;
  largest: number;
  moved: number;
  blocked: number;
}

/** Runs in the page before anything else of it. */
function watch() {
  const seen = { first: 0, largest: 0, moved: 0, blocked: 0 };
  (window as unknown as { paints: Paints }).paints = seen;
  const listen = (type: string, take: (entry: PerformanceEntry) => void) =>
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({
      type,
      buffered: true,
    });
  listen('paint', ({ name, startTime }) => {
    if (name === 'first-contentful-paint') seen.first = startTime;
  });
  listen('largest-contentful-paint', ({ startTime }) => {
    seen.largest = startTime;
  });
  listen('layout-shift', (entry) => {
    const shift = entry as PerformanceEntry & { hadRecentInput: boolean; value: number };
    if (!shift.hadRecentInput) seen.moved += shift.value;
  });
  // Only what a task takes beyond 50 ms keeps a person waiting.
  listen('longtask', ({ duration }) => {
    seen.blocked += duration - 50;
  });
}

/** One visit with nothing cached. */
async function visit(browser: Browser, path: string, identity: string, look: Look) {
  const viewport = { width: look.width, height: look.height };
  const context = await browser.newContext({ viewport, locale: 'zh-CN' });
  await context.addInitScript((id) => localStorage.setItem('cinnabar.identity', id), identity);
  await context.addInitScript(watch);
  const page: Page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await devtools.send('Network.enable');
  await devtools.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: look.delayMs,
    downloadThroughput: (look.kilobitsPerSecond * 1024) / 8,
    uploadThroughput: (look.kilobitsPerSecond * 1024) / 8,
  });
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: look.slower });
  let bytes = 0;
  let requests = 0;
  devtools.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength;
    requests++;
  });
  await page.goto(`${url}${path}`);
  await page.locator('main h1').first().waitFor();
  await page.waitForLoadState('networkidle');
  const paints = await page.evaluate(() => (window as unknown as { paints: Paints }).paints);
  await context.close();
  return { ...paints, kilobytes: bytes / 1000, requests };
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
const results = [];
for (const { path, identity, looks } of pages) {
  for (const look of looks) {
    const visits: Awaited<ReturnType<typeof visit>>[] = [];
    const once = () => visit(browser, path, identity, look);
    // Of some hundred first visits one hangs in the development proxy: it is made once more.
    for (let round = 0; round < rounds; round++) visits.push(await once().catch(once));
    const median = (of: (one: (typeof visits)[number]) => number) =>
      quantile(
        visits.map(of).sort((a, b) => a - b),
        0.5,
      );
    results.push({
      path,
      look: look.name,
      firstMs: Math.round(median(({ first }) => first)),
      largestMs: Math.round(median(({ largest }) => largest)),
      blockedMs: Math.round(median(({ blocked }) => blocked)),
      moved: Number(median(({ moved }) => moved).toFixed(3)),
      kilobytes: Math.round(median(({ kilobytes }) => kilobytes)),
      requests: median(({ requests }) => requests),
    });
  }
}
const version = browser.version();
await browser.close();
console.log(JSON.stringify({ host: `Chromium ${version}`, rounds, results }));
