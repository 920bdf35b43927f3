import { chmod, mkdir, open, readFile, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  type KeyTerminal,
  type KeyVault,
  pinProtection,
  type StoredKey,
} from '../client/certificates.ts';
import { UsageError } from './command.ts';
import { connect, type serviceOptions, sessionOf } from './service.ts';

export const vaultOptions = {
  vault: {
    type: 'string',
    value: 'FILE',
    about: "this terminal's halves of keys; CINNABAR_VAULT, or ~/.cinnabar/keys.json",
  },
} as const;

type Values = {
  readonly [Name in keyof typeof serviceOptions | 'vault']?: string | undefined;
};

/**
 * Halves of personal keys in a file of this user. They are encrypted before they come here; the PIN
 * and the service together open them. A write is on the disk when it resolves.
 */
function fileVault(path: string): KeyVault {
  async function all(): Promise<Record<string, StoredKey>> {
    try {
      // Written by `save` and read by nobody who would believe it: a share that is none opens not.
      return JSON.parse(await readFile(path, 'utf8')) as Record<string, StoredKey>;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
      throw error;
    }
  }
  async function write(keys: Record<string, StoredKey>): Promise<void> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const fresh = `${path}.new`;
    const file = await open(fresh, 'w', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(keys, null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await chmod(fresh, 0o600);
    await rename(fresh, path);
  }
  return {
    load: async (id) => (await all())[id],
    save: async (id, key) => write({ ...(await all()), [id]: key }),
    async remove(id) {
      const { [id]: _, ...others } = await all();
      await write(others);
    },
  };
}

/** The PIN never stands on a command line, where every process of the machine reads it. */
function pinOf(): string {
  const pin = process.env.CINNABAR_PIN;
  if (pin === undefined) throw new UsageError('the PIN is missing: set CINNABAR_PIN');
  return pin;
}

/** The institution that a token speaks for; the service checks the token, here it is only read. */
function tenantOf(token: string): string {
  try {
    const payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const tenant: unknown = payload.tenant ?? payload.pub?.tenant;
    if (typeof tenant === 'string') return tenant;
  } catch {
    // Falls through: whatever it is, it names no institution.
  }
  throw new UsageError('the token names no institution');
}

/** Where this user's halves rest; no PIN is needed to see which there are. */
export function vaultOf({ vault }: Pick<Values, 'vault'>): KeyVault {
  return fileVault(
    vault ?? process.env.CINNABAR_VAULT ?? join(homedir(), '.cinnabar', 'keys.json'),
  );
}

/** This machine as the terminal of personal keys. */
export async function keyTerminal(values: Values): Promise<KeyTerminal> {
  const client = connect(values);
  return {
    client,
    tenant: tenantOf(await sessionOf(values)()),
    vault: vaultOf(values),
    protection: pinProtection(client, pinOf()),
    now: Date.now,
  };
}
