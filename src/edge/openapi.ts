import { type ErrorCode, errorTitles } from '../domain/errors.ts';
import type { EdgeApp } from './context.ts';
import { addExamples } from './openapi-examples.ts';
import { statusOf } from './problem.ts';
import type { Problem } from './schemas/problem.ts';

/** Registers what the routes refer to: how a caller says who it is, and an example of each problem. */
export function registerSharedParts(app: EdgeApp): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'An access token (RFC 9068) with the audience `cinnabar`.',
  });
  for (const [code, value] of Object.entries(problemExamples)) {
    app.openAPIRegistry.registerComponent('examples', code, { value });
  }
}

const problemExamples = Object.fromEntries(
  // `errorTitles` has exactly the codes as its keys.
  (Object.keys(errorTitles) as ErrorCode[]).map((code) => [code, problemExample(code)]),
);

function problemExample(code: ErrorCode): Problem {
  const problem = {
    type: `urn:cinnabar:problem:${code}`,
    title: errorTitles[code],
    status: statusOf[code],
    code,
    requestId: '019aa3c1-5c00-7a31-9c2b-8f3f0d6f1a10',
  };
  if (code !== 'invalid_request') return problem;
  return { ...problem, errors: [{ pointer: '/body/number', code: 'required' }] };
}

/** The service in one OpenAPI 3.1 document, made from the schemas that check every request. */
export function openApiDocument(app: EdgeApp) {
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Cinnabar',
      version: '1',
      description:
        'Is this person allowed to make this institution’s mark, and is the mark real?\n\n' +
        'JSON in and out, multipart for pictures. Errors are `application/problem+json` with a ' +
        'stable `code`. Writes take an `idempotency-key`. Lists page by cursor. Everything is ' +
        'bound to the institution of the token: what belongs to another is 404.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: '/', description: 'The service that answered this document.' }],
    tags: [
      { name: 'Seals', description: 'Accounts, seal cards and reserved imprints.' },
      { name: 'Seal verifications', description: 'Query imprints and their verdicts.' },
      {
        name: 'Certificate applications',
        description: 'Who asks for a certificate, and who decides.',
      },
      { name: 'Certificates', description: 'Frozen from birth, thawed by the ledger alone.' },
      { name: 'Public key infrastructure', description: 'What other people’s programs read.' },
      { name: 'Passkeys', description: 'Authenticate without a password.' },
      { name: 'Tokens', description: 'Public to the terminal, sealed to business systems.' },
      { name: 'Token administration', description: 'Signing keys, and who may be told what.' },
      { name: 'Sensitive fields', description: 'What in a text or a form is sensitive.' },
      {
        name: 'Sample business system',
        description: 'A system beside the service, of its own; it exists in local runs only.',
      },
      { name: 'Payments', description: 'Orders of a payer, confirmed with the cloud key.' },
      { name: 'Risk', description: 'How orders are judged, and by whom.' },
      { name: 'Audit', description: 'Who did what, in a chain of hashes.' },
      { name: 'Webhooks', description: 'Messages about audit records, signed.' },
      { name: 'Operation', description: 'For those who run the service.' },
      { name: 'Demo mode only', description: 'Sample people, on one’s own machine.' },
    ],
  });
  addExamples(document);
  return document;
}
