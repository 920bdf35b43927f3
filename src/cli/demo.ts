import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ApiError } from '../client/index.ts';
import { command, UsageError } from './command.ts';
import { certificateJourney } from './demo/certificate.ts';
import { imprintJourney } from './demo/imprint.ts';
import { paymentJourney } from './demo/payment.ts';
import { sampleData } from './demo/sample-data.ts';
import { signingJourney } from './demo/signing.ts';
import { Disproved, openStage, type Stage } from './demo/stage.ts';
import { tokenJourney } from './demo/token.ts';

interface Journey {
  readonly title: string;
  readonly play: (stage: Stage) => Promise<unknown>;
}

const journeys: Readonly<Record<string, Journey>> = {
  certificate: { title: 'A certificate, frozen until it is proven', play: certificateJourney },
  imprint: { title: 'A seal imprint, real or not', play: imprintJourney },
  signing: { title: 'An institution’s key, used by a person', play: signingJourney },
  token: { title: 'A token that keeps its secrets', play: tokenJourney },
  payment: { title: 'A payment with half a key', play: paymentJourney },
};

const readyWithinMs = 120_000;
const stopWithinMs = 8_000;

/** A service of its own, on stores that are removed afterwards. */
async function startService(): Promise<{ url: string; stop: () => Promise<void> }> {
  const host = fileURLToPath(new URL('../src/hosts/local.mjs', import.meta.url));
  if (!existsSync(host)) {
    throw new UsageError('the host is not here; start a service and give its --url', 'no_demo');
  }
  const state = await mkdtemp(join(tmpdir(), 'cinnabar-demo-'));
  const child = spawn(process.execPath, [host, '--state', state], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stop = async () => {
    await ended(child);
    await rm(state, { recursive: true, force: true });
  };
  try {
    return { url: await addressOf(child), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The console's address, as the host prints it when all is ready. */
function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const fail = (why: string) =>
      reject(new UsageError(`the service did not start: ${why}\n${said.slice(-2000)}`, 'no_demo'));
    const timer = setTimeout(() => fail('no answer'), readyWithinMs);
    const listen = (chunk: Buffer) => {
      said += chunk.toString('utf8');
      const address = /Console\s+(http:\/\/\S+?)\/(?:\s|$)/.exec(said)?.[1];
      if (address === undefined) return;
      clearTimeout(timer);
      resolve(address);
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.once('exit', (code) => {
      clearTimeout(timer);
      fail(`it ended with ${code}`);
    });
  });
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), stopWithinMs);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
}

interface Played {
  readonly journey: string;
  readonly proved: string[];
  /** What did not hold; the journey ended there. */
  failure?: string;
}

function reasonOf(error: unknown): string {
  if (error instanceof Disproved) return error.message;
  if (error instanceof ApiError) {
    return `${error.code}: ${error.message} (request ${error.requestId ?? 'unknown'})`;
  }
  throw error;
}

/** Sample data carry the same numbers each time. */
const fillRun = '2026010100001';

/** A list that is already begun refuses the first account: nothing is filled twice. */
async function filled(url: string | undefined) {
  if (url === undefined) throw new UsageError('--fill needs --url', 'no_demo');
  const left: string[] = [];
  await sampleData(await openStage(url, (_, what) => left.push(what), fillRun));
  return {
    exit: 0 as const,
    json: { filled: left },
    text: `${left.length} things shown and left\n`,
  };
}

export const demo = command({
  summary: 'plays the journeys on sample data and says what each proves',
  operands: [],
  options: {
    url: {
      type: 'string',
      value: 'URL',
      about: 'a service in demo mode; left out, one is started and removed afterwards',
    },
    only: { type: 'string', value: 'NAME', about: Object.keys(journeys).join(', ') },
    fill: { type: 'boolean', about: 'fills the lists of a fresh service instead, to look around' },
  },
  details: `
Nothing is pretended: every line is said after the service, or a verifier on this side, has shown
it. Exit status 1 when something does not hold.`,
  async run(_, { url, only, fill }) {
    if (fill) return filled(url);
    const chosen = Object.entries(journeys).filter(([name]) => only === undefined || name === only);
    if (chosen.length === 0) throw new UsageError(`--only is one of ${Object.keys(journeys)}`);
    // Progress goes where people look and programs do not.
    const say = (line: string) => process.stderr.write(`${line}\n`);
    const service = url === undefined ? await startService() : undefined;
    const played: Played[] = [];
    try {
      for (const [name, { title, play }] of chosen) {
        say(`\n${title}`);
        const result: Played = { journey: name, proved: [] };
        played.push(result);
        const prove = (holds: boolean, what: string) => {
          say(`  ${holds ? '✓' : '✗'} ${what}`);
          if (holds) result.proved.push(what);
        };
        try {
          await play(await openStage(service?.url ?? url ?? '', prove));
        } catch (error) {
          result.failure = reasonOf(error);
          // What was to be proved has been said with its cross already.
          if (!(error instanceof Disproved)) say(`  ✗ ${result.failure}`);
        }
      }
    } finally {
      await service?.stop();
    }
    const held = played.filter(({ failure }) => failure === undefined).length;
    const things = played.reduce((sum, { proved }) => sum + proved.length, 0);
    return {
      exit: held === played.length ? 0 : 1,
      json: { journeys: played },
      text: `\n${held} of ${played.length} journeys hold, ${things} things shown\n`,
    };
  },
});
