// Compiles contracts/ledger.sol into src/platform/evm/contract.gen.ts: the ABI and the bytecode,
// so that nobody who uses the contract needs the compiler.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { writeGenerated } from './write.mjs';

const solc = createRequire(import.meta.url)('solc');
const name = 'ledger.sol';
const content = await readFile(new URL(`../../contracts/${name}`, import.meta.url), 'utf8');
const output = JSON.parse(
  solc.compile(
    JSON.stringify({
      language: 'Solidity',
      sources: { [name]: { content } },
      settings: {
        // Paris: permissioned chains are often without the later opcodes.
        evmVersion: 'paris',
        optimizer: { enabled: true, runs: 200 },
        // No hash of the sources in the code, so that only the code decides.
        metadata: { bytecodeHash: 'none', appendCBOR: false },
        outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
      },
    }),
  ),
);
const errors = (output.errors ?? []).filter(({ severity }) => severity === 'error');
if (errors.length > 0) throw new Error(errors.map((error) => error.formattedMessage).join('\n'));
const { abi, evm } = output.contracts[name].CinnabarLedger;

await writeGenerated(
  import.meta.url,
  'src/platform/evm/contract.gen.ts',
  () => `// Of contracts/${name}, by solc ${solc.version().split('+')[0]}, for the EVM of Paris.
export const ledgerAbi = ${JSON.stringify(abi, null, 2)} as const;

export const ledgerBytecode =
  '0x${evm.bytecode.object}';
`,
);
