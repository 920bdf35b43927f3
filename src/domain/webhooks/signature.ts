import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { base64Text } from '../../lib/base64.ts';

export interface SignedHeaders {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

/**
 * The three headers of a message, one signature for each secret in force: Standard Webhooks 1.0,
 * "Signature scheme", symmetric `v1`: HMAC-SHA256 over id, time and body with dots between.
 */
export function signedHeaders(
  secrets: readonly Uint8Array[],
  message: { readonly id: string; readonly atMs: number; readonly body: string },
): SignedHeaders {
  const seconds = String(Math.floor(message.atMs / 1000));
  const signed = utf8ToBytes(`${message.id}.${seconds}.${message.body}`);
  return {
    'webhook-id': message.id,
    'webhook-timestamp': seconds,
    'webhook-signature': secrets
      .map((secret) => `v1,${base64Text(hmac(sha256, secret, signed))}`)
      .join(' '),
  };
}
