import {
  loadSessionSuite,
  type SessionKeyPair,
  type SessionSuiteName,
} from '../../core/session/suite.ts';
import { base64urlBytes, base64urlText } from '../../lib/base64url.ts';
import { tupleBytes } from '../../lib/tuple.ts';
import { CinnabarError } from '../errors.ts';
import { certifySessionKey } from './certify.ts';
import type { TerminalDeps } from './ports.ts';
import type { ServiceKey } from './types.ts';

/** With less than this left another key is made; the one before serves until it ends. */
const renewalMs = 10 * 24 * 60 * 60 * 1000;

/** The service's keys that terminals begin sessions with now, in the order that is preferred. */
export async function currentServiceKeys(
  deps: TerminalDeps,
  tenant: string,
): Promise<readonly ServiceKey[]> {
  return Promise.all(deps.sessionSuites.map((suite) => currentKey(deps, tenant, suite)));
}

async function currentKey(
  deps: TerminalDeps,
  tenant: string,
  suite: SessionSuiteName,
): Promise<ServiceKey> {
  const [known] = await keysOf(deps, tenant, suite);
  if (known && known.notAfterMs - deps.clock.now() > renewalMs) return known;
  const generation = (known?.generation ?? 0) + 1;
  const fresh = await newServiceKey(deps, tenant, suite, generation);
  await deps.terminalRows.write(tenant, [
    { kind: 'service-key', row: fresh, owner: '', parent: suite, state: 'current' },
  ]);
  // Whoever came first: all use what is stored.
  const [stored] = await keysOf(deps, tenant, suite);
  if (!stored) throw new CinnabarError('storage_unavailable');
  return stored;
}

/** The newest two: a terminal may begin with the one before the newest. */
function keysOf(deps: TerminalDeps, tenant: string, suite: SessionSuiteName) {
  return deps.terminalRows.list(tenant, 'service-key', { parent: suite }, { limit: 2 });
}

async function newServiceKey(
  deps: TerminalDeps,
  tenant: string,
  suiteName: SessionSuiteName,
  generation: number,
): Promise<ServiceKey> {
  const suite = await loadSessionSuite(suiteName);
  const { privateKey, publicKey } = suite.keyPair();
  const id = `${suiteName}.${String(generation).padStart(6, '0')}`;
  const [wrapped] = await deps.templateKeys.wrap(tenant, [
    { dataKey: privateKey, context: wrapContext(id) },
  ]);
  privateKey.fill(0);
  if (!wrapped) throw new CinnabarError('chips_unavailable');
  const name = { commonName: 'Cinnabar Session Service', organization: tenant };
  const certified = await certifySessionKey(deps, 'service', name, suiteName, publicKey);
  return {
    ...certified,
    tenant,
    id,
    revision: 1,
    suite: suiteName,
    generation,
    wrapped: base64urlText(wrapped),
  };
}

const wrapContext = (id: string) => tupleBytes('cinnabar session service key 1', id);

/**
 * The key pair that a terminal's first message is for, by the hash of its certificate; nothing when
 * it is none of the service's, or too old.
 */
export async function serviceKeyPair(
  deps: TerminalDeps,
  tenant: string,
  suiteName: SessionSuiteName,
  hash: string,
): Promise<SessionKeyPair | undefined> {
  const known = await keysOf(deps, tenant, suiteName);
  const key = known.find(({ certificateHash }) => certificateHash === hash);
  if (!key || key.notAfterMs <= deps.clock.now()) return undefined;
  const wrappedKey = base64urlBytes(key.wrapped) ?? new Uint8Array(0);
  const items = [{ wrappedKey, context: wrapContext(key.id) }];
  const [privateKey] = await deps.templateKeys.unwrap(tenant, items);
  if (!privateKey) throw new CinnabarError('chips_unavailable');
  return (await loadSessionSuite(suiteName)).keyPairOf(privateKey);
}
