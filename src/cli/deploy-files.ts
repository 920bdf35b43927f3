import { parse } from 'smol-toml';
import { z } from 'zod';
import { policyFrom, type TrustFile } from '../core/ledger/proof-file.ts';

/** One thing that must hold before a deployment, and what to do where it does not. */
export interface Finding {
  readonly what: string;
  readonly holds: boolean;
  /** What was found, where it does not hold, and what to do about it. */
  readonly next?: string;
}

const named = z.object({ binding: z.string(), service: z.string().optional() });

const environmentSchema = z.object({
  name: z.string().optional(),
  workers_dev: z.boolean().optional(),
  route: z.unknown().optional(),
  routes: z.array(z.unknown()).optional(),
  vars: z.record(z.string(), z.unknown()).default({}),
  secrets: z.object({ required: z.array(z.string()) }).default({ required: [] }),
  d1_databases: z.array(named.extend({ database_id: z.string().optional() })).default([]),
  kv_namespaces: z.array(named.extend({ id: z.string().optional() })).default([]),
  r2_buckets: z.array(named).default([]),
  services: z.array(named).default([]),
  durable_objects: z
    .object({ bindings: z.array(z.object({ name: z.string() })) })
    .default({ bindings: [] }),
});

const configurationSchema = environmentSchema.extend({
  name: z.string(),
  env: z.record(z.string(), environmentSchema).default({}),
});

type Environment = z.infer<typeof environmentSchema>;

/** Names that stand for "put your own here" in the files as they are delivered. */
const sampleHost = 'cinnabar.example';

/** Variables that fill a service with invented people, or open the demo. */
const sampleVariables = ['NODE_DATA', 'DECISION_DATA'];

function bindingsOf(environment: Environment): string[] {
  return [
    ...environment.d1_databases,
    ...environment.kv_namespaces,
    ...environment.r2_buckets,
    ...environment.services,
  ]
    .map(({ binding }) => binding)
    .concat(environment.durable_objects.bindings.map(({ name }) => name));
}

function finding(what: string, problems: readonly string[]): Finding {
  if (problems.length === 0) return { what, holds: true };
  return { what, holds: false, next: problems.join('; ') };
}

export type Configuration = z.infer<typeof configurationSchema>;

export function parseConfiguration(text: string): Configuration {
  return configurationSchema.parse(parse(text));
}

/**
 * Names of the Workers that are not deployed from here: samples for this machine, whose files name no
 * environment, and parties of the federation that the edge reaches by an address instead of a
 * binding, or all of them where it is given no roster.
 *
 * @param configurations the edge's first
 */
export function leftOut(
  configurations: readonly Configuration[],
  environmentName: string,
): Set<string> {
  const [edge] = configurations;
  const environment = edge?.env[environmentName];
  const isFederated = environment?.secrets.required.includes('FEDERATION_ROSTER') ?? true;
  const elsewhere = partiesElsewhere(environment?.vars ?? {});
  const isLeftOut = ({ name, env }: Configuration) => {
    const own = env[environmentName];
    if (!own) return Object.keys(env).length === 0;
    const binding = edge?.services.find(({ service }) => service === name)?.binding ?? '';
    if (!isParty(own) || environment?.services.some((one) => one.binding === binding)) return false;
    return !isFederated || elsewhere.includes(binding);
  };
  return new Set(configurations.filter(isLeftOut).map(({ name }) => name));
}

/** The bindings that parties would have, if they were bound instead of reached by an address. */
function partiesElsewhere({ FEDERATION_URLS: urls }: Environment['vars']): string[] {
  try {
    const ids = typeof urls === 'string' && urls !== '' ? Object.keys(JSON.parse(urls)) : [];
    return ids.map((id) =>
      id === 'decision' ? 'DECISION' : `NODE_${id.toUpperCase().replaceAll('-', '_')}`,
    );
  } catch {
    return [];
  }
}

/** What a Worker is called in an environment, by which others bind to it. */
export function deployedName({ name, env }: Configuration, environmentName: string): string {
  return env[environmentName]?.name ?? `${name}-${environmentName}`;
}

interface DeployStep {
  readonly file: string;
  /** To be in the file that `wrangler deploy --secrets-file` is given. */
  readonly secrets: readonly string[];
}

/** The order in which Workers can be deployed: each after those that it is bound to. */
export function deployOrder(
  files: readonly { readonly file: string; readonly configuration: Configuration }[],
  environmentName: string,
): DeployStep[] {
  const order: DeployStep[] = [];
  const done = new Set<string>();
  const visit = (name: string): void => {
    const found = files.find(
      ({ configuration }) => deployedName(configuration, environmentName) === name,
    );
    if (!found || done.has(name)) return;
    // Marked first, so that two that are bound to each other do not go round for ever.
    done.add(name);
    const environment = found.configuration.env[environmentName];
    for (const { service } of environment?.services ?? []) visit(service ?? '');
    order.push({ file: found.file, secrets: environment?.secrets.required ?? [] });
  };
  for (const { configuration } of files) visit(deployedName(configuration, environmentName));
  return order;
}

/** A party of a federation: its operator comes in from outside, with a token. */
function isParty({ secrets }: Environment): boolean {
  return secrets.required.includes('FEDERATION_OPERATOR_TOKEN');
}

/**
 * The findings on one Worker's configuration. `isEdge` is the one that the internet reaches;
 * `samples` are those that `leftOut` names; `workers` the others, as they are called in this
 * environment.
 */
export function findingsOfWorker(
  configuration: Configuration,
  environmentName: string,
  {
    isEdge,
    samples,
    workers,
  }: { isEdge: boolean; samples: ReadonlySet<string>; workers: ReadonlySet<string> },
): Finding[] {
  const { name } = configuration;
  const environment = configuration.env[environmentName];
  if (!environment) {
    const next = `the file has no [env.${environmentName}]`;
    return [{ what: `${name}: environment`, holds: false, next }];
  }
  const given = new Set(bindingsOf(environment));
  const ofSamples = configuration.services.filter(({ service }) => samples.has(service ?? ''));
  for (const { binding } of ofSamples) given.add(binding);
  const strangers = environment.services
    .filter(({ service }) => !workers.has(service ?? ''))
    .map(({ binding, service }) => `${binding} is bound to ${service}, which no file here deploys`);
  const missing = bindingsOf(configuration).filter((binding) => !given.has(binding));
  const unnamed = [
    ...environment.d1_databases.filter(({ database_id }) => !database_id),
    ...environment.kv_namespaces.filter(({ id }) => !id),
  ].map(({ binding }) => binding);
  const demo = environment.vars.CINNABAR_MODE === 'demo' ? ['CINNABAR_MODE is demo'] : [];
  const invented = sampleVariables.filter((variable) => variable in environment.vars);
  const ofOthers = Object.entries(environment.vars)
    .filter(([, value]) => typeof value === 'string' && value.includes(sampleHost))
    .map(([variable]) => `${variable} names ${sampleHost}: put a name that you own`);
  const unset = Object.entries(environment.vars)
    .filter(([, value]) => value === '')
    .map(([variable]) => `${variable} is empty: docs/operations.md says what belongs there`);
  const exposed = environment.workers_dev ?? configuration.workers_dev ?? true;
  const reach = exposed ? ['workers_dev must be false'] : [];
  const isReachable = environment.route !== undefined || environment.routes !== undefined;
  if (isEdge && !isReachable) reach.push(`[env.${environmentName}] has no route of your zone`);
  if (isParty(environment)) {
    if (!isReachable) reach.push('its operator has no route to …/operator/*');
  } else if (!isEdge && isReachable) reach.push('only the edge may be reached from outside');
  return [
    finding(`${name}: bindings`, [
      ...missing.map((binding) => `${binding} is missing`),
      ...strangers,
    ]),
    finding(
      `${name}: resources`,
      unnamed.map((binding) => `${binding} has no identifier; create it and put it in`),
    ),
    finding(`${name}: no sample data`, [...demo, ...invented.map((item) => `${item} is set`)]),
    finding(`${name}: own names`, ofOthers),
    finding(`${name}: settings`, [...unset, ...pinProblems(environment.vars)]),
    finding(`${name}: way in`, reach),
  ];
}

/** What is wrong with the pinned keys of the ledger, where a Worker pins them. */
function pinProblems({
  LEDGER_TRUST: trust,
  LEDGER_ORIGIN: origin,
}: Environment['vars']): string[] {
  if (typeof trust !== 'string' || trust === '') return [];
  try {
    const { log, quorum } = policyFrom(JSON.parse(trust) as TrustFile);
    return [
      ...(log.name === origin ? [] : ['LEDGER_TRUST names another log than LEDGER_ORIGIN']),
      ...(quorum >= 2 ? [] : ['LEDGER_TRUST asks for fewer than two witnesses']),
    ];
  } catch {
    return ['LEDGER_TRUST is not what /ledger/trust gives'];
  }
}

/** What `ask` answers for an address of a deployed service; undefined where nothing answers. */
export type Ask = (
  path: string,
  init?: RequestInit,
) => Promise<{ status: number; headers: Headers; text: string } | undefined>;

/** The findings on a service that is deployed, seen as a stranger sees it. */
export async function findingsOfService(base: string, ask: Ask): Promise<Finding[]> {
  const ready = await ask('/readyz');
  if (!ready) return [{ what: 'service answers', holds: false, next: `nothing at ${base}` }];
  const demo = await ask('/v1/demo/identities');
  const closed = await ask('/v1/seals');
  const headers = ready.headers;
  const wanted = ['content-security-policy', 'x-content-type-options', 'referrer-policy'];
  return [
    finding('service: ready', ready.status === 200 ? [] : [`/readyz: ${ready.text.slice(0, 300)}`]),
    finding('service: encrypted', base.startsWith('https:') ? [] : ['not reached by https']),
    finding('service: no demo', demo?.status === 404 ? [] : ['/v1/demo/identities answers']),
    finding(
      'service: closed without a token',
      closed?.status === 401 ? [] : [`/v1/seals answered ${closed?.status}`],
    ),
    finding(
      'service: headers',
      wanted.filter((name) => !headers.has(name)).map((name) => `${name} is not sent`),
    ),
  ];
}
