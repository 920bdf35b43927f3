import { OpenAPIHono } from '@hono/zod-openapi';
import type { EdgeApp, EdgeEnv } from './context.ts';
import { cscPath } from './csc-problem.ts';
import type { EdgeDeps } from './deps.ts';
import { createMetrics } from './metrics.ts';
import { authorise, identify } from './middleware/authenticate.ts';
import { checkBodyHeaders, readBody } from './middleware/body.ts';
import { once } from './middleware/idempotency.ts';
import { observe } from './middleware/log.ts';
import { limitRate } from './middleware/rate.ts';
import { nameRequest } from './middleware/request-id.ts';
import { lookUpRule } from './middleware/rule.ts';
import { secureHeaders } from './middleware/security-headers.ts';
import { registerSharedParts } from './openapi.ts';
import { answerProblem } from './problem.ts';
import { addApplicationRoutes } from './routes/applications.ts';
import { addAuditRoutes } from './routes/audit.ts';
import { addBiometricRoutes } from './routes/biometrics.ts';
import { addBusinessRoutes } from './routes/business.ts';
import { addTokenAdministrationRoutes } from './routes/business-systems.ts';
import { addCertificateRoutes } from './routes/certificates.ts';
import { addChipBackupRoutes } from './routes/chip-backups.ts';
import { addChipRoutes } from './routes/chips.ts';
import { addCscRoutes } from './routes/csc.ts';
import { addDemoRoutes } from './routes/demo.ts';
import { addDocumentationRoutes } from './routes/documentation.ts';
import { addDocumentRoutes } from './routes/documents.ts';
import { addFederationRoutes } from './routes/federation.ts';
import { addGrantRoutes } from './routes/grants.ts';
import { addInstitutionRoutes } from './routes/institutions.ts';
import { addJobRoutes } from './routes/jobs.ts';
import { addKeyOperationRoutes } from './routes/key-operations.ts';
import { addLedgerRoutes, ledgerPartsLimited } from './routes/ledger.ts';
import { addMisbehaviourRoutes } from './routes/misbehaviour.ts';
import { addOperationRoutes } from './routes/operation.ts';
import { addPasskeyRoutes } from './routes/passkeys.ts';
import { addPaymentRoutes } from './routes/payments.ts';
import { addPersonalKeyRoutes } from './routes/personal-keys.ts';
import { addPkiRoutes } from './routes/pki.ts';
import { addPolicyRoutes } from './routes/policies.ts';
import { addReviewRoutes } from './routes/reviews.ts';
import { addRiskRoutes } from './routes/risk.ts';
import { addSealChangeRoutes } from './routes/seal-changes.ts';
import { addSealRoutes } from './routes/seals.ts';
import { addSensitiveRoutes } from './routes/sensitive.ts';
import { addSessionRoutes } from './routes/sessions.ts';
import { addSoftwareRoutes } from './routes/software.ts';
import { addTokenRoutes } from './routes/tokens.ts';
import { addVerificationRoutes } from './routes/verifications.ts';
import { addWebhookRoutes } from './routes/webhooks.ts';
import { answerMissing, assertEveryRouteHasRule } from './routing.ts';
import { refuseInvalid } from './validation.ts';

/** What needs no token and yet costs much more than its answer. */
const costlyForAnyone = ['/readyz', '/metrics', '/pki/crl', '/pki/ocsp/*'];

/** The service. Each request passes the middleware in this order, then its route. */
export function createApp(deps: EdgeDeps): EdgeApp {
  const app: EdgeApp = new OpenAPIHono<EdgeEnv>({ defaultHook: refuseInvalid });
  const metrics = createMetrics();

  app.use(nameRequest(deps));
  app.use(observe(deps, metrics));
  app.use(secureHeaders());
  app.use(lookUpRule());
  app.use(checkBodyHeaders());
  app.use(identify(deps));
  app.use('/v1/*', limitRate(deps.limiter));
  app.use(`${cscPath}*`, limitRate(deps.limiter));
  // Whoever asks once makes us ask every binding, write down all counters, or have a chip sign.
  for (const path of costlyForAnyone) app.use(path, limitRate(deps.limiter));
  // Tiles are static and cached; what is computed or signed for a caller is not.
  for (const part of ledgerPartsLimited) app.use(`/ledger/${part}`, limitRate(deps.limiter));
  app.use(authorise(deps));
  app.use(readBody());
  app.use(once(deps));

  registerSharedParts(app);
  addOperationRoutes(app, deps, metrics);
  addDocumentationRoutes(app);
  addSealRoutes(app, deps);
  addVerificationRoutes(app, deps);
  addPolicyRoutes(app, deps);
  addReviewRoutes(app, deps);
  addApplicationRoutes(app, deps);
  addCertificateRoutes(app, deps);
  addPkiRoutes(app, deps);
  addSealChangeRoutes(app, deps);
  addJobRoutes(app, deps);
  addChipRoutes(app, deps);
  addChipBackupRoutes(app, deps);
  addPersonalKeyRoutes(app, deps);
  addMisbehaviourRoutes(app, deps);
  addInstitutionRoutes(app, deps);
  addGrantRoutes(app, deps);
  addKeyOperationRoutes(app, deps);
  addDocumentRoutes(app, deps);
  addCscRoutes(app, deps);
  addPaymentRoutes(app, deps);
  addBiometricRoutes(app, deps);
  addSessionRoutes(app, deps);
  addSoftwareRoutes(app, deps);
  addRiskRoutes(app, deps);
  addAuditRoutes(app, deps);
  addFederationRoutes(app, deps);
  addLedgerRoutes(app, deps);
  addPasskeyRoutes(app, deps);
  addTokenRoutes(app, deps);
  addTokenAdministrationRoutes(app, deps);
  addWebhookRoutes(app, deps);
  addSensitiveRoutes(app, deps);
  if (deps.business) addBusinessRoutes(app, deps.business);
  if (deps.demo) addDemoRoutes(app, deps.demo, deps.demoLedger);

  app.onError((error, c) => answerProblem(c, error));
  app.notFound((c) => answerMissing(app, c));
  assertEveryRouteHasRule(app);
  return app;
}
