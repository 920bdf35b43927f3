import { boundedText } from '../platform/bounded-body.ts';
import type { DecisionDesk } from '../platform/durable/decision-desk.ts';
import {
  isOperator,
  messageBytesMax,
  modelBytesMax,
  responseOf,
} from '../platform/federation/answer.ts';
import { type TracingBindings, withRequestTrace } from '../platform/tracing.ts';
import sampleModel from './sample/model.json';

export { DecisionDesk } from '../platform/durable/decision-desk.ts';

/** The bindings of decision.toml; docs/operations.md describes them. */
export interface DecisionBindings extends TracingBindings {
  readonly DESK: DurableObjectNamespace<DecisionDesk>;
  readonly FEDERATION_ROSTER?: string;
  readonly FEDERATION_DECISION_KEY?: string;
  readonly FEDERATION_OPERATOR_TOKEN?: string;
  /** `sample` installs the sample model. Only in the local configuration. */
  readonly DECISION_DATA?: string;
}

export default {
  fetch(request, env, context) {
    return withRequestTrace('cinnabar-decision', { request, env, context }, () =>
      answer(request, env),
    );
  },
} satisfies ExportedHandler<DecisionBindings>;

async function answer(request: Request, env: DecisionBindings): Promise<Response> {
  const desk = env.DESK.getByName('decision');
  const configuration = {
    decisionKey: env.FEDERATION_DECISION_KEY,
    roster: env.FEDERATION_ROSTER,
  };
  const route = `${request.method} ${new URL(request.url).pathname}`;
  if (env.DECISION_DATA === 'sample' && (await desk.model())?.hash !== sampleModel.hash) {
    await desk.installModel(configuration, JSON.stringify(sampleModel));
  }
  switch (route) {
    case 'GET /model': {
      const model = await desk.model();
      return model ? Response.json(model) : new Response(null, { status: 404 });
    }
    case 'GET /alive': {
      const modelHash = (await desk.model())?.hash ?? null;
      return Response.json({ modelHash }, { headers: { 'cache-control': 'no-store' } });
    }
    case 'POST /decide': {
      const text = await boundedText(request, messageBytesMax);
      if (text === undefined) return new Response(null, { status: 413 });
      return responseOf(await desk.answer(configuration, text));
    }
    case 'PUT /operator/model': {
      const isAllowed = await isOperator(request, env.FEDERATION_OPERATOR_TOKEN);
      if (!isAllowed) return new Response(null, { status: 401 });
      const text = await boundedText(request, modelBytesMax);
      if (text === undefined) return new Response(null, { status: 413 });
      return responseOf(await desk.installModel(configuration, text));
    }
    default:
      return new Response(null, { status: 404 });
  }
}
