import {
  BaseError,
  ContractFunctionRevertedError,
  createPublicClient,
  createWalletClient,
  type Hex,
  http,
} from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { CinnabarError } from '../../domain/errors.ts';
import { ledgerAbi, ledgerBytecode } from './contract.gen.ts';

/** A node of the chain, and the account that may write. */
export interface EvmChain {
  readonly rpcUrl: string;
  /** 32 bytes in hex with 0x. It pays for and signs the transactions, and nothing else. */
  readonly privateKey: Hex;
}

export type EvmClient = ReturnType<typeof connectEvm>;

/** Blocks of a permissioned chain come every second or few. */
const receiptMsMax = 60_000;
const pollingMs = 100;

/** Speaks to the contract through one node. Transactions go one after the other, for their nonce. */
export function connectEvm({ rpcUrl, privateKey }: EvmChain) {
  const transport = http(rpcUrl, { timeout: 10_000, retryCount: 2 });
  const account = privateKeyToAccount(privateKey);
  const reader = createPublicClient({ transport, pollingInterval: pollingMs });
  const writer = createWalletClient({ transport, account });
  let last: Promise<unknown> = Promise.resolve();

  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = last.then(act, act);
    last = turn.catch(() => undefined);
    return turn;
  }

  /** Resolves when the transaction is in a block and has succeeded. */
  async function mined(hash: Hex) {
    const receipt = await reader.waitForTransactionReceipt({ hash, timeout: receiptMsMax });
    if (receipt.status !== 'success') throw new CinnabarError('ledger_conflict');
    return receipt;
  }

  return { account, reader, writer, inTurn, mined };
}

/**
 * Puts a fresh contract on the chain; the account of `client` becomes its writer.
 *
 * @throws CinnabarError `ledger_unavailable`, `ledger_conflict`
 */
export async function deployLedger(client: EvmClient): Promise<Hex> {
  const { account, writer, inTurn, mined } = client;
  const { contractAddress } = await inTurn(async () =>
    mined(
      await writer.deployContract({
        abi: ledgerAbi,
        bytecode: ledgerBytecode,
        account,
        chain: null,
      }),
    ),
  ).catch((error) => {
    throw asEvmError(error);
  });
  if (!contractAddress) throw new CinnabarError('ledger_unavailable');
  return contractAddress;
}

/**
 * What the contract refuses is a conflict, with the name of its error; everything else is an
 * outage.
 */
export function asEvmError(error: unknown): CinnabarError {
  if (error instanceof CinnabarError) return error;
  const reverted =
    error instanceof BaseError
      ? error.walk((cause) => cause instanceof ContractFunctionRevertedError)
      : null;
  if (reverted instanceof ContractFunctionRevertedError) {
    const detail = `The contract refused: ${reverted.data?.errorName ?? 'reverted'}.`;
    return new CinnabarError('ledger_conflict', { detail, cause: error });
  }
  return new CinnabarError('ledger_unavailable', { cause: error });
}
