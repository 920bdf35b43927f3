import { CinnabarError } from '../domain/errors.ts';
import { command, required, UsageError } from './command.ts';
import { firstLine } from './files.ts';

/** 32 bytes as `CHAIN_KEY` of the anchoring Worker has them. */
async function chainKey(path: string): Promise<`0x${string}`> {
  const line = (await firstLine(path)).trim();
  if (!/^0x[0-9a-fA-F]{64}$/.test(line)) {
    throw new UsageError(`the first line of ${path} is not 0x and 64 hex digits`, 'bad_input');
  }
  return line as `0x${string}`;
}

function asUsage(error: unknown): unknown {
  if (!(error instanceof CinnabarError)) return error;
  return error.code === 'ledger_unavailable'
    ? new UsageError('the chain does not answer, or the account cannot pay', 'network')
    : new UsageError(error.detail ?? 'the chain refused the contract', 'unexpected_answer');
}

export const deployAnchor = command({
  summary: 'puts the contract of the anchors on an EVM chain, once',
  operands: [],
  options: {
    rpc: { type: 'string', value: 'URL', about: 'a node of the chain' },
    'key-file': {
      type: 'string',
      value: 'FILE',
      about: 'its first line is the key of the account that pays, and alone may write, for ever',
    },
    yes: { type: 'boolean', about: 'a chain forgets nothing: needed to go through with it' },
  },
  details: `
The bytecode is the one that is shipped (contracts/ledger.sol). Prints the address for CHAIN_CONTRACT
of the anchoring Worker, whose CHAIN_KEY must be the same account's. Any chain that runs the EVM of
Paris will do.`,
  async run(_, { rpc, 'key-file': keyFile, yes }) {
    const rpcUrl = required('rpc', rpc);
    if (!URL.canParse(rpcUrl)) throw new UsageError('--rpc is a URL', 'bad_input');
    const privateKey = await chainKey(required('key-file', keyFile));
    if (!yes) throw new UsageError('add --yes: this writes to the chain, and cannot be undone');
    // Nothing else here speaks to a chain that it must sign for.
    const { connectEvm, deployLedger } = await import('../platform/evm/client.ts');
    const client = connectEvm({ rpcUrl, privateKey });
    try {
      const contract = await deployLedger(client);
      const chainId = await client.reader.getChainId();
      const writer = client.account.address;
      const text = `contract ${contract}\nchain    ${chainId}\nwriter   ${writer}\n`;
      return { exit: 0, json: { contract, chainId, writer }, text };
    } catch (error) {
      throw asUsage(error);
    }
  },
});
