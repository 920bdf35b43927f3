import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { workerConfigs } from '../hosts/workers.mjs';
import { command, type Group, UsageError } from './command.ts';
import {
  type Ask,
  deployedName,
  deployOrder,
  type Finding,
  findingsOfService,
  findingsOfWorker,
  leftOut,
  parseConfiguration,
} from './deploy-files.ts';

const answerMsMax = 15_000;

function askAt(base: string): Ask {
  return async (path, init) => {
    try {
      const signal = AbortSignal.timeout(answerMsMax);
      const response = await fetch(new URL(path, base), { redirect: 'manual', signal, ...init });
      const { status, headers } = response;
      return { status, headers, text: await response.text() };
    } catch {
      return undefined;
    }
  };
}

function textOf(findings: readonly Finding[], order: ReturnType<typeof deployOrder>): string {
  const lines = findings.map(
    ({ what, holds, next }) => `${holds ? '✓' : '✗'} ${what}${next ? `: ${next}` : ''}`,
  );
  const steps = order.map(({ file, secrets }, i) => {
    const needs = secrets.length > 0 ? `, with ${secrets.join(', ')}` : '';
    return `  ${i + 1}. ${file}${needs}`;
  });
  const missing = findings.filter(({ holds }) => !holds).length;
  return [
    ...lines,
    '',
    'Deployed in this order, each with its secrets (`npx wrangler deploy -c FILE --secrets-file …`):',
    ...steps,
    '',
    missing === 0 ? 'nothing is missing' : `${missing} of ${findings.length} do not hold`,
    '',
  ].join('\n');
}

const check = command({
  summary: 'says what is missing before this deployment may serve anybody',
  operands: [],
  options: {
    env: { type: 'string', value: 'NAME', about: 'the environment; production if not given' },
    folder: { type: 'string', value: 'FOLDER', about: 'the repository; . if not given' },
    url: { type: 'string', value: 'URL', about: 'looks at the deployed service there too' },
  },
  details: `
Reads the wrangler file of every Worker: bindings that the environment lacks, resources without an
identifier, sample names and sample data, ways in. Writes nothing, and needs no account. Exit
status 1 when something is missing.`,
  async run(_, { env = 'production', folder = '.', url }) {
    const files = await Promise.all(
      workerConfigs.map(async (file) => {
        const text = await readFile(join(folder, file), 'utf8');
        return { file, configuration: parseConfiguration(text) };
      }),
    );
    const samples = leftOut(
      files.map(({ configuration }) => configuration),
      env,
    );
    const deployed = files.filter(({ configuration }) => !samples.has(configuration.name));
    const workers = new Set(deployed.map(({ configuration }) => deployedName(configuration, env)));
    const findings = deployed.flatMap(({ configuration }, i) =>
      findingsOfWorker(configuration, env, { isEdge: i === 0, samples, workers }),
    );
    const order = deployOrder(deployed, env);
    if (url !== undefined) {
      if (!URL.canParse(url)) throw new UsageError('--url is an address such as https://…');
      findings.push(...(await findingsOfService(url, askAt(url))));
    }
    const holds = findings.every((item) => item.holds);
    return {
      exit: holds ? 0 : 1,
      json: { holds, findings, order },
      text: textOf(findings, order),
    };
  },
});

export const deploy: Group = {
  summary: 'looks at a deployment before it serves',
  commands: { check },
};
