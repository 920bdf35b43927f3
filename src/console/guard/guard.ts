import { manifestHash, parseManifest, releaseStatement } from '../../core/software/manifest.ts';
import { base64urlBytes } from '../../lib/base64url.ts';

// What the service worker of a terminal decides, apart from the worker itself. It lets a file run
// when its hash stands in a manifest that the key manager signed and did not withdraw (E5).

/** Texts that stay: the key that was seen first, the manifest that runs, and the number of its release. */
export interface GuardStore {
  get(name: KeptName): Promise<string | undefined>;
  put(name: KeptName, text: string): Promise<void>;
}

type KeptName = 'key' | 'manifest' | 'sequence';

export interface GuardDeps {
  readonly fetch: (path: string) => Promise<Response>;
  readonly store: GuardStore;
}

/**
 * `released`: signed, and may run. `unreleased`: the key manager does not know it. `revoked`: it was
 * withdrawn. `forged`: the signature is not by the key that this terminal knows. `outdated`: signed,
 * and older than what already ran here. `unreachable`: nobody answers.
 */
export type GuardVerdict =
  | { readonly state: 'released'; readonly manifest: string; readonly sequence: number }
  | { readonly state: 'unreleased' | 'revoked' | 'forged' | 'outdated' | 'unreachable' };

/** Judges the software that the service serves now. */
export async function judgeServed(deps: GuardDeps): Promise<GuardVerdict> {
  const served = await answered(deps, '/software.json');
  return served?.ok ? judge(deps, await served.text()) : { state: 'unreachable' };
}

/** Judges one manifest, wherever it came from. */
export async function judge(deps: GuardDeps, manifest: string): Promise<GuardVerdict> {
  if (!parseManifest(manifest)) return { state: 'forged' };
  const hash = manifestHash(manifest);
  const answer = await answered(deps, `/v1/software/${hash}`);
  if (!answer) return { state: 'unreachable' };
  if (answer.status === 404) return { state: 'unreleased' };
  if (!answer.ok) return { state: 'unreachable' };
  const release = (await answer.json()) as Readonly<Record<string, unknown>>;
  const sequence = Number(release.sequence);
  const key = await knownKey(deps);
  if (key === undefined) return { state: 'unreachable' };
  if (!Number.isSafeInteger(sequence)) return { state: 'forged' };
  const statement = releaseStatement(hash, sequence);
  if (!(await isSigned(key, statement, String(release.signature)))) return { state: 'forged' };
  if (release.state !== 'released') return { state: 'revoked' };
  const seen = Number((await deps.store.get('sequence')) ?? 0);
  return sequence < seen ? { state: 'outdated' } : { state: 'released', manifest, sequence };
}

/** The hash that a file must have; nothing for a file that the manifest does not name. */
export function expectedHash(manifest: string, path: string): string | undefined {
  const files = parseManifest(manifest)?.files;
  return files && Object.hasOwn(files, path) ? files[path] : undefined;
}

export async function sha256Hex(bytes: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The first key that this terminal saw. Another one is never taken. */
async function knownKey(deps: GuardDeps): Promise<string | undefined> {
  const known = await deps.store.get('key');
  if (known !== undefined) return known;
  const answer = await answered(deps, '/v1/software-key');
  if (!answer?.ok) return undefined;
  const { spki } = (await answer.json()) as { spki?: unknown };
  if (typeof spki !== 'string') return undefined;
  await deps.store.put('key', spki);
  return spki;
}

async function isSigned(spki: string, statement: Uint8Array, signature: string): Promise<boolean> {
  const [keyBytes, raw] = [base64urlBytes(spki), base64urlBytes(signature)];
  if (!keyBytes || !raw) return false;
  const curve = { name: 'ECDSA', namedCurve: 'P-256' };
  try {
    const key = await crypto.subtle.importKey('spki', own(keyBytes), curve, false, ['verify']);
    const scheme = { name: 'ECDSA', hash: 'SHA-256' };
    return await crypto.subtle.verify(scheme, key, own(raw), own(statement));
  } catch {
    return false;
  }
}

async function answered({ fetch }: GuardDeps, path: string): Promise<Response | undefined> {
  return fetch(path).catch(() => undefined);
}

/** WebCrypto takes no view of shared memory. */
const own = (bytes: Uint8Array) => new Uint8Array(bytes);
