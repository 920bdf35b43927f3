// SM2 keys as OpenSSL reads them, put together by hand: the encoders have tests of their own.

function pem(label: string, derHex: string): string {
  const text = Buffer.from(derHex, 'hex').toString('base64');
  return `-----BEGIN ${label}-----\n${text}\n-----END ${label}-----\n`;
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** SubjectPublicKeyInfo of a point of 65 bytes. */
export function publicKeyPem(publicKey: Uint8Array): string {
  return pem('PUBLIC KEY', `3059301306072a8648ce3d020106082a811ccf5501822d034200${hex(publicKey)}`);
}

/** ECPrivateKey with its curve and public key. */
export function privateKeyPem(privateKey: Uint8Array, publicKey: Uint8Array): string {
  return pem(
    'EC PRIVATE KEY',
    `30770201010420${hex(privateKey)}a00a06082a811ccf5501822da144034200${hex(publicKey)}`,
  );
}
