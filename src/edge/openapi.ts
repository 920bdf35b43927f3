import type { EdgeApp } from './context.ts';

/** The service in one OpenAPI 3.1 document, made from the schemas that check every request. */
export function openApiDocument(app: EdgeApp) {
  return app.getOpenAPI31Document({
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
      { name: 'Audit', description: 'Who did what, in a chain of hashes.' },
      { name: 'Operation', description: 'For those who run the service.' },
      { name: 'Demo mode only', description: 'Sample people, on one’s own machine.' },
    ],
  });
}
