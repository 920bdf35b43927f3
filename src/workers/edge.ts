import { base64url, createLocalJWKSet } from 'jose';
import { loadSeal } from '../core/seal.ts';
import type { BiometricRows } from '../domain/biometrics/ports.ts';
import { referenceRules, rulesSettings } from '../domain/certificates/rules.ts';
import { scoringLinks } from '../domain/certificates/scored.ts';
import { finishAbandoned } from '../domain/certificates/status.ts';
import { finishRevocations } from '../domain/certificates/succession.ts';
import { anchorChipLogs } from '../domain/chips/chip-log.ts';
import type { ChipService } from '../domain/chips/messages.ts';
import type { BackupRows } from '../domain/chips/operate-backup.ts';
import { assertDecides, type HealthRows } from '../domain/federation/health.ts';
import {
  capsFor,
  type ScoringPolicyRows,
  scoringPolicyInForce,
} from '../domain/federation/scoring-policy.ts';
import type { TrainingRows } from '../domain/federation/training-runs.ts';
import { demoLedger } from '../domain/ledger/demo.ts';
import { assertPinnedLog, pinnedTrust } from '../domain/ledger/pin.ts';
import type { LedgerTrust } from '../domain/ledger/ports.ts';
import type { PaymentRows } from '../domain/payments/ports.ts';
import { rowRiskRegister } from '../domain/payments/register.ts';
import { rowDevices } from '../domain/payments/terminals.ts';
import { placeFrom } from '../domain/risk/place.ts';
import type { RiskRows } from '../domain/risk/ports.ts';
import { sweepOrphans } from '../domain/seals/orphans.ts';
import { defaultPolicy } from '../domain/seals/policy.ts';
import type { ObjectWatch, SealStore } from '../domain/seals/ports.ts';
import { runWork, sweepWork } from '../domain/seals/run-work.ts';
import type { WorkMessage } from '../domain/seals/work-rows.ts';
import { referencedDocuments } from '../domain/signing/document-store.ts';
import type { SigningRows } from '../domain/signing/ports.ts';
import type { TerminalRows } from '../domain/terminals/ports.ts';
import { allowedProfiles } from '../domain/tokens/literal.ts';
import { sharedNonces } from '../domain/tokens/nonces.ts';
import type { TokenRows } from '../domain/tokens/ports.ts';
import { ownVerifier } from '../domain/tokens/verifier.ts';
import type { WebhookRows } from '../domain/webhooks/ports.ts';
import { createApp } from '../edge/app.ts';
import type { EdgeEnv } from '../edge/context.ts';
import type { EdgeDeps } from '../edge/deps.ts';
import {
  demoTokens,
  type TokenTrust,
  tokenAuthenticator,
  withOwnTokens,
} from '../edge/middleware/access-token.ts';
import { biometricsOf } from '../platform/biometrics/http.ts';
import {
  chipsReady,
  remoteBackups,
  remoteCluster,
  remoteKeys,
  remoteShares,
} from '../platform/chips/remote.ts';
import { chipTemplateKeys } from '../platform/chips/template-keys.ts';
import { d1CertificateStore } from '../platform/d1/certificate-store.ts';
import { d1IdempotencyStore, removeExpiredKeys } from '../platform/d1/idempotency-store.ts';
import { firstTrust } from '../platform/d1/ledger-pin.ts';
import { d1SealStore } from '../platform/d1/seal-store.ts';
import { d1WorkStore } from '../platform/d1/work-store.ts';
import {
  type AuditChain,
  durableAuditLog,
  type WebhookBindings,
} from '../platform/durable/audit-log.ts';
import { durableLedger, type LedgerBindings } from '../platform/durable/ledger.ts';
import { durablePaymentBooks, type PaymentBook } from '../platform/durable/payment-book.ts';
import { durableBoard, type ScoringBoard } from '../platform/durable/progress-board.ts';
import { durableRowStore, type RowDesk } from '../platform/durable/row-desk.ts';
import { durableSessions, type TerminalSessions } from '../platform/durable/terminal-sessions.ts';
import { durableCourier } from '../platform/durable/webhook-desk.ts';
import { edgeFederation, type FederationBindings } from '../platform/federation/edge.ts';
import { isSweepOfHost } from '../platform/host-call.ts';
import { kvNotices } from '../platform/kv/notices.ts';
import { meterLines } from '../platform/meters.ts';
import { consumeWatches, queuedOrphans } from '../platform/queues/orphans.ts';
import { consumeWork, queuedWork } from '../platform/queues/work.ts';
import { r2ObjectStore } from '../platform/r2/object-store.ts';
import { bindingRateLimiter } from '../platform/rate-limiter.ts';
import { systemClock, systemRandom } from '../platform/system.ts';
import {
  nameTrace,
  type TracingBindings,
  traceIdNow,
  withRequestTrace,
} from '../platform/tracing.ts';
import { httpWebhookSender } from '../platform/webhook-sender.ts';

export { AuditChain } from '../platform/durable/audit-log.ts';
export { LedgerLog } from '../platform/durable/ledger.ts';
export { PaymentBook } from '../platform/durable/payment-book.ts';
export { ScoringBoard } from '../platform/durable/progress-board.ts';
export { RowDesk } from '../platform/durable/row-desk.ts';
export { TerminalSessions } from '../platform/durable/terminal-sessions.ts';
export { WebhookDesk } from '../platform/durable/webhook-desk.ts';

/** The bindings of wrangler.toml, and the variables that docs/operations.md describes. */
export interface EdgeBindings
  extends LedgerBindings,
    FederationBindings,
    TracingBindings,
    WebhookBindings {
  readonly CINNABAR_MODE: string;
  /** Where this service is reached from outside; certificates carry it for `/pki`. */
  readonly PUBLIC_ORIGIN: string;
  /** Whose people operate the service itself: its chips, signing keys and signed software. */
  readonly SERVICE_INSTITUTION: string;
  /** 32 bytes or more in base64url; signs the tokens of demo mode and is used nowhere else. */
  readonly DEMO_TOKEN_SECRET?: string;
  /** Who issues access tokens outside demo mode, and its public keys as a JWK set. */
  readonly TOKEN_ISSUER?: string;
  readonly TOKEN_KEYS?: string;
  /** The two switches of the compatibility profile: docs/literal-profile.md. */
  readonly TOKEN_LITERAL_PROFILE?: string;
  readonly TOKEN_LITERAL_ACCEPT?: string;
  /** `cloudflare` where its network fills in `request.cf`: where payments come from. */
  readonly PLACES?: string;
  /** Of a local run only: with it the host asks for the hourly sweep. */
  readonly HOST_KEY?: string;
  /** Services that compare people: docs/biometrics.md. */
  readonly BIOMETRICS?: string;
  /** The ledger's keys as `/ledger/trust` once gave them, pinned here: JSON. */
  readonly LEDGER_TRUST?: string;
  readonly DB: D1Database;
  readonly OBJECTS: R2Bucket;
  readonly NOTICES: KVNamespace;
  readonly CLEANUP: Queue<ObjectWatch>;
  readonly SEAL_WORK: Queue<WorkMessage>;
  readonly RATE_LIMIT: RateLimit;
  readonly CHIPS: ChipService;
  /** The sample business system; demo mode only. */
  readonly BUSINESS?: Fetcher;
  readonly AUDIT: DurableObjectNamespace<AuditChain>;
  readonly DESKS: DurableObjectNamespace<RowDesk>;
  readonly PAYMENTS: DurableObjectNamespace<PaymentBook>;
  readonly SESSIONS: DurableObjectNamespace<TerminalSessions>;
  readonly BOARDS: DurableObjectNamespace<ScoringBoard>;
}

/** Longest life of a token from outside that is still accepted. */
const tokenTtlSecondsMax = 60 * 60;

async function depsOf(env: EdgeBindings): Promise<EdgeDeps> {
  const federation = await edgeFederation(env, {
    db: env.DB,
    board: durableBoard(env.BOARDS),
    policyRows: durableRowStore<ScoringPolicyRows>(env.DESKS, 'scoring-policy'),
    healthRows: durableRowStore<HealthRows>(env.DESKS, 'federation-health'),
    trainingRows: durableRowStore<TrainingRows>(env.DESKS, 'training'),
  });
  const system = { clock: systemClock, random: systemRandom };
  const centre = {
    tokens: durableRowStore<TokenRows>(env.DESKS, 'tokens'),
    issuer: env.PUBLIC_ORIGIN,
    profiles: allowedProfiles({
      profile: env.TOKEN_LITERAL_PROFILE,
      accept: env.TOKEN_LITERAL_ACCEPT,
    }),
  };
  const nonces = sharedNonces({ ...system, ...centre });
  const { authenticator, ...demo } = tokensOf(env, system);
  return {
    ...system,
    ...centre,
    ...demo,
    nonces,
    serviceInstitution: env.SERVICE_INSTITUTION,
    authenticator: withOwnTokens(ownVerifier({ ...system, ...centre }), authenticator, {
      ...system,
      ...centre,
      nonces,
    }),
    ...(env.BUSINESS && env.CINNABAR_MODE === 'demo' ? { business: env.BUSINESS } : {}),
    // The tagger is a quarter of a megabyte that most requests do without.
    sensitive: async () => (await import('../core/tagger.ts')).loadTagger(),
    engine: await loadSeal(),
    policy: defaultPolicy,
    audit: durableAuditLog(env.AUDIT),
    ...ledgerOf(env),
    ledgerTrust: ledgerTrustOf(env),
    seals: d1SealStore(env.DB),
    work: d1WorkStore(env.DB),
    workQueue: queuedWork(env.SEAL_WORK),
    objects: r2ObjectStore(env.OBJECTS),
    orphans: queuedOrphans(env.CLEANUP),
    templateKeys: chipTemplateKeys(env.CHIPS),
    certificates: d1CertificateStore(env.DB),
    ...scoringLinks(systemClock, federation, unscoredSettings(federation)),
    pkiBase: env.PUBLIC_ORIGIN,
    signing: durableRowStore(env.DESKS, 'signing'),
    ...paymentsOf(env),
    webhooks: durableRowStore<WebhookRows>(env.DESKS, 'webhooks'),
    webhookSender: httpWebhookSender(),
    webhookCourier: durableCourier(env.WEBHOOKS, env.AUDIT),
    webhooksToLoopback: env.CINNABAR_MODE === 'demo',
    keys: remoteKeys(env.CHIPS),
    shares: remoteShares(env.CHIPS),
    chips: remoteCluster(env.CHIPS),
    backups: remoteBackups(env.CHIPS),
    backupRows: durableRowStore<BackupRows>(env.DESKS, 'chip-backups'),
    idempotency: d1IdempotencyStore(env.DB),
    limiter: bindingRateLimiter(env.RATE_LIMIT),
    notices: kvNotices(env.NOTICES),
    ...(federation ? { federation } : {}),
    checks: checksOf(env, federation),
    meters: () =>
      meterLines({
        ledger: durableLedger(env.LEDGER, env.LEDGER_ORIGIN),
        ledgerTrust: ledgerTrustOf(env),
      }),
    log: (line) => {
      const failed = line.status >= 500;
      nameTrace(
        `${line.method} ${line.route}`,
        {
          'http.request.method': line.method,
          'http.route': line.route,
          'http.response.status_code': line.status,
          'cinnabar.request_id': line.requestId,
          ...(line.code === undefined ? {} : { 'error.type': line.code }),
        },
        failed,
      );
      const traceId = traceIdNow();
      // biome-ignore lint/suspicious/noConsole: a Worker's log is its console
      console.log(JSON.stringify(traceId === undefined ? line : { ...line, traceId }));
    },
  };
}

/** Days of limits are those of China's clocks. */
const utcOffsetMinutes = 8 * 60;

function paymentsOf(env: EdgeBindings) {
  const riskRows = durableRowStore<RiskRows>(env.DESKS, 'risk');
  const paymentRows = durableRowStore<PaymentRows>(env.DESKS, 'payments');
  const terminalRows = durableRowStore<TerminalRows>(env.DESKS, 'terminals');
  return {
    books: durablePaymentBooks(env.PAYMENTS),
    riskRows,
    paymentRows,
    terminalRows,
    sessions: durableSessions(env.SESSIONS),
    sessionSuites: ['x25519', 'sm2'] as const,
    devices: rowDevices(paymentRows, terminalRows),
    riskRegister: rowRiskRegister({ riskRows }, paymentRows),
    biometricRows: durableRowStore<BiometricRows>(env.DESKS, 'biometrics'),
    biometrics: biometricsOf(env.BIOMETRICS),
    utcOffsetMinutes,
  };
}

/** Whoever is not scored is ruled and capped like everybody else. */
function unscoredSettings(federation: EdgeDeps['federation']) {
  const own =
    federation &&
    (async (tenant: string, applicant: string) => ({
      table: (await scoringPolicyInForce(federation, tenant)).table,
      caps: await capsFor(federation, tenant, applicant),
    }));
  return rulesSettings({ clock: systemClock }, { ...referenceRules, ...(own ? { own } : {}) });
}

/** Demo mode makes its own tokens; otherwise an issuer outside does, and its keys are known. */
function tokensOf(
  env: EdgeBindings,
  system: Pick<EdgeDeps, 'clock' | 'random'>,
): Pick<EdgeDeps, 'authenticator' | 'demo'> {
  if (env.CINNABAR_MODE === 'demo') {
    const secret = base64url.decode(env.DEMO_TOKEN_SECRET ?? '');
    return demoTokens(secret, system);
  }
  const trust: TokenTrust = {
    key: createLocalJWKSet(JSON.parse(env.TOKEN_KEYS ?? '{"keys":[]}')),
    algorithms: ['ES256', 'ES384', 'EdDSA', 'PS256'],
    issuer: env.TOKEN_ISSUER ?? 'none',
    ttlSecondsMax: tokenTtlSecondsMax,
  };
  return { authenticator: tokenAuthenticator(trust, system.clock) };
}

/** The pinned keys of the ledger: of the configuration, and on one machine what it said first. */
function ledgerTrustOf(env: EdgeBindings): () => Promise<LedgerTrust> {
  const { LEDGER_TRUST, LEDGER_ORIGIN, CINNABAR_MODE } = env;
  if (LEDGER_TRUST === undefined && CINNABAR_MODE === 'demo') {
    const ledger = durableLedger(env.LEDGER, LEDGER_ORIGIN);
    return () => firstTrust(env.DB, LEDGER_ORIGIN, () => ledger.trust());
  }
  return async () => pinnedTrust(LEDGER_TRUST, LEDGER_ORIGIN);
}

/** In demo mode the ledger can be made to lie, to show that it is found. */
function ledgerOf(env: EdgeBindings): Pick<EdgeDeps, 'ledger' | 'demoLedger'> {
  const ledger = durableLedger(env.LEDGER, env.LEDGER_ORIGIN);
  if (env.CINNABAR_MODE !== 'demo') return { ledger };
  const demo = demoLedger(ledger);
  return { ledger: demo.ledger, demoLedger: demo };
}

/** A name that no tenant can have, so that looking does not touch one. */
const probe = '-readiness';

function checksOf(env: EdgeBindings, federation: EdgeDeps['federation']): EdgeDeps['checks'] {
  return {
    database: async () => void (await env.DB.prepare('SELECT 1').run()),
    objects: async () => void (await env.OBJECTS.head(probe)),
    notices: async () => void (await env.NOTICES.get(probe)),
    audit: async () => void (await env.AUDIT.getByName(probe).head()),
    ledger: async () =>
      assertPinnedLog(durableLedger(env.LEDGER, env.LEDGER_ORIGIN), await ledgerTrustOf(env)()),
    chips: async () => void (await chipsReady(env.CHIPS)),
    // In demo mode nodes fill themselves when they are first asked, and a start need not wait for it.
    ...(federation && env.CINNABAR_MODE !== 'demo'
      ? { federation: () => assertDecides(federation) }
      : {}),
  };
}

/** Objects are named by rows of seals, or of documents; all others are removed. */
function referencesOf(env: EdgeBindings): Pick<SealStore, 'referencedObjects'> {
  const seals = d1SealStore(env.DB);
  const signing = durableRowStore<SigningRows>(env.DESKS, 'signing');
  return {
    async referencedObjects(tenant, objectKeys) {
      const found = await Promise.all([
        seals.referencedObjects(tenant, objectKeys),
        referencedDocuments({ signing }, tenant, objectKeys),
      ]);
      return found.flat();
    },
  };
}

/** Once per isolate: the bindings of one deployment do not change. */
let made: Promise<EdgeDeps> | undefined;

function depsOnce(env: EdgeBindings): Promise<EdgeDeps> {
  made ??= depsOf(env);
  made.catch(() => {
    made = undefined;
  });
  return made;
}

/**
 * Where a request came from, as Cloudflare's network says it; nothing where the service stands behind
 * no such network. Headers and bodies are the caller's own words and are not asked.
 */
function bindingsOf(request: Request, { PLACES }: EdgeBindings): EdgeEnv['Bindings'] {
  // The runtime parses `cf` when it is touched, which takes longer than most of the rest.
  const cf = PLACES === 'cloudflare' ? request.cf : undefined;
  const place = cf && placeFrom(cf);
  return place ? { place } : {};
}

/** What was left undone, once an hour. */
async function sweep(env: EdgeBindings): Promise<void> {
  await removeExpiredKeys(env.DB, systemClock.now());
  const deps = await depsOnce(env);
  await sweepWork(deps);
  await finishAbandoned(deps);
  await finishRevocations(deps);
  await anchorChipLogs(deps);
}

let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request, env, context) {
    return withRequestTrace('cinnabar-edge', { request, env, context }, async () => {
      if (await isSweepOfHost(request, env.HOST_KEY)) {
        nameTrace('host sweep', {});
        await sweep(env);
        return new Response(null, { status: 204 });
      }
      app ??= createApp(await depsOnce(env));
      return app.fetch(request, bindingsOf(request, env));
    });
  },

  async queue(batch, env) {
    if (batch.queue.startsWith('cinnabar-seal-work')) {
      const work = await depsOnce(env);
      await consumeWork(batch, (message) => runWork(work, message));
      return;
    }
    const deps = { seals: referencesOf(env), objects: r2ObjectStore(env.OBJECTS) };
    await consumeWatches(batch, (watch) => sweepOrphans(deps, watch));
  },

  scheduled: (_controller, env) => sweep(env),
} satisfies ExportedHandler<EdgeBindings>;
