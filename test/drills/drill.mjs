// Runs drills and prints `name measured target pass|fail` for each.
// Usage: npm run drill -- NAME ...|all [--long] [--seed N] [--json] [--write] [--list]
// --long takes minutes; --write puts the figures into docs/drills.md. Exit code 1 when one failed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';

const root = fileURLToPath(new URL('../../', import.meta.url));
const page = join(root, 'docs', 'drills.md');
const [begin, end] = ['<!-- drills -->', '<!-- end of drills -->'];
const [filesBegin, filesEnd] = ['<!-- files -->', '<!-- end of files -->'];

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: Object.fromEntries(
    ['long', 'json', 'write', 'list', 'seed'].map((name) => [
      name,
      { type: name === 'seed' ? 'string' : 'boolean' },
    ]),
  ),
});
const isLong = values.long === true;
const isAll = positionals.includes('all') || values.list === true;
const isWanted = ({ id, name }) => isAll || positionals.includes(name) || positionals.includes(id);

const rows = [];
function report(row) {
  rows.push(row);
  if (values.json) return;
  const { id, name, measured, target } = row;
  console.log(`${id} ${name}\t${measured}\ttarget: ${target}\t${wordOf(row, 'pass', 'FAIL')}`);
}

/** A drill that this machine cannot run holds nothing and fails nothing. */
const wordOf = ({ isUnmeasured, pass }, yes, no) =>
  isUnmeasured ? 'not measured' : pass ? yes : no;

/** The drills that are functions, as tests of one file. */
async function functionDrills() {
  if (values.seed) process.env.DRILL_SEED = values.seed;
  const file = isLong ? 'test/drills/drills.slow.test.ts' : 'test/drills/drills.test.ts';
  const names = positionals.map((name) => name.replace(/[^\w-]/g, '')).join('|');
  const wanted = isAll ? '\\S+ \\S+' : `((${names}) \\S+|\\S+ (${names}))`;
  const onlyHolds = `^(${values.list ? 'nothing' : wanted}) holds$`;
  const reporter = {
    onTestCaseResult(test) {
      const { drill } = test.meta();
      const { state, errors } = test.result();
      if (state === 'skipped' && !drill?.isUnmeasured) return;
      const unmeasured = { id: '?', name: test.fullName, target: '', measured: 'not measured' };
      report({ ...unmeasured, ...drill, pass: state !== 'failed' });
      for (const { message } of errors ?? []) console.error(message);
    },
  };
  const vitest = await startVitest('test', [file], {
    root,
    mode: isLong ? 'slow' : 'test',
    project: isLong ? 'slow' : 'node',
    watch: false,
    silent: true,
    testNamePattern: new RegExp(onlyHolds),
    passWithNoTests: true,
    reporters: [reporter],
  });
  await vitest.close();
}

/** A drill that is a file of tests: what counts is that all of them pass. */
function fileDrill({ files, long = [], longEnvironment = {}, ...described }) {
  const out = mkdtempSync(join(tmpdir(), 'cinnabar-drill-'));
  const count = (mode, chosen, more = {}) => {
    if (chosen.length === 0) return { passed: 0, failed: 0, said: [] };
    const report = join(out, `${mode}.json`);
    const words = ['vitest', 'run', '--mode', mode, '--reporter=json', `--outputFile=${report}`];
    spawnSync('npx', [...words, ...chosen], {
      cwd: root,
      env: { ...more, ...process.env },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const results = JSON.parse(readFileSync(report, 'utf8'));
    const { numPassedTests, numTotalTests, success, testResults } = results;
    const failed = numTotalTests - numPassedTests;
    const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
    const failures = tests.flatMap(({ failureMessages }) => failureMessages);
    for (const text of [...testResults.map(({ message }) => message), ...failures]) {
      if (text) console.error(text);
    }
    const said = tests.flatMap(({ meta }) => meta?.measured ?? []);
    return { passed: numPassedTests, failed: success ? failed : Math.max(1, failed), said };
  };
  try {
    const counts = [
      count('test', files),
      isLong ? count('slow', long, longEnvironment) : count('slow', []),
    ];
    const passed = counts.reduce((sum, one) => sum + one.passed, 0);
    const failed = counts.reduce((sum, one) => sum + one.failed, 0);
    const said = counts.flatMap((one) => one.said);
    report({
      ...described,
      measured: [...said, `${passed} tests held, ${failed} failed`].join('; '),
      pass: failed === 0,
    });
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/** Puts the rows into the page, in the place of older ones of the same drills. */
function write() {
  const text = readFileSync(page, 'utf8');
  const [before, rest = ''] = text.split(begin);
  const [table = '', after = ''] = rest.split(end);
  const known = new Map(
    table
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .slice(2)
      .map((line) => [line.split(' | ')[1], line]),
  );
  const date = new Date().toISOString().slice(0, 10);
  for (const row of rows) {
    const { id, name, measured, target } = row;
    const cells = [
      id,
      name,
      measured,
      target,
      wordOf(row, 'yes', 'no'),
      `${date}${isLong ? ', long' : ''}`,
    ];
    known.set(name, `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`);
  }
  const head =
    '| id | drill | measured | target | held | when |\n| --- | --- | --- | --- | --- | --- |';
  const sorted = [...known.values()].sort();
  const where = `Written by \`npm run drill -- all --write\` (with \`--long\` where the row says so) on ${cpus().length} cores of an ${cpus()[0]?.model.trim()}, Node ${process.versions.node}.`;
  const lines = [before + begin, where, '', head, ...sorted, end + after];
  writeFileSync(page, withFiles(lines.join('\n')));
}

/** The drills that are files of tests, with their names. */
function withFiles(text) {
  const [before, rest = ''] = text.split(filesBegin);
  const [, after = ''] = rest.split(filesEnd);
  const named = (files) => files.map((file) => `\`${file}\``).join(', ');
  const lines = elsewhere
    .map(({ id, name, files, long = [], target }) =>
      [id, name, named(files), named(long), target].join(' | '),
    )
    .sort()
    .map((line) => `| ${line} |`.replaceAll('|  |', '| |'));
  const head =
    '| id | drill | files | files of the long form | target |\n| --- | --- | --- | --- | --- |';
  return [before + filesBegin, head, ...lines, filesEnd + after].join('\n');
}

const elsewhere = JSON.parse(readFileSync(join(root, 'test/drills/elsewhere.json'), 'utf8'));
if (positionals.length === 0 && !values.list) {
  console.error('npm run drill -- NAME ...|all [--long] [--seed N] [--json] [--write] [--list]');
  process.exit(2);
}
if (values.list) {
  for (const { id, name, target } of elsewhere) console.log(`${id} ${name}\t${target}`);
}
await functionDrills();
if (!values.list) for (const drill of elsewhere.filter(isWanted)) fileDrill(drill);
if (values.json) console.log(JSON.stringify(rows, null, 1));
if (values.write && rows.length > 0) write();
if (rows.length === 0 && !values.list) {
  console.error(`there is no drill ${positionals.join(', ')}`);
  process.exitCode = 2;
}
if (rows.some(({ pass }) => !pass)) process.exitCode = 1;
