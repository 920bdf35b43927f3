import { DurableObject } from 'cloudflare:workers';
import { loadFederated } from '../../core/federated.ts';
import { partyKeys } from '../../core/federation/suite.ts';
import { loadGm } from '../../core/gm.ts';
import { loadPeople, PeopleFileError } from '../../domain/federation/load-people.ts';
import { parseOpenMessage, parseSettleMessage } from '../../domain/federation/messages.ts';
import {
  commitmentOf,
  type FederatedModel,
  type ModelPart,
  parseModel,
  parsePart,
} from '../../domain/federation/model.ts';
import { type NodeDeps, openRequest, settleRequest } from '../../domain/federation/node.ts';
import { partModel } from '../../domain/federation/part.ts';
import { assertOwnKeys, pairKeysOf } from '../../domain/federation/parties.ts';
import { peopleKeys } from '../../domain/federation/people.ts';
import type { NodeStep } from '../../domain/federation/ports.ts';
import { answerParty, type PartyAnswer } from '../federation/answer.ts';
import { federationOf, secretOf } from '../federation/configuration.ts';
import { systemClock, systemRandom } from '../system.ts';
import { sqlNodeStore } from './node-store.ts';

/** Configuration of a node; docs/operations.md describes it. */
export interface NodeConfiguration {
  readonly nodeId: string;
  /** The node's one secret. */
  readonly nodeKey: string | undefined;
  /** Shared by all nodes and nobody else. */
  readonly consortiumKey: string | undefined;
  readonly roster: string | undefined;
}

/** What an operator of a node may see: counts and hashes. */
export interface NodeStatus {
  readonly node: string;
  /** Those whom the installed model can score. */
  readonly people: number;
  readonly modelHash: string | null;
}

/**
 * One institution's node: its people, its part of the model, and its memory of what it answered.
 * A node is one object, so "once per request" is decided in one place.
 */
export class FederationNode extends DurableObject {
  readonly #storage: DurableObjectStorage;
  readonly #store: ReturnType<typeof sqlNodeStore>;
  #deps: Promise<NodeDeps> | undefined;

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env as Cloudflare.Env);
    this.#storage = ctx.storage;
    this.#store = sqlNodeStore(ctx.storage.sql);
  }

  async answer(
    configuration: NodeConfiguration,
    step: NodeStep,
    text: string,
  ): Promise<PartyAnswer> {
    return answerParty(async () => {
      const deps = await this.#depsOnce(configuration);
      const message: unknown = JSON.parse(text);
      return step === 'open'
        ? openRequest(deps, parseOpenMessage(message))
        : settleRequest(deps, parseSettleMessage(message));
    });
  }

  /** Takes the public model and this node's part of it. */
  async installModel(configuration: NodeConfiguration, text: string): Promise<PartyAnswer> {
    return answerParty(async () => {
      const { model, part } = parseInstallation(JSON.parse(text));
      const { roster } = await federationOf(configuration.roster);
      const own = roster.nodes.find(({ id }) => id === configuration.nodeId);
      const isRight = model.hash === roster.modelHash && part.party === own?.part;
      if (!isRight) throw new TypeError('this model is not the one of the roster');
      await this.#storage.put('model', { hash: model.hash, part });
      this.#deps = undefined;
      return this.status(configuration);
    });
  }

  /** Takes a file of people; see `loadPeople`. */
  async loadPeople(configuration: NodeConfiguration, csv: string): Promise<PartyAnswer> {
    try {
      return await answerParty(async () => {
        const deps = await this.#depsOnce(configuration);
        const { part } = await this.#installed();
        return { loaded: await loadPeople(deps, part, csv) };
      });
    } catch (error) {
      if (!(error instanceof PeopleFileError)) throw error;
      const { line, column } = error;
      return { status: 422, body: JSON.stringify({ code: 'data_invalid', line, column }) };
    }
  }

  async status({ nodeId }: NodeConfiguration): Promise<NodeStatus> {
    const model = await this.#storage.get<{ hash: string; part: ModelPart }>('model');
    const people = model ? await this.#store.countPeople(commitmentOf(model.part)) : 0;
    return { node: nodeId, people, modelHash: model?.hash ?? null };
  }

  async #installed(): Promise<{ hash: string; part: ModelPart }> {
    const installed = await this.#storage.get<{ hash: string; part: ModelPart }>('model');
    if (!installed) throw new Error('this node has no model yet');
    return installed;
  }

  #depsOnce(configuration: NodeConfiguration): Promise<NodeDeps> {
    this.#deps ??= this.#makeDeps(configuration);
    this.#deps.catch(() => {
      this.#deps = undefined;
    });
    return this.#deps;
  }

  async #makeDeps({
    nodeId,
    nodeKey,
    consortiumKey,
    roster,
  }: NodeConfiguration): Promise<NodeDeps> {
    const federation = await federationOf(roster);
    const secret = secretOf('the key of the node', nodeKey);
    const keys = partyKeys(federation.suite, nodeId, secret);
    assertOwnKeys(federation, keys);
    const { part } = await this.#installed();
    return {
      clock: systemClock,
      random: systemRandom,
      federation,
      keys,
      pairKeys: pairKeysOf(federation, keys),
      people: peopleKeys(secretOf('FEDERATION_CONSORTIUM_KEY', consortiumKey), secret),
      model: partModel(part),
      store: this.#store,
      gm: await loadGm(),
      federated: await loadFederated(),
    };
  }
}

function parseInstallation(value: unknown): { model: FederatedModel; part: ModelPart } {
  const fields = (value ?? {}) as { model?: unknown; part?: unknown };
  const model = parseModel(fields.model);
  return { model, part: parsePart(fields.part, model) };
}
