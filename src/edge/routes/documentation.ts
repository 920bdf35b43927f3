import type { EdgeApp } from '../context.ts';
import { openApiDocument } from '../openapi.ts';

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Cinnabar API</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/docs/swagger-ui.css">
  </head>
  <body>
    <main id="api"></main>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/init.js"></script>
  </body>
</html>
`;

const script = `window.addEventListener('load', () => {
  SwaggerUIBundle({
    url: '/openapi.json',
    dom_id: '#api',
    deepLinking: true,
    docExpansion: 'none',
    filter: true,
    tryItOutEnabled: true,
    validatorUrl: null,
  });
});
`;

/**
 * The OpenAPI document, and a page to read it.
 *
 * The page needs no other server: `swagger-ui.css` and `swagger-ui-bundle.js` of `swagger-ui-dist`
 * lie beside it under `/docs/` as static files. Its script is a file because the content security
 * policy allows none inside the page.
 */
export function addDocumentationRoutes(app: EdgeApp): void {
  app.get('/openapi.json', (c) => c.json(openApiDocument(app)));
  app.get('/docs', (c) => c.html(page));
  app.get('/docs/init.js', (c) =>
    c.body(script, 200, { 'content-type': 'text/javascript; charset=utf-8' }),
  );
}
