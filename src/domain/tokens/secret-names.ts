// Names under which secrets are sent. A telephone number may be somebody's password: what it is
// tells the name alone, so the name decides whatever the value looks like.

/** Anywhere in a name: they are part of no other word. */
const parts = [
  'password',
  'passwd',
  'passcode',
  'passphrase',
  'pwd',
  '密码',
  '密碼',
  '口令',
  '验证码',
  '驗證碼',
  '校验码',
  '校驗碼',
  '动态码',
  '動態碼',
  '安全码',
  '安全碼',
  '密钥',
  '密鑰',
  '私钥',
  '私鑰',
];

/** As words of their own: `pin` is not in `pinyin`, nor `secret` in `secretary`. */
const words = new Set(['pin', 'otp', 'totp', 'secret', 'cvv', 'cvc', 'cvn', 'mima']);

/** Whether a JSON Pointer (RFC 6901) goes through a name that says its value is a secret. */
export function isSecretPath(pointer: string): boolean {
  return pointer.split('/').some(isSecretName);
}

/**
 * Whether a text speaks of a secret: what stands beside the word may be it. Short words say too
 * little here: Pin is a name of people.
 */
export function mentionsSecret(text: string): boolean {
  const plain = text
    .normalize('NFKC')
    .replaceAll(/\p{Cf}/gu, '')
    .toLowerCase();
  return parts.some((part) => plain.includes(part));
}

function isSecretName(name: string): boolean {
  const letters = name.normalize('NFKC').replaceAll(/\p{Cf}/gu, '');
  const joined = letters.replaceAll(/\P{L}/gu, '').toLowerCase();
  if (parts.some((part) => joined.includes(part))) return true;
  // The words of camelCase, PascalCase, snake_case and of capitals: `cardPIN`, `OTPCode`, `cvv2`.
  const split = letters.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? [];
  return split.some((word) => words.has(word.toLowerCase()));
}
