// The Workers of a local run. The first one answers the network; the others are reached only
// through its service bindings. A further Worker needs its own configuration file and a line here.
export const workerConfigs = [
  'wrangler.toml',
  'src/workers/chips.toml',
  'src/workers/witness.toml',
  'src/workers/node-bank.toml',
  'src/workers/node-operator.toml',
  'src/workers/node-registry.toml',
  'src/workers/decision.toml',
  'src/workers/business.toml',
];

/**
 * Those of a service on one machine: no samples, and the nodes of a federation run where their
 * institutions are.
 */
export const serviceConfigs = [
  'wrangler.toml',
  'src/workers/chips.toml',
  'src/workers/witness.toml',
];

/** Workers that a deployment may have beside those, and a local run never has. */
export const optionalWorkerConfigs = ['src/workers/anchor.toml'];
