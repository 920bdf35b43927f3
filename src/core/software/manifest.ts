import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { tupleBytes } from '../../lib/tuple.ts';

/** Every file that a terminal runs, by its path, with the SHA-256 of its bytes in hex. */
export interface SoftwareManifest {
  readonly version: string;
  readonly files: Readonly<Record<string, string>>;
}

const kind = 'cinnabar terminal software';
const filesMax = 500;

/** The text of a manifest: canonical JSON (RFC 8785), so that one build has one text and one hash. */
export function manifestText({ version, files }: SoftwareManifest): string {
  return canonicalJson({ v: 1, kind, version, files: { ...files } });
}

/** What names the software: SHA-256 of its manifest's text, hex. */
export const manifestHash = (text: string) => bytesToHex(sha256(utf8ToBytes(text)));

/** Reads a manifest; nothing for what is not exactly the text of one. */
export function parseManifest(text: string): SoftwareManifest | undefined {
  try {
    const { version, files } = JSON.parse(text) as Partial<SoftwareManifest>;
    if (typeof version !== 'string' || !/^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$/.test(version))
      return undefined;
    const entries = Object.entries(files ?? {});
    const isSound = entries.every(
      ([path, hash]) => /^\/[\w./-]{1,200}$/.test(path) && /^[0-9a-f]{64}$/.test(hash),
    );
    if (!isSound || entries.length === 0 || entries.length > filesMax) return undefined;
    const manifest = { version, files: Object.fromEntries(entries) };
    return manifestText(manifest) === text ? manifest : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What the key manager signs (ECDSA P-256 with SHA-256) to release the software of this hash, as the
 * release of this number. Numbers rise with releases, so a terminal knows an older one for what it is.
 */
export const releaseStatement = (hash: string, sequence: number) =>
  tupleBytes('cinnabar software release 2', hash, sequence);
