import { parseRoster } from '../../core/federation/roster.ts';
import { loadSuite } from '../../core/federation/suite.ts';
import { type Federation, openFederation } from '../../domain/federation/parties.ts';
import { base64urlBytes } from '../../lib/base64url.ts';

/** A secret of 32 bytes as configuration holds it: base64url. @throws TypeError */
export function secretOf(name: string, text: string | undefined): Uint8Array {
  const bytes = base64urlBytes(text ?? '');
  if (bytes?.length !== 32) throw new TypeError(`${name} must be 32 bytes in base64url`);
  return bytes;
}

/** The roster as configuration holds it: its JSON in base64url. @throws TypeError */
export async function federationOf(text: string | undefined): Promise<Federation> {
  const bytes = base64urlBytes(text ?? '');
  if (!bytes || bytes.length === 0) throw new TypeError('FEDERATION_ROSTER is not set');
  const roster = parseRoster(JSON.parse(new TextDecoder().decode(bytes)));
  return openFederation(roster, await loadSuite(roster.suite));
}
