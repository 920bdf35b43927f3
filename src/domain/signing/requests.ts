import type { NewRequest } from './types.ts';

/** What is signed or decrypted, in base64. */
export function inputText(request: NewRequest): string {
  if (request.kind === 'decrypt') return request.ciphertextB64;
  return 'digestB64' in request ? request.digestB64 : request.messageB64;
}
