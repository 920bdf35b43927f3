// Base64url of RFC 4648 §5 without padding, strict: only the canonical encoding is read.

export function base64urlText(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** `undefined` for anything that `base64urlText` would not have written. */
export function base64urlBytes(text: string): Uint8Array | undefined {
  if (text.length % 4 === 1 || !/^[0-9A-Za-z_-]*$/.test(text)) return undefined;
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  // Only the last character can hold bits that mean nothing; they must be zero.
  const rest = bytes.length % 3;
  const isCanonical = rest === 0 || base64urlText(bytes.subarray(-rest)) === text.slice(-rest - 1);
  return isCanonical ? bytes : undefined;
}
