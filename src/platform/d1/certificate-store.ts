import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import {
  type CertificateFilter,
  type CertificateStore,
  serialStart,
} from '../../domain/certificates/ports.ts';
import { closedStates } from '../../domain/certificates/states.ts';
import type { Application, Certificate } from '../../domain/certificates/types.ts';
import { CinnabarError, type ErrorCode } from '../../domain/errors.ts';
import type { PageRequest } from '../../domain/ports.ts';
import { integerOf, textOf } from '../fields.ts';
import {
  keysText,
  parseApplication,
  parseAuthority,
  parseCertificateRow,
  parseCrl,
  parseCrlTimes,
  parseStatus,
} from './certificate-rows.ts';
import { binding, commit, row, rows } from './database.ts';

type Value = string | number | Uint8Array | null;
/** What SQLite works out as it writes the row. */
interface Expression {
  readonly text: string;
  readonly values: readonly Value[];
}
type Columns = Readonly<Record<string, Value | Expression>>;

const memoryName = 'certificates';
/** Of a certificate whose key no other may have. */
const holdsKey = `spki_sha256 = ? AND (state <> 'revoked' OR reason = 'keyCompromise')`;
const statusColumns = 'serial_hex, state, pending, reason, changed_at_ms, status_change';
/** SQLite writes one statement after the other, so each finds the number of the one before. */
const nextChange = `(SELECT ifnull(max(status_change), 0) + 1 FROM certificates
  WHERE algorithm = ? AND issuer = ?)`;

/** The certificate store in D1. Every change is one statement with its condition in it. */
export function d1CertificateStore(db: D1Database): CertificateStore {
  const sql = binding(db);

  /**
   * Table, columns and query are our own words; only values come from outside, as parameters.
   * Adds nothing when the query `unless` gives a row.
   */
  function insert(table: string, columns: Columns, unless?: Expression): D1PreparedStatement {
    const written = Object.values(columns).map(expressionOf);
    return sql(
      `INSERT INTO ${table} (${Object.keys(columns).join(', ')})
         SELECT ${written.map(({ text }) => text).join(', ')}
         WHERE ${unless ? `NOT EXISTS (${unless.text})` : 'true'}
         ON CONFLICT DO NOTHING RETURNING 1 AS added`,
      ...written.flatMap(({ values }) => values),
      ...(unless?.values ?? []),
    );
  }

  async function replace(
    table: string,
    key: Readonly<Record<string, Value>>,
    revision: number,
    columns: Columns,
    code: ErrorCode,
    unless?: Expression,
  ): Promise<void> {
    const written = Object.values(columns).map(expressionOf);
    const sets = Object.keys(columns).map((name, i) => `${name} = ${written[i]?.text}`);
    const conditions = [...Object.keys(key), 'revision'].map((name) => `${name} = ?`);
    if (unless) conditions.push(`NOT EXISTS (${unless.text})`);
    const [changed] = await commit(db, [
      sql(
        `UPDATE ${table} SET ${sets.join(', ')} WHERE ${conditions.join(' AND ')} RETURNING revision`,
        ...written.flatMap(({ values }) => values),
        ...Object.values(key),
        revision - 1,
        ...(unless?.values ?? []),
      ),
    ]);
    if (changed?.length !== 1) throw new CinnabarError(code);
  }

  function page(
    table: string,
    conditions: readonly (readonly [string, Value])[],
    { limit, before }: PageRequest,
  ) {
    const all = before === undefined ? conditions : [...conditions, ['id < ?', before] as const];
    const where = all.map(([condition]) => condition).join(' AND ');
    const values = all.map(([, value]) => value);
    const query = `SELECT * FROM ${table} WHERE ${where} ORDER BY id DESC LIMIT ?`;
    return rows(sql(query, ...values, limit));
  }

  /** From the place of the page before on, in the order of the index of ends. */
  async function endingPage(
    tenant: string,
    conditions: readonly (readonly [string, Value])[],
    { fromMs, beforeMs }: NonNullable<CertificateFilter['ending']>,
    { limit, before }: PageRequest,
  ) {
    const last =
      before === undefined
        ? undefined
        : await row(
            sql(
              'SELECT not_after_ms FROM certificates WHERE tenant = ? AND id = ?',
              tenant,
              before,
            ),
          );
    const start = last ? Math.max(fromMs, integerOf(last, 'not_after_ms')) : fromMs;
    const where = [...conditions.map(([condition]) => condition), `state <> 'revoked'`];
    const query = `SELECT * FROM certificates WHERE ${where.join(' AND ')}
      AND (not_after_ms, id) > (?, ?) AND not_after_ms < ? ORDER BY not_after_ms, id LIMIT ?`;
    const values = conditions.map(([, value]) => value);
    return rows(sql(query, ...values, start, last ? (before ?? '') : '', beforeMs, limit));
  }

  const applications: Pick<
    CertificateStore,
    'addApplication' | 'replaceApplication' | 'findApplication' | 'listApplications'
  > = {
    async addApplication(application) {
      await commit(db, [insert('certificate_applications', applicationColumns(application))]);
    },
    async replaceApplication(application) {
      const { tenant, id, revision } = application;
      const columns = applicationColumns(application);
      const key = { tenant, id };
      const made = 'SELECT 1 FROM certificates WHERE tenant = ? AND application_id = ?';
      const isClosed = closedStates.some((closed) => closed === application.state);
      const unless = isClosed ? { text: made, values: [tenant, id] } : undefined;
      const code = 'application_changed';
      await replace('certificate_applications', key, revision, columns, code, unless);
    },
    async findApplication(tenant, id) {
      const query = 'SELECT * FROM certificate_applications WHERE tenant = ? AND id = ?';
      const found = await row(sql(query, tenant, id));
      return found && parseApplication(found);
    },
    async listApplications(tenant, { states, applicant }, request) {
      const conditions: [string, Value][] = [['tenant = ?', tenant]];
      if (states) {
        conditions.push(['state IN (SELECT value FROM json_each(?))', JSON.stringify(states)]);
      }
      if (applicant !== undefined) conditions.push(['applicant = ?', applicant]);
      const found = await page('certificate_applications', conditions, request);
      return found.map(parseApplication);
    },
  };

  const certificates: Pick<
    CertificateStore,
    | 'addCertificate'
    | 'replaceCertificate'
    | 'findCertificate'
    | 'hasKey'
    | 'listCertificates'
    | 'unfinished'
  > = {
    async addCertificate(certificate) {
      const { tenant, applicationId, spki } = certificate;
      const text = `SELECT 1 FROM certificates WHERE ${holdsKey}
          AND NOT (tenant = ? AND application_id = ?)
        UNION ALL SELECT 1 FROM certificate_applications WHERE tenant = ? AND id = ?
          AND state IN (SELECT value FROM json_each(?))`;
      const own = [tenant, applicationId] as const;
      const values = [keyHash(spki), ...own, ...own, JSON.stringify(closedStates)];
      const columns = {
        ...certificateColumns(certificate),
        status_change: firstChange(certificate),
      };
      await commit(db, [insert('certificates', columns, { text, values })]);
    },
    async replaceCertificate(certificate) {
      const key = { serial_hex: certificate.serialHex };
      const columns = { ...certificateColumns(certificate), status_change: changeOf(certificate) };
      await replace('certificates', key, certificate.revision, columns, 'certificate_changed');
    },
    async findCertificate(serialHex) {
      const found = await row(sql('SELECT * FROM certificates WHERE serial_hex = ?', serialHex));
      return found && parseCertificateRow(found);
    },
    async hasKey(spki) {
      const query = `SELECT 1 FROM certificates WHERE ${holdsKey} LIMIT 1`;
      return (await row(sql(query, keyHash(spki)))) !== undefined;
    },
    async listCertificates(tenant, filter, request) {
      const { query, state, ending, applicationId, holder } = filter;
      const isSerial = query !== undefined && serialStart.test(query);
      // The sign keeps SQLite from an index of tenants where that of serials finds it at once.
      const conditions: [string, Value][] = [[`${isSerial ? '+' : ''}tenant = ?`, tenant]];
      if (isSerial) {
        // Every digit sorts before `g`.
        conditions.push(['serial_hex >= ?', query], ['serial_hex < ?', `${query}g`]);
      } else if (query) {
        // Not LIKE: D1 limits a pattern to 50 bytes. lower() folds ASCII only.
        conditions.push(['instr(lower(words), lower(?)) > 0', query]);
      }
      if (state) conditions.push(['state = ?', state]);
      if (applicationId !== undefined) conditions.push(['application_id = ?', applicationId]);
      if (holder !== undefined) conditions.push(['holder = ?', holder]);
      const found = ending
        ? await endingPage(tenant, conditions, ending, request)
        : await page('certificates', conditions, request);
      return found.map(parseCertificateRow);
    },
    async unfinished(beforeMs, limit) {
      const query = `SELECT * FROM certificates WHERE pending_at_ms < ?1
        OR (state = 'active' AND delivery IN ('thawed', 'set') AND changed_at_ms < ?1)
        ORDER BY id LIMIT ?2`;
      return (await rows(sql(query, beforeMs, limit))).map(parseCertificateRow);
    },
  };

  return {
    ...applications,
    ...certificates,
    async notInForce({ algorithm, generation }, atMs) {
      const query = `SELECT ${statusColumns} FROM certificates WHERE algorithm = ? AND issuer = ?
        AND not_after_ms >= ? AND (state <> 'active' OR pending IS NOT NULL) ORDER BY serial_hex`;
      return (await rows(sql(query, algorithm, generation, atMs))).map(parseStatus);
    },
    async newestChange({ algorithm, generation }) {
      const query = `SELECT ifnull(max(status_change), 0) AS newest FROM certificates
        WHERE algorithm = ? AND issuer = ?`;
      const found = await row(sql(query, algorithm, generation));
      return found ? integerOf(found, 'newest') : 0;
    },
    async backInForce({ algorithm, generation }, afterChange) {
      const query = `SELECT ${statusColumns} FROM certificates WHERE algorithm = ? AND issuer = ?
        AND status_change > ? AND state = 'active' AND pending IS NULL ORDER BY serial_hex`;
      return (await rows(sql(query, algorithm, generation, afterChange))).map(parseStatus);
    },
    async revokeAllUnder({ algorithm, generation }, move) {
      const query = `UPDATE certificates SET pending = ?, pending_at_ms = ?,
          revision = revision + 1, status_change = ${nextChange}
        WHERE algorithm = ? AND issuer = ? AND state IN ('frozen', 'active', 'suspended')
          AND not_after_ms >= ? AND pending IS NULL`;
      const own = [algorithm, generation] as const;
      const values = [JSON.stringify(move), move.atMs, ...own, ...own, move.atMs];
      await commit(db, [sql(query, ...values)]);
    },
    async revocationsUnder({ algorithm, generation }, limit) {
      const where = `FROM certificates WHERE algorithm = ?1 AND issuer = ?2
        AND pending_at_ms IS NOT NULL AND json_extract(pending, '$.action') = 'revoke'`;
      const count = await row(sql(`SELECT count(*) AS n ${where}`, algorithm, generation));
      const found = await rows(
        sql(`SELECT * ${where} ORDER BY id LIMIT ?3`, algorithm, generation, limit),
      );
      return { some: found.map(parseCertificateRow), left: count ? integerOf(count, 'n') : 0 };
    },
    async countUnder({ algorithm, generation }, atMs) {
      const query = `SELECT count(*) AS n FROM certificates WHERE algorithm = ? AND issuer = ?
        AND state IN ('frozen', 'active', 'suspended') AND not_after_ms > ?`;
      const count = await row(sql(query, algorithm, generation, atMs));
      return count ? integerOf(count, 'n') : 0;
    },
    async findAuthority(algorithm, role, under = 0) {
      const query = `SELECT * FROM pki_authorities WHERE algorithm = ? AND role = ? AND under = ?
        ORDER BY generation DESC LIMIT 1`;
      const found = await row(sql(query, algorithm, role, under));
      return found && parseAuthority(found);
    },
    async listIssuing(algorithm) {
      const query = `SELECT * FROM pki_authorities WHERE algorithm = ? AND role = 'issuing'
        ORDER BY generation`;
      return (await rows(sql(query, algorithm))).map(parseAuthority);
    },
    async addAuthority({ algorithm, role, under, generation, keyId, der, revocation }) {
      const columns = { algorithm, role, under, generation, key_id: keyId, der };
      const all = { ...columns, revocation: json(revocation) };
      await commit(db, [insert('pki_authorities', all)]);
    },
    async setRevocation({ algorithm, generation }, known, revocation) {
      const query = `UPDATE pki_authorities SET revocation = ?1 WHERE algorithm = ?2
        AND role = 'issuing' AND generation = ?3 AND revocation IS ?4 RETURNING generation`;
      const [changed] = await commit(db, [
        sql(query, JSON.stringify(revocation), algorithm, generation, json(known)),
      ]);
      if (changed?.length !== 1) throw new CinnabarError('authority_changed');
    },
    async newestCrl({ algorithm, generation }) {
      const query = `SELECT * FROM pki_crls WHERE algorithm = ? AND issuer = ?
        ORDER BY number DESC LIMIT 1`;
      const found = await row(sql(query, algorithm, generation));
      return found && parseCrl(found);
    },
    async oldestCrl({ algorithm, generation }, atMs) {
      const query = `SELECT algorithm, issuer, number, this_update_ms, next_update_ms, through_change
        FROM pki_crls WHERE algorithm = ? AND issuer = ? AND next_update_ms > ? ORDER BY number LIMIT 1`;
      const found = await row(sql(query, algorithm, generation, atMs));
      return found && parseCrlTimes(found);
    },
    async addCrl({ issuer, number, thisUpdateMs, nextUpdateMs, throughChange, der }) {
      const name = { algorithm: issuer.algorithm, issuer: issuer.generation, number };
      const times = { this_update_ms: thisUpdateMs, next_update_ms: nextUpdateMs };
      const own = [issuer.algorithm, issuer.generation] as const;
      const [added] = await commit(db, [
        insert('pki_crls', { ...name, ...times, through_change: throughChange, der }),
        sql(
          `UPDATE pki_crls SET der = x'' WHERE algorithm = ? AND issuer = ? AND number = ?`,
          ...own,
          number - 1,
        ),
        sql(
          'DELETE FROM pki_crls WHERE algorithm = ? AND issuer = ? AND number < ? AND next_update_ms < ?',
          ...own,
          number,
          thisUpdateMs,
        ),
      ]);
      return added?.length === 1;
    },
    async rememberedCheckpoint() {
      const found = await row(sql('SELECT * FROM ledger_memory WHERE name = ?', memoryName));
      return found && { size: integerOf(found, 'size'), note: textOf(found, 'note') };
    },
    async rememberCheckpoint({ size, note }) {
      const query = `INSERT INTO ledger_memory (name, size, note) VALUES (?, ?, ?)
        ON CONFLICT (name) DO UPDATE SET size = excluded.size, note = excluded.note
        WHERE excluded.size > ledger_memory.size`;
      await commit(db, [sql(query, memoryName, size, note)]);
    },
  };
}

const expressionOf = (value: Value | Expression): Expression =>
  typeof value === 'object' && value !== null && 'text' in value
    ? value
    : { text: '?', values: [value] };

const firstChange = ({ algorithm, issuer }: Certificate): Expression => ({
  text: nextChange,
  values: [algorithm, issuer],
});

/** The columns in it are those of the row as it was. */
function changeOf({ algorithm, issuer, state, pending }: Certificate): Expression {
  const isSame = 'issuer = ? AND state = ? AND pending IS ?';
  return {
    text: `CASE WHEN ${isSame} THEN status_change ELSE ${nextChange} END`,
    values: [issuer, state, json(pending), algorithm, issuer],
  };
}

const keyHash = (spki: Uint8Array) => bytesToHex(sha256(spki));

const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value));

function applicationColumns(application: Application): Columns {
  return {
    tenant: application.tenant,
    id: application.id,
    revision: application.revision,
    state: application.state,
    applicant: application.applicant,
    branch: application.branch,
    kind: application.kind,
    algorithm: application.algorithm,
    subject: JSON.stringify(application.subject),
    dns_names: JSON.stringify(application.dnsNames),
    keys: keysText(application.keys),
    requested: JSON.stringify(application.requested),
    not_after_ms: application.notAfterMs ?? null,
    scored: json(application.scored),
    override: json(application.override),
    identity: json(application.identity),
    decision: json(application.decision),
    decided_by: application.decidedBy ?? null,
    reason: application.reason ?? null,
    renews: application.renews ?? null,
    created_at_ms: application.createdAtMs,
    changed_at_ms: application.changedAtMs,
  };
}

function certificateColumns(certificate: Certificate): Columns {
  const { subject, serialHex, pending } = certificate;
  return {
    serial_hex: serialHex,
    tenant: certificate.tenant,
    id: certificate.id,
    revision: certificate.revision,
    holder: certificate.holder,
    application_id: certificate.applicationId,
    kind: certificate.kind,
    purpose: certificate.purpose,
    algorithm: certificate.algorithm,
    issuer: certificate.issuer,
    ledger_subject: certificate.ledgerSubject,
    subject: JSON.stringify(subject),
    words: [...Object.values(subject), serialHex].join('\n'),
    spki: certificate.spki,
    spki_sha256: keyHash(certificate.spki),
    key_id: certificate.keyId ?? null,
    der: certificate.der ?? null,
    sha256_hex: certificate.sha256Hex ?? null,
    sm3_hex: certificate.sm3Hex ?? null,
    not_before_ms: certificate.notBeforeMs,
    not_after_ms: certificate.notAfterMs,
    state: certificate.state,
    delivery: certificate.delivery,
    pending: json(pending),
    pending_at_ms: pending?.atMs ?? null,
    head_hash: certificate.headHash ?? null,
    frozen_index: certificate.frozenIndex ?? null,
    reason: certificate.reason ?? null,
    moved_by: certificate.movedBy ?? null,
    statement: json(certificate.statement),
    renews_subject: certificate.renewsSubject ?? null,
    created_at_ms: certificate.createdAtMs,
    changed_at_ms: certificate.changedAtMs,
  };
}
