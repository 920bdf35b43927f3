// Face verification on a machine of its own, for the edge service (docs/biometrics.md).
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadBiometric } from '../../core/biometric.ts';
import { openFaces } from './face.ts';
import { serveBiometrics } from './host.ts';

const usage = `biometrics --secret FILE [--address 127.0.0.1] [--port 9444]

  --secret FILE   what callers must show: 32 characters or more, the same as in BIOMETRICS
`;

const { values } = parseArgs({
  options: {
    secret: { type: 'string' },
    address: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '9444' },
    help: { type: 'boolean', short: 'h' },
  },
});

async function serve(secretFile: string): Promise<void> {
  const secret = readFileSync(secretFile, 'utf8').trim();
  if (secret.length < 32) throw new Error('the secret has fewer than 32 characters');
  const folder = fileURLToPath(new URL('.', import.meta.url));
  const [describe, biometric] = await Promise.all([openFaces(folder), loadBiometric()]);
  const server = serveBiometrics({ describe, biometric, secret }, (cause) =>
    console.error('failed:', cause),
  );
  server.listen(Number(values.port), values.address, () => {
    console.log(JSON.stringify({ port: (server.address() as AddressInfo).port }));
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      server.close(() => process.exit(0));
      server.closeIdleConnections();
    });
  }
}

try {
  if (values.help || values.secret === undefined) {
    console.log(usage);
    process.exitCode = values.help ? 0 : 2;
  } else {
    await serve(values.secret);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
