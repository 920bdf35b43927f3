// Textual armour of RFC 7468: a label, base64 in lines, and nothing else.

/** The text is not PEM, or carries another label than the one asked for. */
export class PemError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PemError';
  }
}

const LINE = 64;
/** More text than any key or certificate needs; a longer one is refused before it is looked at. */
export const PEM_CHARACTERS_MAX = 1 << 20;

/** Wraps bytes in lines of 64 characters between the two borders, with a line break at the end. */
export function encodePem(label: string, bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  const lines = btoa(binary).match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/**
 * The bytes of the one block in `text`, which must carry `label`. Space around the block and
 * either kind of line break are allowed; headers, a second block and other text are not.
 */
export function decodePem(label: string, text: string): Uint8Array {
  if (text.length > PEM_CHARACTERS_MAX) throw new PemError('the text is too long');
  const begin = `-----BEGIN ${label}-----`;
  const end = `-----END ${label}-----`;
  const trimmed = text.trim();
  if (!trimmed.startsWith(begin) || !trimmed.endsWith(end)) {
    throw new PemError('the text is no PEM block of that label');
  }
  const body = trimmed.slice(begin.length, Math.max(begin.length, trimmed.length - end.length));
  if (!/^\r?\n/.test(body)) throw new PemError('the border is not a line of its own');
  const base64 = body.replace(/\r?\n/g, '');
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64)) {
    throw new PemError('the text between the borders is not base64');
  }
  const binary = atob(base64);
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  // Bits behind the last byte must be zero, so that each key has one text only.
  if (btoa(binary) !== base64) throw new PemError('the base64 does not end on a whole byte');
  return bytes;
}

/** The certificates of a text in PEM, each as PEM. */
export function certificatesIn(pem: string): readonly string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}
