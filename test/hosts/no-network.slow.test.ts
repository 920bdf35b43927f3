import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { buildTool } from '../cli/tool.ts';

const run = promisify(execFile);
const tool = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
/** In a network namespace of its own, where there is nothing but loopback. */
const alone = (command: string) => ['--net', 'sh', '-c', `ip link set lo up && ${command}`];
const noServer = 'require("net").connect(443, "1.1.1.1").on("error", () => process.exit(3))';

beforeAll(buildTool);

test('Q5: the service and all five journeys run where there is no network but this machine', async ({
  task,
}) => {
  if (spawnSync('unshare', alone('true')).status !== 0) {
    task.meta.measured = 'NOT MEASURED: needs the right to make a network of its own';
    return;
  }
  const outside = run('unshare', alone(`'${process.execPath}' -e '${noServer}'`));
  await expect(outside).rejects.toMatchObject({ code: 3 });
  const demo = alone(`'${process.execPath}' '${tool}' demo --json`);
  // It ends with 1 when a journey failed, and says which.
  const { stdout } = await run('unshare', demo, { maxBuffer: 1 << 24 }).catch(
    (ended: { readonly stdout: string }) => ended,
  );
  const told = JSON.parse(stdout) as { journeys: { proved: string[]; failure?: string }[] };
  expect(told).toHaveProperty('journeys');
  const { journeys } = told;
  expect(journeys.filter(({ failure }) => failure !== undefined)).toEqual([]);
  const proved = journeys.reduce((sum, journey) => sum + journey.proved.length, 0);
  task.meta.measured = `${journeys.length} journeys, ${proved} things shown, in a network namespace with loopback alone`;
  expect(journeys).toHaveLength(5);
});
