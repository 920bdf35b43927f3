import { OpenAPIHono } from '@hono/zod-openapi';
import type { EdgeApp, EdgeEnv } from './context.ts';
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
import { addTokenAdministrationRoutes } from './routes/business-systems.ts';
import { addCertificateRoutes } from './routes/certificates.ts';
import { addChipRoutes } from './routes/chips.ts';
import { addDemoRoutes } from './routes/demo.ts';
import { addDocumentationRoutes } from './routes/documentation.ts';
import { addFederationRoutes } from './routes/federation.ts';
import { addInstitutionRoutes } from './routes/institutions.ts';
import { addJobRoutes } from './routes/jobs.ts';
import { addKeyOperationRoutes } from './routes/key-operations.ts';
import { addLedgerRoutes, ledgerPartsLimited } from './routes/ledger.ts';
import { addOperationRoutes } from './routes/operation.ts';
import { addPasskeyRoutes } from './routes/passkeys.ts';
import { addPersonalKeyRoutes } from './routes/personal-keys.ts';
import { addPkiRoutes } from './routes/pki.ts';
import { addPolicyRoutes } from './routes/policies.ts';
import { addReviewRoutes } from './routes/reviews.ts';
import { addSealChangeRoutes } from './routes/seal-changes.ts';
import { addSealRoutes } from './routes/seals.ts';
import { addTokenRoutes } from './routes/tokens.ts';
import { addVerificationRoutes } from './routes/verifications.ts';
import { answerMissing, assertEveryRouteHasRule } from './routing.ts';
import { refuseInvalid } from './validation.ts';

/** The service. Each request passes the middleware in this order, then its route. */
export function createApp(deps: EdgeDeps): EdgeApp {
  const app: EdgeApp = new OpenAPIHono<EdgeEnv>({ defaultHook: refuseInvalid });
  const metrics = createMetrics();

  app.use(nameRequest(deps));
  app.use(observe(deps, metrics));
  app.use(secureHeaders());
  app.use(lookUpRule());
  app.use(checkBodyHeaders());
  app.use(identify(deps.authenticator));
  app.use('/v1/*', limitRate(deps.limiter));
  // Tiles are static and cached; what is computed or signed for a caller is not.
  for (const part of ledgerPartsLimited) app.use(`/ledger/${part}`, limitRate(deps.limiter));
  app.use(authorise());
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
  addPersonalKeyRoutes(app, deps);
  addInstitutionRoutes(app, deps);
  addKeyOperationRoutes(app, deps);
  addAuditRoutes(app, deps);
  addFederationRoutes(app, deps);
  addLedgerRoutes(app, deps);
  addPasskeyRoutes(app, deps);
  addTokenRoutes(app, deps);
  addTokenAdministrationRoutes(app, deps);
  if (deps.demo) addDemoRoutes(app, deps.demo, deps.demoLedger);

  app.onError((error, c) => answerProblem(c, error));
  app.notFound((c) => answerMissing(app, c));
  assertEveryRouteHasRule(app);
  return app;
}
