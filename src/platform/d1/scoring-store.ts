import { parseSignedConsent } from '../../core/federation/consent.ts';
import { CinnabarError } from '../../domain/errors.ts';
import { messageJson, parseDecideReply, parseRefusal } from '../../domain/federation/messages.ts';
import {
  nodeStates,
  type Outcome,
  requestStates,
  type ScoringRequest,
  type ScoringStore,
  stages,
} from '../../domain/federation/scoring-request.ts';
import { base64urlBytes } from '../../lib/base64url.ts';
import { type Fields, fieldsOf, integerOf, jsonOf, listOf, oneOf, textOf } from '../fields.ts';
import { commit, row } from './database.ts';

/** Scoring requests in D1. */
export function d1ScoringStore(db: D1Database): ScoringStore {
  return {
    async begin(request, { requestsMax, sinceMs }) {
      const [begun = []] = await commit(
        db,
        [
          db
            .prepare(
              `INSERT INTO scoring_requests (request_id, tenant, requested_by, consent, state, stage,
                 nodes, contributors, created_at_ms)
               SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE ?10 > (
                 SELECT count(*) FROM scoring_requests
                 WHERE tenant = ?2 AND requested_by = ?3 AND created_at_ms >= ?11)
               RETURNING request_id`,
            )
            .bind(
              request.requestId,
              request.tenant,
              request.requestedBy,
              JSON.stringify(request.consent),
              request.state,
              request.stage,
              JSON.stringify(request.nodes),
              JSON.stringify(request.contributors),
              request.createdAtMs,
              requestsMax,
              sinceMs,
            ),
        ],
        { 'scoring_requests.request_id': 'federation_request_used' },
      );
      if (begun.length === 0) throw new CinnabarError('rate_limited');
    },
    async save(request) {
      await commit(db, [
        db
          .prepare(
            `UPDATE scoring_requests SET state = ?, stage = ?, nodes = ?, contributors = ?, code = ?,
               outcome = ? WHERE request_id = ? AND tenant = ?`,
          )
          .bind(
            request.state,
            request.stage,
            JSON.stringify(request.nodes),
            JSON.stringify(request.contributors),
            request.code ?? null,
            request.outcome ? messageJson(request.outcome) : null,
            request.requestId,
            request.tenant,
          ),
      ]);
    },
    async find(tenant, requestId) {
      const found = await row(
        db
          .prepare('SELECT * FROM scoring_requests WHERE request_id = ? AND tenant = ?')
          .bind(requestId, tenant),
      );
      return found && requestOf(found);
    },
  };
}

function requestOf(found: Fields): ScoringRequest {
  return {
    tenant: textOf(found, 'tenant'),
    requestId: textOf(found, 'request_id'),
    requestedBy: textOf(found, 'requested_by'),
    consent: parseSignedConsent(jsonOf(found, 'consent')),
    state: oneOf(found, 'state', requestStates),
    stage: oneOf(found, 'stage', stages),
    nodes: listOf(jsonOf(found, 'nodes'), (node) => ({
      node: textOf(node, 'node'),
      state: oneOf(node, 'state', nodeStates),
      ...(node.code === undefined ? {} : { code: parseRefusal({ code: node.code }) }),
    })),
    contributors: jsonOf(found, 'contributors') as string[],
    createdAtMs: integerOf(found, 'created_at_ms'),
    ...(found.code === null ? {} : { code: textOf(found, 'code') }),
    ...(found.outcome === null ? {} : { outcome: outcomeOf(fieldsOf(jsonOf(found, 'outcome'))) }),
  };
}

function outcomeOf(fields: Fields): Outcome {
  const { decision, record, signature } = fields;
  return {
    ...parseDecideReply({ decision, record, signature }),
    reasons: listOf(fields.reasons, (item) => ({
      party: textOf(item, 'party'),
      box: base64urlBytes(textOf(item, 'box')) ?? new Uint8Array(),
    })),
    ledgerIndex: integerOf(fields, 'ledgerIndex'),
    elapsedMs: integerOf(fields, 'elapsedMs'),
  };
}
