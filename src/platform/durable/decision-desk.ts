import { DurableObject } from 'cloudflare:workers';
import { loadFederated } from '../../core/federated.ts';
import { derivedKey, partyKeys, type Suite } from '../../core/federation/suite.ts';
import { type DecisionDeps, decideRequest } from '../../domain/federation/decide.ts';
import { parseDecideMessage } from '../../domain/federation/messages.ts';
import { type FederatedModel, parseModel } from '../../domain/federation/model.ts';
import { scaleOf } from '../../domain/federation/part.ts';
import { assertOwnKeys } from '../../domain/federation/parties.ts';
import { assertMonotone, referencePolicy } from '../../domain/federation/policy.ts';
import type { DecisionStore, StoredDecision } from '../../domain/federation/ports.ts';
import { type Tier, tiers } from '../../domain/federation/settings.ts';
import { answerParty, type PartyAnswer } from '../federation/answer.ts';
import { federationOf, secretOf } from '../federation/configuration.ts';
import { bytesOf, type Fields, integerOf, textOf } from '../fields.ts';
import { systemClock, systemRandom } from '../system.ts';

export interface DecisionConfiguration {
  readonly decisionKey: string | undefined;
  readonly roster: string | undefined;
}

/** The decision service: one object, so that a request is decided once. */
export class DecisionDesk extends DurableObject {
  readonly #storage: DurableObjectStorage;
  #deps: Promise<DecisionDeps> | undefined;

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env as Cloudflare.Env);
    this.#storage = ctx.storage;
    ctx.storage.sql.exec(`
      CREATE TABLE IF NOT EXISTS decisions (
        request_id TEXT PRIMARY KEY,
        decision_id TEXT NOT NULL UNIQUE,
        tag TEXT NOT NULL,
        tier INTEGER NOT NULL,
        digest TEXT NOT NULL,
        reply TEXT NOT NULL,
        encrypted_content BLOB NOT NULL,
        decided_at_ms INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX IF NOT EXISTS decisions_by_tag ON decisions (tag, decided_at_ms);`);
    addByScore(ctx.storage.sql);
  }

  async answer(configuration: DecisionConfiguration, text: string): Promise<PartyAnswer> {
    return answerParty(async () => {
      const deps = await this.#depsOnce(configuration);
      return decideRequest(deps, parseDecideMessage(JSON.parse(text)));
    });
  }

  /** Takes the public model. */
  async installModel(configuration: DecisionConfiguration, text: string): Promise<PartyAnswer> {
    return answerParty(async () => {
      const model = parseModel(JSON.parse(text));
      const { roster } = await federationOf(configuration.roster);
      if (model.hash !== roster.modelHash) throw new TypeError('not the model of the roster');
      await this.#storage.put('model', model);
      this.#deps = undefined;
      return { modelHash: model.hash };
    });
  }

  /** The public model, if it was installed. */
  model(): Promise<FederatedModel | undefined> {
    return this.#storage.get<FederatedModel>('model');
  }

  #depsOnce(configuration: DecisionConfiguration): Promise<DecisionDeps> {
    this.#deps ??= this.#makeDeps(configuration);
    this.#deps.catch(() => {
      this.#deps = undefined;
    });
    return this.#deps;
  }

  async #makeDeps({ decisionKey, roster }: DecisionConfiguration): Promise<DecisionDeps> {
    const federation = await federationOf(roster);
    const secret = secretOf('FEDERATION_DECISION_KEY', decisionKey);
    const keys = partyKeys(federation.suite, federation.roster.decision.id, secret);
    assertOwnKeys(federation, keys);
    const model = await this.model();
    if (!model) throw new Error('the decision service has no model yet');
    assertMonotone(referencePolicy);
    const federated = await loadFederated();
    return {
      clock: systemClock,
      random: systemRandom,
      federation,
      keys,
      scale: scaleOf(federated, model, federation),
      policy: referencePolicy,
      store: sqlDecisionStore(this.#storage.sql, federation.suite, derivedKey(secret, 'store')),
      federated,
    };
  }
}

/** Of decisions kept before this column nobody knows any more what brought their tier. */
function addByScore(sql: SqlStorage): void {
  const [known] = sql.exec("SELECT 1 FROM pragma_table_info('decisions') WHERE name = 'by_score'");
  if (!known) sql.exec('ALTER TABLE decisions ADD COLUMN by_score INTEGER NOT NULL DEFAULT 0');
}

/** Decisions in SQLite. What explains them is encrypted under a key that the store does not hold. */
function sqlDecisionStore(sql: SqlStorage, suite: Suite, key: Uint8Array): DecisionStore {
  const utf8 = new TextEncoder();
  const contextOf = (requestId: string) => utf8.encode(`decision ${requestId}`);
  const decisionOf = (row: Fields): StoredDecision => {
    const requestId = textOf(row, 'request_id');
    const content = suite.decrypt(key, contextOf(requestId), bytesOf(row, 'encrypted_content'));
    if (!content) throw new Error('a stored decision does not open');
    return {
      requestId,
      decisionId: textOf(row, 'decision_id'),
      tag: textOf(row, 'tag'),
      tier: tierOf(row),
      isByScore: integerOf(row, 'by_score') === 1,
      digest: textOf(row, 'digest'),
      reply: textOf(row, 'reply'),
      content: new TextDecoder().decode(content),
      decidedAtMs: integerOf(row, 'decided_at_ms'),
    };
  };
  const first = (query: string, value: string) => {
    const [row] = sql.exec(query, value).toArray();
    return row && decisionOf(row);
  };
  const find = (requestId: string) =>
    first('SELECT * FROM decisions WHERE request_id = ?', requestId);
  return {
    async find(requestId) {
      return find(requestId);
    },
    async newestByScore(tag) {
      return first(
        `SELECT * FROM decisions WHERE tag = ? AND by_score = 1
         ORDER BY decided_at_ms DESC, rowid DESC LIMIT 1`,
        tag,
      );
    },
    async keep(decision) {
      sql.exec(
        'INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (request_id) DO NOTHING',
        decision.requestId,
        decision.decisionId,
        decision.tag,
        decision.tier,
        decision.digest,
        decision.reply,
        suite.encrypt(key, contextOf(decision.requestId), utf8.encode(decision.content)),
        decision.decidedAtMs,
        decision.isByScore ? 1 : 0,
      );
      return find(decision.requestId) ?? decision;
    },
  };
}

function tierOf(row: Fields): Tier {
  const stored = integerOf(row, 'tier');
  const tier = tiers.find((known) => known === stored);
  if (tier === undefined) throw new TypeError('stored tier is not known');
  return tier;
}
