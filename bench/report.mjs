// Turns wasm-build/out/bench/*.json into bench/RESULTS.md and bench/plots/*.svg, and says which ratios are
// below the floors of bench/budgets.json.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const quoted = (text) =>
  String(text).replace(
    /[&<>"]/g,
    (c) => `&${{ '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot' }[c]};`,
  );

function rate(row, micros) {
  if (!row.bytes)
    return micros >= 1000
      ? `${(micros / 1000).toFixed(2)} ms`
      : `${micros.toFixed(micros < 10 ? 2 : 1)} us`;
  return `${(row.bytes / micros).toFixed(row.bytes / micros < 10 ? 1 : 0)} MB/s`;
}

function spread(figure) {
  return `${Math.round((100 * (figure.high - figure.low)) / figure.micros)} %`;
}

// Rows whose factors are no speed of ours against a peer; they have no bar in the plot.
const UNITS = new Set(['two-party-sign']);

const hasPeers = ({ results }) => results.some(({ figures }) => figures.length > 1);

/** What stands before the host in the title of a section. */
const titles = {
  'federation-node': 'Federated scoring, ',
  'federation-workerd': 'Federated scoring, ',
  'federation-latency': 'Federated scoring, ',
  'seal-node': 'Seal verification, ',
  'seal-workerd': 'Seal verification, ',
  'seal-chromium': 'Seal verification, ',
  'tagger-node': 'Tagger, ',
  'tagger-workerd': 'Tagger, ',
  'tagger-chromium': 'Tagger, ',
  'tokens-workerd': 'Tokens, ',
};

const find = (row, name) => row.figures.find((figure) => figure.name === name);

/** The median of the factors of each round where they were taken, else the factor of the medians. */
function times(row, name) {
  const ours = row.figures[0];
  const theirs = find(row, name);
  if (theirs?.factor !== undefined) return theirs.factor;
  return ours && theirs ? theirs.micros / ours.micros : undefined;
}

function table(document) {
  const hasWall = document.results.some(({ figures }) => figures.some(({ wall }) => wall));
  const lines = hasWall
    ? [
        '| what | who | median | spread | ours is faster by | wall time |',
        '| --- | --- | --- | --- | --- | --- |',
      ]
    : ['| what | who | median | spread | ours is faster by |', '| --- | --- | --- | --- | --- |'];
  for (const row of document.results) {
    row.figures.forEach((figure, i) => {
      const factor = i === 0 ? '' : `${(times(row, figure.name) ?? 0).toFixed(2)}x`;
      const title = i === 0 ? row.title : '';
      const cells = [title, figure.name, rate(row, figure.micros), spread(figure), factor];
      if (hasWall) cells.push(figure.wall === undefined ? '' : rate(row, figure.wall));
      lines.push(`| ${cells.join(' | ')} |`);
    });
  }
  return lines.join('\n');
}

/** Bars, logarithmic, one group a row: how many times as fast as each peer. */
function plot(document) {
  const groups = document.results
    .filter(({ id }) => !UNITS.has(id))
    .map((row) => ({
      title: row.title,
      bars: row.figures.slice(1).map(({ name }) => ({ name, factor: times(row, name) ?? 1 })),
    }))
    .filter(({ bars }) => bars.length > 0);
  const left = 250;
  const width = 860;
  const most = Math.max(10, ...groups.flatMap(({ bars }) => bars.map(({ factor }) => factor)));
  const least = Math.min(0.3, ...groups.flatMap(({ bars }) => bars.map(({ factor }) => factor)));
  const scale = (width - left - 90) / Math.log(most / least);
  const x = (factor) => left + scale * Math.log(factor / least);
  let y = 40;
  const parts = [];
  for (const { title, bars } of groups) {
    parts.push(`<text x="10" y="${y + 12}" font-weight="600">${quoted(title)}</text>`);
    y += 20;
    for (const { name, factor } of bars) {
      const [from, to] = [x(Math.min(1, factor)), x(Math.max(1, factor))];
      const colour = factor >= 1 ? '#b8402a' : '#7a7a7a';
      parts.push(
        `<text x="${left - 10}" y="${y + 11}" text-anchor="end">${quoted(name)}</text>`,
        `<rect x="${from.toFixed(1)}" y="${y}" width="${Math.max(1, to - from).toFixed(1)}" height="14" fill="${colour}"/>`,
        `<text x="${(to + 6).toFixed(1)}" y="${y + 11}">${factor.toFixed(factor < 10 ? 2 : 0)}x</text>`,
      );
      y += 18;
    }
    y += 8;
  }
  const one = x(1).toFixed(1);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y + 10}" font-family="system-ui, sans-serif" font-size="12">
<title>How many times as fast as each peer, ${quoted(document.host)}</title>
<rect width="100%" height="100%" fill="#fffdf9"/>
<text x="10" y="20" font-size="15" font-weight="600">How many times as fast as each peer, ${quoted(document.host)} (logarithmic)</text>
<line x1="${one}" y1="30" x2="${one}" y2="${y}" stroke="#999" stroke-dasharray="3 3"/>
${parts.join('\n')}
</svg>
`;
}

function section(name, document) {
  const { host, clock, date, commit, machine, loadBefore, rounds, sampleMicros } = document;
  const text = [
    `## ${titles[name] ?? ''}${host}`,
    '',
    `${machine}; ${date}; commit ${commit}; ${clock}; ${rounds} rounds of ${sampleMicros / 1000} ms each, interleaved; load average before ${loadBefore.join(', ')}. Spread is the distance of the quartiles as a share of the median.`,
    '',
    table(document),
    '',
    ...(hasPeers(document) ? [`![ratios](plots/${name}.svg)`, ''] : []),
  ];
  if (document.wasm) {
    const { wasm, start } = document;
    text.push(
      `\`gm.wasm\` has ${wasm.bytes} bytes, ${wasm.gzip} with gzip. In a fresh process the module is loaded after ${start.loadMillis.toFixed(1)} ms (${start.loadCpuMillis.toFixed(1)} ms of CPU time) and the first signature takes another ${start.firstSignatureMillis.toFixed(1)} ms (${start.firstSignatureCpuMillis.toFixed(1)} ms); median of ${rounds}.`,
      '',
    );
  }
  return text.join('\n');
}

/** Time of a login and one piece of business, by the delay of each request. */
function tripSection({ machine, date, commit, rounds, results }) {
  const lines = results.flatMap(({ delayMs, figures }) =>
    figures.map(
      ({ name, requests, medianMs }) =>
        `| ${delayMs} ms | ${name} | ${requests} | ${medianMs} ms |`,
    ),
  );
  return [
    '## Round trips that a readable token saves',
    '',
    `${machine}; ${date}; commit ${commit}; Node over loopback, ${rounds} rounds, interleaved; every request is answered after the delay. A login and one piece of business: with a whole-payload token the terminal asks once more for its own permissions.`,
    '',
    '| delay | design | requests | median |',
    '| --- | --- | --- | --- |',
    ...lines,
    '',
  ].join('\n');
}

function pagesSection({ machine, date, commit, loadBefore, host, rounds, results }) {
  return [
    '## Pages of the console, opened for the first time',
    '',
    `${machine}; ${date}; commit ${commit}; ${host}; median of ${rounds} visits, nothing cached; load average before ${loadBefore.join(', ')}. Network and processor are slowed as Lighthouse does it: \`desk\` 10 Mbit/s and 40 ms, \`phone\` 1.6 Mbit/s, 150 ms and a processor 4 times as slow. Good is a largest paint within 2,500 ms, less than 200 ms blocked, less than 0.1 moved (web.dev/vitals). \`npm run bench -- pages\``,
    '',
    '| page | look | first paint | largest paint | blocked | layout moved | fetched | requests |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...results.map(
      ({ path, look, firstMs, largestMs, blockedMs, moved, kilobytes, requests }) =>
        `| \`${path}\` | ${look} | ${firstMs} ms | ${largestMs} ms | ${blockedMs} ms | ${moved} | ${kilobytes} kB | ${requests} |`,
    ),
    '',
  ].join('\n');
}

export function ledgerSection(document) {
  const { steps, verifySeconds } = document;
  const [first] = steps;
  const last = steps.at(-1);
  const times = (name) => (last[name] / first[name]).toFixed(1);
  return [
    '## Ledger, in Node over its store in RAM',
    '',
    `${document.machine}; ${document.date}; load average before ${document.loadBefore.join(', ')}; CPU time. Every append is in a checkpoint with both signatures of the log and two of three witnesses before it counts. \`BENCH_LEDGER_ENTRIES=${last.entries} npm run bench -- ledger\``,
    '',
    '| entries | appends a second, 2,000 at a time | one append alone, with a checkpoint of its own | an inclusion proof | a consistency proof |',
    '| --- | --- | --- | --- | --- |',
    ...steps.map(
      ({ entries, appendsPerSecond, singleAppendMs, proofMicros, consistencyMicros }) =>
        `| ${entries.toLocaleString('en')} | ${appendsPerSecond} | ${singleAppendMs} ms | ${proofMicros} µs | ${consistencyMicros} µs |`,
    ),
    '',
    `From the first size to the last, ${last.entries / first.entries} times as many entries: ${times('proofMicros')} times the time of an inclusion proof, ${times('singleAppendMs')} times that of an append. An outsider verifies the whole of the largest log in ${verifySeconds} s.`,
    '',
  ].join('\n');
}

export function serviceSection(document) {
  const { steps, issues, totalMillis, firstMillis, appendBatch, appendsPerSecond } = document;
  return [
    '## One certificate, from application to delivery, in workerd',
    '',
    `${document.machine}; ${document.date}; load average before ${document.loadBefore.join(', ')}; wall time, median of ${issues}. Every Worker of a deployment in one workerd, stores in RAM: edge, chips, witnesses. SM2; five requests, four events in the ledger, each in a checkpoint that the chips have signed and two witnesses cosigned.`,
    '',
    '| request | time |',
    '| --- | --- |',
    ...steps.map(({ step, millis }) => `| ${step} | ${millis} ms |`),
    `| all | ${totalMillis} ms |`,
    '',
    `The very first, which makes both authorities and their keys: ${firstMillis} ms. Appends to the ledger, ${appendBatch} at once: ${appendsPerSecond} a second. Inside, one issue is 7 messages to the chips, 9 to the ledger, 42 to the database and 10 to the audit log (\`test/domain/certificates/messages.test.ts\`), and two signatures of the chips for each checkpoint.`,
    '',
  ].join('\n');
}

/** Small drawings, both axes logarithmic, each with the line of what grows as fast as its size. */
function growthPlot({ figures }) {
  const [columns, width, height] = [2, 430, 230];
  const rows = Math.ceil(figures.length / columns);
  const parts = figures.map(({ title, of, unit, points }, i) => {
    const [left, top] = [(i % columns) * width + 60, Math.floor(i / columns) * height + 70];
    const [wide, high] = [width - 110, height - 100];
    const sizes = points.map(([size]) => Math.log(size));
    const [from, to] = [Math.min(...sizes), Math.max(...sizes)];
    const costs = points.map(([, cost]) => Math.log(Math.max(cost, 1e-6)));
    const linear = costs[0] + (to - from);
    const low = Math.min(...costs);
    const most = Math.max(linear, ...costs);
    const x = (size) => (left + ((Math.log(size) - from) / (to - from || 1)) * wide).toFixed(1);
    const y = (log) => (top + high - ((log - low) / (most - low || 1)) * high).toFixed(1);
    const line = points.map(([size], k) => `${x(size)},${y(costs[k])}`).join(' ');
    const marks = points.map(
      ([size, cost], k) =>
        `<circle cx="${x(size)}" cy="${y(costs[k])}" r="3.5" fill="#b8402a"/><text x="${x(size)}" y="${Number(y(costs[k])) - 8}" text-anchor="middle">${cost}</text><text x="${x(size)}" y="${top + high + 18}" text-anchor="middle" fill="#666">${size.toLocaleString('en')}</text>`,
    );
    return [
      `<text x="${left - 40}" y="${top - 26}" font-weight="600">${quoted(title)}</text>`,
      `<text x="${left - 40}" y="${top - 10}" fill="#666">${quoted(unit)}, by number of ${quoted(of)}</text>`,
      `<path d="M${left} ${top}V${top + high}H${left + wide}" fill="none" stroke="#999"/>`,
      `<line x1="${x(points[0][0])}" y1="${y(costs[0])}" x2="${x(points.at(-1)[0])}" y2="${y(linear)}" stroke="#999" stroke-dasharray="3 3"/>`,
      `<polyline points="${line}" fill="none" stroke="#b8402a" stroke-width="2"/>`,
      ...marks,
    ].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${columns * width} ${rows * height + 50}" font-family="system-ui, sans-serif" font-size="12">
<title>How cost grows</title>
<rect width="100%" height="100%" fill="#fffdf9"/>
<text x="20" y="24" font-size="15" font-weight="600">How cost grows; both axes logarithmic, dashed: as fast as the size</text>
${parts.join('\n')}
</svg>
`;
}

function growthSection({ date, machine, load, note, figures }) {
  return [
    '## Growth',
    '',
    `${machine}; ${date}; load average before ${load.join(', ')}. What one operation costs beside so many others: rows that D1 reads, or CPU time. \`GROWTH_FIGURES=bench/growth.json npx vitest run --mode slow test/growth\`, then \`npm run bench -- growth\`; the test fails when something grows faster than its size.${note ? ` ${note}` : ''}`,
    '',
    '| what | unit | cost at size |',
    '| --- | --- | --- |',
    ...figures.map(({ title, of, unit, points }) => {
      const cells = points.map(([size, cost]) => `${size.toLocaleString('en')}: ${cost}`);
      return `| ${title}, by ${of} | ${unit} | ${cells.join('; ')} |`;
    }),
    '',
    '![growth](plots/growth.svg)',
    '',
  ].join('\n');
}

/** What a section is about: its title without the versions of hosts. */
const subjectOf = (one) => one.split('\n', 1)[0].replace(/ \d[\d.]*/g, '');

/** Puts sections where those of the same subjects stand, new ones at the end; others stay as they are. */
async function putSections(root, sections) {
  const results = join(root, 'bench', 'RESULTS.md');
  const kept = (await readFile(results, 'utf8')).split(/^(?=## )/m);
  for (const one of sections) {
    const at = kept.findIndex((other) => subjectOf(other) === subjectOf(one));
    if (at < 0) kept.push(one);
    else kept[at] = one;
  }
  await writeFile(results, `${kept.map((one) => one.trimEnd()).join('\n\n')}\n`);
}

/** Draws the figures of bench/growth.json. */
export async function writeGrowth(root) {
  const document = JSON.parse(await readFile(join(root, 'bench', 'growth.json'), 'utf8'));
  await writeFile(join(root, 'bench', 'plots', 'growth.svg'), growthPlot(document));
  await putSections(root, [growthSection(document)]);
}

function leakSection(document) {
  const lines = ['| what | secret classes | max abs t | samples |', '| --- | --- | --- | --- |'];
  for (const { name, classes, t, samples } of document.results) {
    lines.push(`| ${name} | ${classes} | ${t.toFixed(2)} | ${samples} |`);
  }
  return [
    '## Timing against secrets',
    '',
    `${document.machine}; ${document.date}; ${document.host}; load average before ${document.loadBefore.join(', ')}. Welch's t between classes of secrets; 4.5 is the usual limit. The rows marked as planted must exceed it.`,
    '',
    lines.join('\n'),
    '',
  ].join('\n');
}

/** Ratios in bench/budgets.json that this run does not reach. */
function belowFloors(floors, documents) {
  const failures = [];
  for (const { document: name, row: id, against, least } of floors) {
    const row = documents.get(name)?.results.find((result) => result.id === id);
    const factor = row && times(row, against);
    if (factor === undefined) continue;
    if (factor < least) {
      failures.push(`${name} ${id}: ${factor.toFixed(2)}x ${against}, less than ${least}x`);
    }
  }
  return failures;
}

/** Writes what was measured since the last build, and leaves all else in bench/RESULTS.md as it is. */
export async function writeReport(root) {
  const folder = join(root, 'wasm-build', 'out', 'bench');
  const documents = new Map();
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.json')).sort()) {
    documents.set(file.slice(0, -5), JSON.parse(await readFile(join(folder, file), 'utf8')));
  }
  await mkdir(join(root, 'bench', 'plots'), { recursive: true });
  const sections = [];
  const compared = ['gm-node', 'gm-workerd', 'gm-chromium', 'pictures-node'];
  for (const name of [...compared, ...Object.keys(titles)]) {
    const document = documents.get(name);
    if (!document) continue;
    sections.push(section(name, document));
    if (!hasPeers(document)) continue;
    await writeFile(join(root, 'bench', 'plots', `${name}.svg`), plot(document));
  }
  const service = documents.get('service-workerd');
  if (service) sections.push(serviceSection(service));
  const ledger = documents.get('ledger-node');
  if (ledger) sections.push(ledgerSection(ledger));
  const trips = documents.get('tokens-trips');
  if (trips) sections.push(tripSection(trips));
  const pages = documents.get('console-pages');
  if (pages) sections.push(pagesSection(pages));
  const leaks = documents.get('gm-leaks');
  if (leaks) sections.push(leakSection(leaks));
  await putSections(root, sections);
  const { ratios = [] } = JSON.parse(await readFile(join(root, 'bench', 'budgets.json'), 'utf8'));
  return belowFloors(ratios, documents);
}
