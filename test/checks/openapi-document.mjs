// Writes docs/openapi.json from the schemas and routes of src/edge; with --check, says whether the
// file on disk is still that.
import { readFile, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';

const root = new URL('../../', import.meta.url);
const file = new URL('docs/openapi.json', root);

/** The document of a service in demo mode, which has every route. */
async function document() {
  const { outputFiles } = await build({
    stdin: {
      // Routes are declared without touching any dependency.
      contents: `
        import { createApp } from './src/edge/app.ts';
        import { openApiDocument } from './src/edge/openapi.ts';
        export const document = openApiDocument(createApp({ demo: {}, demoLedger: {}, business: {} }));`,
      resolveDir: new URL('.', root).pathname,
    },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    external: ['libsodium-wrappers'],
    // Modules are addressed when they are loaded, and here none is.
    define: { 'import.meta.url': '"file:///"' },
    logLevel: 'error',
  });
  const code = Buffer.from(outputFiles[0].contents).toString('base64');
  const module = await import(`data:text/javascript;base64,${code}`);
  return `${JSON.stringify(module.document, null, 2)}\n`;
}

const wanted = await document();
if (process.argv.includes('--check')) {
  const found = await readFile(file, 'utf8').catch(() => '');
  if (found !== wanted) {
    console.error('docs/openapi.json is not what src/edge says; run npm run openapi');
    process.exitCode = 1;
  }
} else {
  await writeFile(file, wanted);
}
