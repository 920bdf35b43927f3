import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import type { ChipTools } from './tools.ts';

// GB/T 32905 A.1, and the signature of GB/T 32918.5 A.2 (recommended curve).
const sm3OfAbc = '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0';
const knownKey =
  '04' +
  '09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020' +
  'ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13';
const knownSignature =
  'f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3' +
  'b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa';

/** SM3 and SM2 compute what the standard says. */
export function passesKnownAnswers({ gm }: Pick<ChipTools, 'gm'>): boolean {
  const text = (value: string) => new TextEncoder().encode(value);
  const isSm3 = bytesToHex(gm.sm3(text('abc'))) === sm3OfAbc;
  const signature = hexToBytes(knownSignature);
  const format = { format: 'raw' } as const;
  return isSm3 && gm.sm2.verify(hexToBytes(knownKey), text('message digest'), signature, format);
}
