import { beforeAll, expect, it } from 'vitest';
import { buildTool, cinnabar } from './tool.ts';

beforeAll(buildTool);

it('A1–A11 B1–B7 C1–C9 D1–D7 E1–E8: demo plays every journey on a service of its own', async () => {
  const { status, stdout, stderr } = await cinnabar(['demo', '--json'], { timeoutMs: 400_000 });
  const { journeys } = JSON.parse(stdout) as {
    journeys: { journey: string; proved: string[]; failure?: string }[];
  };
  const failures = journeys.filter(({ failure }) => failure !== undefined);
  expect(failures, stderr).toEqual([]);
  expect(journeys.map(({ journey }) => journey)).toEqual([
    'certificate',
    'imprint',
    'signing',
    'token',
    'payment',
  ]);
  expect(Math.min(...journeys.map(({ proved }) => proved.length))).toBeGreaterThan(3);
  expect(status).toBe(0);
}, 420_000);

it('demo says what is wrong with an address or a name', async () => {
  expect(await cinnabar(['demo', '--url', 'http://127.0.0.1:9'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('is no service in demo mode'),
  });
  expect(await cinnabar(['demo', '--only', 'nothing'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('--only is one of certificate'),
  });
});
