import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { arch, platform } from 'node:os';

/** The first accounts of the well-known test mnemonic, which every local chain funds. */
export const chainKeys = {
  writer: '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
  stranger: '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d',
} as const;

const architectures: Record<string, string> = { x64: 'amd64' };

/** The program of this platform; its package is optional, so elsewhere the tests are left out. */
export const chainProgram = programPath();

function programPath(): string | undefined {
  const name = `@foundry-rs/anvil-${platform()}-${architectures[arch()] ?? arch()}`;
  try {
    return createRequire(import.meta.url).resolve(`${name}/bin/anvil`);
  } catch {
    console.warn(`LEFT OUT: the local chain, because ${name} is not installed`);
    return undefined;
  }
}

export interface LocalChain {
  readonly rpcUrl: string;
  stop(): void;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((ready) => probe.listen(0, '127.0.0.1', ready));
  const address = probe.address();
  await new Promise((closed) => probe.close(closed));
  return typeof address === 'object' && address ? address.port : 0;
}

/** Resolves when the chain says that it listens, on loopback only. */
export async function startChain(): Promise<LocalChain> {
  const port = await freePort();
  const child: ChildProcess = spawn(
    chainProgram ?? '',
    ['--host', '127.0.0.1', '--port', String(port)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`the chain ended with ${code}`)));
    child.stdout?.on('data', (chunk) => {
      if (String(chunk).includes('Listening')) resolve();
    });
  });
  return {
    rpcUrl: `http://127.0.0.1:${port}`,
    stop() {
      child.removeAllListeners('exit');
      child.kill();
    },
  };
}
