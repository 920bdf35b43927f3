// A service of one's own on one machine, without demo mode: what it must be told, in one file that
// stands in its state, so that a backup of the state is a backup of all of it.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { Failure } from './prepare.mjs';

const fileName = 'service.env';
const random = () => randomBytes(32).toString('base64url');

const template = () => `# What this service is: docs/operations.md, "On a machine of your own".
# Where it is reached from outside. It stands in certificates and passkeys: never change it.
PUBLIC_ORIGIN=
# Who issues access tokens, and its public keys: '{"keys":[...]}' in one line.
TOKEN_ISSUER=
TOKEN_KEYS=
# The institution whose operators run the service, and the name of the log, for ever: a host name
# that you own, and a path.
SERVICE_INSTITUTION=
LEDGER_ORIGIN=
# Made here. Whoever loses them loses every key and every template; keep copies elsewhere.
CHIP_STORAGE_KEY=${random()}
WITNESS_STORAGE_KEY=${random()}
`;

/** Whether a state is of a service, and so none of demo mode. */
export function isServiceState(state) {
  return existsSync(join(state, fileName));
}

const isBytes32 = (text) => /^[\w-]{43}$/.test(text);

/** What each setting must be; `undefined` when it is. */
const required = {
  PUBLIC_ORIGIN: (text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const isHere = url?.hostname === 'localhost';
    const isOrigin = url?.origin === text && (url.protocol === 'https:' || isHere);
    return isOrigin ? undefined : 'must be an origin such as https://seals.bank.example';
  },
  TOKEN_ISSUER: (text) => (text === '' ? 'must not be empty' : undefined),
  TOKEN_KEYS: (text) => (isPublicKeySet(text) ? undefined : 'must be a JWK set of public keys'),
  SERVICE_INSTITUTION: (text) =>
    /^[a-z0-9][a-z0-9-]{0,63}$/.test(text)
      ? undefined
      : 'must be the id of an institution, such as county-bank',
  LEDGER_ORIGIN: (text) =>
    /^[a-z0-9-]+(\.[a-z0-9-]+)+(\/[\w.-]+)+$/.test(text)
      ? undefined
      : 'must be a host name of yours and a path, such as ledger.bank.example/2026',
  CHIP_STORAGE_KEY: (text) => (isBytes32(text) ? undefined : 'must be 32 bytes in base64url'),
  WITNESS_STORAGE_KEY: (text) => (isBytes32(text) ? undefined : 'must be 32 bytes in base64url'),
};

/** Settings that the edge is given where they are set; secrets reach each Worker by the file. */
const optional = ['LEDGER_TRUST', 'FEDERATION_URLS', 'FEDERATION_DEADLINE_MS'];
const secret = new Set(['CHIP_STORAGE_KEY', 'WITNESS_STORAGE_KEY']);

function isPublicKeySet(text) {
  try {
    const { keys } = JSON.parse(text);
    return Array.isArray(keys) && keys.length > 0 && keys.every(({ kty, d }) => kty && !d);
  } catch {
    return false;
  }
}

/**
 * Reads the service's file; the first time it writes one to be filled in.
 *
 * @throws Failure that says what is still missing
 */
export async function serviceSettings(state) {
  const file = join(state, fileName);
  if (existsSync(join(state, 'secrets.env'))) {
    throw new Failure(`${state} is of demo mode, whose sample people a service must not have.`);
  }
  if (!existsSync(file)) {
    if (existsSync(join(state, 'stores'))) {
      throw new Failure(`${file} is gone, and the stores beside it open with nothing else.`);
    }
    await writeFile(file, template(), { mode: 0o600 });
    throw new Failure(`${file} is made, with fresh secrets. Fill in the rest and start again.`);
  }
  if (((await stat(file)).mode & 0o077) !== 0) {
    throw new Failure(`${file} holds secrets and others can read it: chmod 600 ${file}`);
  }
  const settings = parseEnv(await readFile(file, 'utf8'));
  const wrong = Object.entries(required)
    .map(([name, problemOf]) => [name, problemOf(settings[name] ?? '')])
    .filter(([, problem]) => problem !== undefined)
    .map(([name, problem]) => `  ${name} ${problem}`);
  if (wrong.length > 0) throw new Failure(`${file} does not say enough yet:\n${wrong.join('\n')}`);
  const names = [...Object.keys(required), ...optional].filter((name) => !secret.has(name));
  const given = names.filter((name) => settings[name]).map((name) => [name, settings[name]]);
  return {
    file,
    origin: settings.PUBLIC_ORIGIN,
    vars: { CINNABAR_MODE: 'service', ...Object.fromEntries(given) },
    isPinned: Boolean(settings.LEDGER_TRUST),
  };
}

/**
 * Writes down whom to believe of the ledger: the keys that its log has just made on this machine,
 * asked by whoever started it, over the loopback address.
 */
export async function pin(file, base) {
  const response = await fetch(`${base}/ledger/trust`);
  if (!response.ok)
    throw new Failure(`the ledger has no keys yet: /ledger/trust ${response.status}`);
  const trust = JSON.stringify(await response.json());
  await appendFile(
    file,
    `\n# Whom to believe of the ledger; keep a copy elsewhere.\nLEDGER_TRUST='${trust}'\n`,
  );
  return trust;
}
