import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Hex } from 'viem';
import type { Anchor } from '../../domain/ledger/ports.ts';
import { asEvmError, type EvmClient } from './client.ts';
import { ledgerAbi } from './contract.gen.ts';

/** States of a certificate in the contract, by their number there. */
export const evmStates = ['none', 'frozen', 'active', 'suspended', 'revoked'] as const;
export type EvmState = (typeof evmStates)[number];

export interface EvmRecord {
  readonly certSha256: string;
  readonly certSm3: string;
  readonly issuerSpkiSha256: string;
  /** 64 zeros until settings are bound. */
  readonly settingsSha256: string;
  readonly state: EvmState;
  readonly changedAtSeconds: number;
}

/**
 * Certificates and checkpoints in the contract. Hashes are 64 hex digits without 0x, as everywhere.
 *
 * @throws CinnabarError `ledger_conflict` for a move that the contract's table does not allow or
 *   that another was faster than, `ledger_unavailable` when the chain does not answer
 */
export interface EvmLedger extends Anchor {
  freeze(
    subject: string,
    hashes: Pick<EvmRecord, 'certSha256' | 'certSm3' | 'issuerSpkiSha256'>,
  ): Promise<string>;
  change(subject: string, from: EvmState, to: EvmState): Promise<string>;
  bindSettings(subject: string, settingsSha256: string): Promise<string>;
  find(subject: string): Promise<EvmRecord>;
}

export function evmLedger(client: EvmClient, address: Hex): EvmLedger {
  const { reader, writer, account, inTurn, mined } = client;
  const contract = { address, abi: ledgerAbi } as const;

  /** Simulated first, so that a refusal says why and costs nothing; then sent and awaited. */
  function write(
    request: Parameters<typeof reader.simulateContract>[0] & { readonly functionName: string },
  ): Promise<string> {
    return inTurn(async () => {
      try {
        await reader.simulateContract(request);
        const sent = { ...request, account, chain: null };
        const receipt = await mined(
          await writer.writeContract(sent as Parameters<typeof writer.writeContract>[0]),
        );
        return receipt.transactionHash;
      } catch (error) {
        throw asEvmError(error);
      }
    });
  }

  async function anchored(origin: string, size: number): Promise<string | undefined> {
    const args = [idOf(origin), BigInt(size)] as const;
    const root = await read(() =>
      reader.readContract({ ...contract, functionName: 'anchored', args }),
    );
    return /^0x0+$/.test(root) ? undefined : root.slice(2);
  }

  return {
    freeze: (subject, { certSha256, certSm3, issuerSpkiSha256 }) =>
      write({
        ...contract,
        account,
        functionName: 'freeze',
        args: [idOf(subject), hex(certSha256), hex(certSm3), hex(issuerSpkiSha256)],
      }),
    change: (subject, from, to) =>
      write({
        ...contract,
        account,
        functionName: 'change',
        args: [idOf(subject), evmStates.indexOf(from), evmStates.indexOf(to)],
      }),
    bindSettings: (subject, settingsSha256) =>
      write({
        ...contract,
        account,
        functionName: 'set',
        args: [idOf(subject), hex(settingsSha256)],
      }),
    async find(subject) {
      const args = [idOf(subject)] as const;
      const found = await read(() =>
        reader.readContract({ ...contract, functionName: 'find', args }),
      );
      return {
        certSha256: found.certSha256.slice(2),
        certSm3: found.certSm3.slice(2),
        issuerSpkiSha256: found.issuerSpkiSha256.slice(2),
        settingsSha256: found.settingsSha256.slice(2),
        state: evmStates[found.state] ?? 'none',
        changedAtSeconds: Number(found.changedAt),
      };
    },
    async anchor({ origin, size, root }) {
      const args = [idOf(origin), BigInt(size), hex(root)] as const;
      const reference = await write({ ...contract, account, functionName: 'anchor', args });
      return { reference };
    },
    anchored,
    async last(origin) {
      const args = [idOf(origin)] as const;
      const size = Number(
        await read(() => reader.readContract({ ...contract, functionName: 'lastSize', args })),
      );
      const root = await anchored(origin, size);
      return root === undefined ? undefined : { size, root };
    },
  };
}

async function read<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw asEvmError(error);
  }
}

/** Texts of any length as 32 bytes: SHA-256. */
function idOf(text: string): Hex {
  return hex(bytesToHex(sha256(utf8ToBytes(text))));
}

function hex(digits: string): Hex {
  return `0x${digits}`;
}
