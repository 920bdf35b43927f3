// Base64url of RFC 4648 §5 without padding, strict: only the canonical encoding is read.

/** What newer engines bring along (ECMA-262, `Uint8Array.fromBase64`): thirty times as fast. */
interface NativeBase64 {
  readonly fromBase64?: (text: string, options: { alphabet: 'base64url' }) => Uint8Array;
}
interface NativeBytes extends Uint8Array {
  toBase64?(options: { alphabet: 'base64url'; omitPadding: true }): string;
}

export function base64urlText(bytes: Uint8Array): string {
  const native = (bytes as NativeBytes).toBase64?.({ alphabet: 'base64url', omitPadding: true });
  if (native !== undefined) return native;
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** `undefined` for anything that `base64urlText` would not have written. */
export function base64urlBytes(text: string): Uint8Array | undefined {
  if (text.length % 4 === 1) return undefined;
  const bytes = decoded(text);
  // A decoder may skip blanks and padding: then there are fewer bytes than the characters promise.
  if (bytes?.length !== (text.length * 3) >>> 2) return undefined;
  // Only the last character can hold bits that mean nothing; they must be zero.
  const rest = bytes.length % 3;
  const isCanonical = rest === 0 || base64urlText(bytes.subarray(-rest)) === text.slice(-rest - 1);
  return isCanonical ? bytes : undefined;
}

function decoded(text: string): Uint8Array | undefined {
  const { fromBase64 } = Uint8Array as NativeBase64;
  if (fromBase64) {
    try {
      return fromBase64(text, { alphabet: 'base64url' });
    } catch {
      return undefined;
    }
  }
  if (!/^[0-9A-Za-z_-]*$/.test(text)) return undefined;
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
