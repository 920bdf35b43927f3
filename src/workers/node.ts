import { samplePeopleFile } from '../domain/federation/sample-people.ts';
import { boundedText } from '../platform/bounded-body.ts';
import type { FederationNode, NodeConfiguration } from '../platform/durable/federation-node.ts';
import { isOperator, messageBytesMax, responseOf } from '../platform/federation/answer.ts';
import { type TracingBindings, withRequestTrace } from '../platform/tracing.ts';
import sampleModel from './sample/model.json';
import bankPart from './sample/model.part-A.json';
import operatorPart from './sample/model.part-B.json';
import registryPart from './sample/model.part-C.json';

export { FederationNode } from '../platform/durable/federation-node.ts';

/** The bindings of a node's configuration file; docs/operations.md describes them. */
export interface NodeBindings extends TracingBindings {
  readonly NODE: DurableObjectNamespace<FederationNode>;
  readonly NODE_ID: string;
  readonly FEDERATION_ROSTER?: string;
  readonly FEDERATION_CONSORTIUM_KEY?: string;
  readonly FEDERATION_OPERATOR_TOKEN?: string;
  /** `sample` fills an empty node with the sample model and people. Only in local configurations. */
  readonly NODE_DATA?: string;
  /** `NODE_KEY_<ID>`: the node's one secret, under a name of its own so that no two are mixed up. */
  readonly [name: `NODE_KEY_${string}`]: string | undefined;
}

/** Largest file of people in one request. */
const fileBytesMax = 32 * 1024 * 1024;
const sampleParts = { bank: bankPart, operator: operatorPart, registry: registryPart } as const;

export default {
  fetch(request, env, context) {
    return withRequestTrace(`cinnabar-node-${env.NODE_ID}`, { request, env, context }, () =>
      answer(request, env),
    );
  },
} satisfies ExportedHandler<NodeBindings>;

async function answer(request: Request, env: NodeBindings): Promise<Response> {
  const { pathname } = new URL(request.url);
  const node = env.NODE.getByName(env.NODE_ID);
  const configuration = configurationOf(env);
  const route = `${request.method} ${pathname}`;
  if (route === 'POST /open' || route === 'POST /settle') {
    if (env.NODE_DATA === 'sample') await fillOnce(node, configuration);
    const text = await boundedText(request, messageBytesMax);
    if (text === undefined) return new Response(null, { status: 413 });
    const step = pathname === '/open' ? 'open' : 'settle';
    return responseOf(await node.answer(configuration, step, text));
  }
  if (route === 'GET /alive') {
    if (env.NODE_DATA === 'sample') await fillOnce(node, configuration);
    // Nothing but what the roster says in public: how many people there are is the operator's.
    const { modelHash } = await node.status(configuration);
    return Response.json({ modelHash }, { headers: { 'cache-control': 'no-store' } });
  }
  if (!pathname.startsWith('/operator/')) return new Response(null, { status: 404 });
  if (!(await isOperator(request, env.FEDERATION_OPERATOR_TOKEN))) {
    return new Response(null, { status: 401 });
  }
  return operate(route, request, node, configuration);
}

async function operate(
  route: string,
  request: Request,
  node: DurableObjectStub<FederationNode>,
  configuration: NodeConfiguration,
): Promise<Response> {
  if (route === 'GET /operator/status') return Response.json(await node.status(configuration));
  const text = await boundedText(request, fileBytesMax);
  if (text === undefined) return new Response(null, { status: 413 });
  if (route === 'PUT /operator/model') {
    return responseOf(await node.installModel(configuration, text));
  }
  if (route === 'POST /operator/people') {
    return responseOf(await node.loadPeople(configuration, text));
  }
  return new Response(null, { status: 404 });
}

function configurationOf(env: NodeBindings): NodeConfiguration {
  const name = env.NODE_ID.toUpperCase().replaceAll('-', '_');
  return {
    nodeId: env.NODE_ID,
    nodeKey: env[`NODE_KEY_${name}`],
    consortiumKey: env.FEDERATION_CONSORTIUM_KEY,
    roster: env.FEDERATION_ROSTER,
  };
}

let filled: Promise<void> | undefined;

/** The sample of demo mode, put in through the operator's own door. */
function fillOnce(
  node: DurableObjectStub<FederationNode>,
  configuration: NodeConfiguration,
): Promise<void> {
  filled ??= fill(node, configuration);
  filled.catch(() => {
    filled = undefined;
  });
  return filled;
}

async function fill(
  node: DurableObjectStub<FederationNode>,
  configuration: NodeConfiguration,
): Promise<void> {
  const { people, modelHash } = await node.status(configuration);
  if (people > 0 && modelHash === sampleModel.hash) return;
  const id = Object.keys(sampleParts).find((known) => known === configuration.nodeId);
  const part = sampleParts[id as keyof typeof sampleParts];
  const answers = [
    await node.installModel(configuration, JSON.stringify({ model: sampleModel, part })),
    await node.loadPeople(configuration, samplePeopleFile(part.party as 'A' | 'B' | 'C')),
  ];
  const refused = answers.find(({ status }) => status !== 200);
  if (refused) throw new Error(`the sample data of ${configuration.nodeId} was refused`);
}
