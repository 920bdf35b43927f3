import { sha256 } from '@noble/hashes/sha2.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { type Checkpoint, LedgerError } from '../core/ledger.ts';
import { UsageError } from './command.ts';

/** A node of an EVM chain, and the contract that holds the anchors. */
export interface AnchorPlace {
  readonly rpcUrl: string;
  /** 0x and 40 hex digits. */
  readonly contract: string;
}

const answerMsMax = 15_000;

/** The first four bytes of Keccak-256 of the signature (Solidity ABI, "Function Selector"). */
function selector(signature: string): string {
  return bytesToHex(keccak_256(utf8ToBytes(signature)).subarray(0, 4));
}

/** One read of the contract (`eth_call`); every result here is one word of 32 bytes. */
async function readWord({ rpcUrl, contract }: AnchorPlace, data: string): Promise<string> {
  const call = { to: contract, data: `0x${data}` };
  const request = { jsonrpc: '2.0', id: 1, method: 'eth_call', params: [call, 'latest'] };
  const response = await fetch(rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
    signal: AbortSignal.timeout(answerMsMax),
  }).catch(() => {
    throw new UsageError(`${rpcUrl} does not answer`, 'network');
  });
  const answer = (await response.json().catch(() => ({}))) as { result?: unknown };
  const [, word] = /^0x([0-9a-f]{64})$/.exec(String(answer.result)) ?? [];
  if (word === undefined) {
    throw new UsageError(`${rpcUrl} has no such contract`, 'unexpected_answer');
  }
  return word;
}

/**
 * The newest tree of a log that stands on the chain.
 *
 * @throws LedgerError `anchor_missing` when there is none
 */
export async function readAnchor(place: AnchorPlace, origin: string): Promise<Checkpoint> {
  const name = bytesToHex(sha256(utf8ToBytes(origin)));
  const sizeWord = await readWord(place, selector('lastSize(bytes32)') + name);
  const data = selector('anchored(bytes32,uint64)') + name + sizeWord;
  const root = await readWord(place, data);
  const size = Number(BigInt(`0x${sizeWord}`));
  if (/^0+$/.test(root))
    throw new LedgerError('anchor_missing', 'the chain has no anchor of this log');
  return { origin, size, root: hexToBytes(root) };
}
