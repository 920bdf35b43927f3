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
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  return base64urlText(bytes) === text ? bytes : undefined;
}
