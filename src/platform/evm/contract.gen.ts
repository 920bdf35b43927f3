// Made by wasm-build/generators/evm-contract.mjs; change that script, not this file.
// Of contracts/ledger.sol, by solc 0.8.37, for the EVM of Paris.
export const ledgerAbi = [
  {
    "inputs": [],
    "stateMutability": "nonpayable",
    "type": "constructor"
  },
  {
    "inputs": [
      {
        "internalType": "uint64",
        "name": "size",
        "type": "uint64"
      }
    ],
    "name": "Fork",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "enum CinnabarLedger.State",
        "name": "from",
        "type": "uint8"
      },
      {
        "internalType": "enum CinnabarLedger.State",
        "name": "to",
        "type": "uint8"
      }
    ],
    "name": "IllegalMove",
    "type": "error"
  },
  {
    "inputs": [],
    "name": "NotWriter",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "uint64",
        "name": "last",
        "type": "uint64"
      }
    ],
    "name": "Shrunk",
    "type": "error"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "bytes32",
        "name": "origin",
        "type": "bytes32"
      },
      {
        "indexed": true,
        "internalType": "uint64",
        "name": "size",
        "type": "uint64"
      },
      {
        "indexed": false,
        "internalType": "bytes32",
        "name": "root",
        "type": "bytes32"
      }
    ],
    "name": "Anchored",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "bytes32",
        "name": "id",
        "type": "bytes32"
      },
      {
        "indexed": false,
        "internalType": "enum CinnabarLedger.State",
        "name": "from",
        "type": "uint8"
      },
      {
        "indexed": false,
        "internalType": "enum CinnabarLedger.State",
        "name": "to",
        "type": "uint8"
      }
    ],
    "name": "Moved",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "bytes32",
        "name": "id",
        "type": "bytes32"
      },
      {
        "indexed": false,
        "internalType": "bytes32",
        "name": "settingsSha256",
        "type": "bytes32"
      }
    ],
    "name": "Set",
    "type": "event"
  },
  {
    "inputs": [
      {
        "internalType": "bytes32",
        "name": "origin",
        "type": "bytes32"
      },
      {
        "internalType": "uint64",
        "name": "size",
        "type": "uint64"
      },
      {
        "internalType": "bytes32",
        "name": "root",
        "type": "bytes32"
      }
    ],
    "name": "anchor",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "bytes32",
        "name": "origin",
        "type": "bytes32"
      },
      {
        "internalType": "uint64",
        "name": "size",
        "type": "uint64"
      }
    ],
    "name": "anchored",
    "outputs": [
      {
        "internalType": "bytes32",
        "name": "",
        "type": "bytes32"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "bytes32",
        "name": "id",
        "type": "bytes32"
      },
      {
        "internalType": "enum CinnabarLedger.State",
        "name": "from",
        "type": "uint8"
      },
      {
        "internalType": "enum CinnabarLedger.State",
        "name": "to",
        "type": "uint8"
      }
    ],
    "name": "change",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "bytes32",
        "name": "id",
        "type": "bytes32"
      }
    ],
    "name": "find",
    "outputs": [
      {
        "components": [
          {
            "internalType": "bytes32",
            "name": "certSha256",
            "type": "bytes32"
          },
          {
            "internalType": "bytes32",
            "name": "certSm3",
            "type": "bytes32"
          },
          {
            "internalType": "bytes32",
            "name": "issuerSpkiSha256",
            "type": "bytes32"
          },
          {
            "internalType": "bytes32",
            "name": "settingsSha256",
            "type": "bytes32"
          },
          {
            "internalType": "enum CinnabarLedger.State",
            "name": "state",
            "type": "uint8"
          },
          {
            "internalType": "uint64",
            "name": "changedAt",
            "type": "uint64"
          }
        ],
        "internalType": "struct CinnabarLedger.Record",
        "name": "",
        "type": "tuple"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "bytes32",
        "name": "id",
        "type": "bytes32"
      },
      {
        "internalType": "bytes32",
        "name": "certSha256",
        "type": "bytes32"
      },
      {
        "internalType": "bytes32",
        "name": "certSm3",
        "type": "bytes32"
      },
      {
        "internalType": "bytes32",
        "name": "issuerSpkiSha256",
        "type": "bytes32"
      }
    ],
    "name": "freeze",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "bytes32",
        "name": "",
        "type": "bytes32"
      }
    ],
    "name": "lastSize",
    "outputs": [
      {
        "internalType": "uint64",
        "name": "",
        "type": "uint64"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "bytes32",
        "name": "id",
        "type": "bytes32"
      },
      {
        "internalType": "bytes32",
        "name": "settingsSha256",
        "type": "bytes32"
      }
    ],
    "name": "set",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [],
    "name": "writer",
    "outputs": [
      {
        "internalType": "address",
        "name": "",
        "type": "address"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  }
] as const;

export const ledgerBytecode =
  '0x60a0604052348015600f57600080fd5b50336080526080516109b561004a6000396000818160a7015281816101ae015281816102880152818161037501526105cb01526109b56000f3fe608060405234801561001057600080fd5b50600436106100885760003560e01c806370c127c61161005b57806370c127c61461011a578063d434ef1e1461012d578063d81a01521461014d578063f71f7a251461019057600080fd5b80631f33598f1461008d578063453a2abc146100a257806347020f02146100e657806369a32e24146100f9575b600080fd5b6100a061009b3660046107e3565b6101a3565b005b6100c97f000000000000000000000000000000000000000000000000000000000000000081565b6040516001600160a01b0390911681526020015b60405180910390f35b6100a06100f436600461081f565b61027d565b61010c610107366004610869565b61033f565b6040519081526020016100dd565b6100a0610128366004610895565b61036a565b61014061013b3660046108cb565b6104f0565b6040516100dd919061091c565b61017761015b3660046108cb565b60026020526000908152604090205467ffffffffffffffff1681565b60405167ffffffffffffffff90911681526020016100dd565b6100a061019e366004610971565b6105c0565b336001600160a01b037f000000000000000000000000000000000000000000000000000000000000000016146101ec57604051630751a1cd60e41b815260040160405180910390fd5b600083815260208190526040902082600481111561020c5761020c6108e4565b60048083015460ff1690811115610225576102256108e4565b1415806102395750610237838361069d565b155b1561026c57600480820154604051630842264160e41b81526102639260ff90921691859101610993565b60405180910390fd5b61027784828461073a565b50505050565b336001600160a01b037f000000000000000000000000000000000000000000000000000000000000000016146102c657604051630751a1cd60e41b815260040160405180910390fd5b60008481526020819052604081209060048083015460ff16908111156102ee576102ee6108e4565b1461031957600480820154604051630842264160e41b81526102639260ff9092169160019101610993565b838155600180820184905560028201839055610338908690839061073a565b5050505050565b600082815260016020908152604080832067ffffffffffffffff851684529091529020545b92915050565b336001600160a01b037f000000000000000000000000000000000000000000000000000000000000000016146103b357604051630751a1cd60e41b815260040160405180910390fd5b600083815260016020908152604080832067ffffffffffffffff8616845290915290205481811480156103e557508115155b156103f05750505050565b801561041b5760405163205f6ea760e11b815267ffffffffffffffff84166004820152602401610263565b60008481526002602052604090205467ffffffffffffffff90811690841610156104755760008481526002602052604090819020549051633febb01f60e01b815267ffffffffffffffff9091166004820152602401610263565b600084815260016020908152604080832067ffffffffffffffff87168085529083528184208690558784526002835292819020805467ffffffffffffffff1916841790555184815286917fbea4d11b910aad40d2df2a90d97a3329219b6389f85777c99daad7eb5fafd439910160405180910390a350505050565b6040805160c081018252600080825260208201819052918101829052606081018290526080810182905260a08101919091526000808381526020019081526020016000206040518060c0016040529081600082015481526020016001820154815260200160028201548152602001600382015481526020016004820160009054906101000a900460ff16600481111561058b5761058b6108e4565b600481111561059c5761059c6108e4565b815260049190910154610100900467ffffffffffffffff1660209091015292915050565b336001600160a01b037f0000000000000000000000000000000000000000000000000000000000000000161461060957604051630751a1cd60e41b815260040160405180910390fd5b6000828152602081905260409020600260048083015460ff1690811115610632576106326108e4565b1461065c57600480820154604051630842264160e41b81526102639260ff90921691829101610993565b6003810182905560405182815283907fbe36e676e2bd60008e254589c61b0a78dd7621bea5f3f349919148754049d98f9060200160405180910390a2505050565b600060018360048111156106b3576106b36108e4565b036106f15760025b8260048111156106cd576106cd6108e4565b14806106ea575060048260048111156106e8576106e86108e4565b145b9050610364565b6002836004811115610705576107056108e4565b036107115760036106bb565b6003836004811115610725576107256108e4565b036107315760026106bb565b50600092915050565b600482015460405184917ffbd0e60882245a70d18bb24556e45cabefd589943750b1375d2b0c4cc8339ab2916107759160ff16908590610993565b60405180910390a2808260040160006101000a81548160ff021916908360048111156107a3576107a36108e4565b021790555050600401805468ffffffffffffffff0019166101004267ffffffffffffffff160217905550565b8035600581106107de57600080fd5b919050565b6000806000606084860312156107f857600080fd5b83359250610808602085016107cf565b9150610816604085016107cf565b90509250925092565b6000806000806080858703121561083557600080fd5b5050823594602084013594506040840135936060013592509050565b803567ffffffffffffffff811681146107de57600080fd5b6000806040838503121561087c57600080fd5b8235915061088c60208401610851565b90509250929050565b6000806000606084860312156108aa57600080fd5b833592506108ba60208501610851565b929592945050506040919091013590565b6000602082840312156108dd57600080fd5b5035919050565b634e487b7160e01b600052602160045260246000fd5b6005811061091857634e487b7160e01b600052602160045260246000fd5b9052565b600060c08201905082518252602083015160208301526040830151604083015260608301516060830152608083015161095860808401826108fa565b5060a09283015167ffffffffffffffff16919092015290565b6000806040838503121561098457600080fd5b50508035926020909101359150565b604081016109a182856108fa565b6109ae60208301846108fa565b939250505056';
