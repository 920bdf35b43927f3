// Prints `N passed, N failed` over the tests and gates whose reports stand in test-results/, and
// before it the tests that passed at a second go, each with what went wrong at the first.
// Fails when something failed, or when there is no report of tests at all.
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { home } from './tools.mjs';

async function report(name) {
  const text = await readFile(join(home, 'test-results', name), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : JSON.parse(text);
}

const tests = await report('vitest.json');
const gates = await report('gates.json');
// A file that cannot be loaded has no tests to count, but it is a failure.
const brokenFiles = (tests?.testResults ?? []).filter(
  ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
);
for (const { name, assertionResults } of tests?.testResults ?? []) {
  for (const { status, fullName, failureMessages } of assertionResults) {
    if (status !== 'passed' || !failureMessages.length) continue;
    console.log(`passed at the second go: ${relative(home, name)}: ${fullName}`);
    console.log(failureMessages[0].split('\n', 1)[0]);
  }
}
const passed = (tests?.numPassedTests ?? 0) + (gates?.passed ?? 0);
const failed = (tests?.numFailedTests ?? 1) + brokenFiles.length + (gates?.failed ?? 1);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
