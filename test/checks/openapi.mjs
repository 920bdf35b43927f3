import { run } from './tools.mjs';

/** docs/openapi.json is what the schemas and routes of src/edge say, as `npm run openapi` writes it. */
export async function openapi(root) {
  const { ok, output } = await run(root, 'npm', ['run', '-s', 'openapi', '--', '--check']);
  return ok
    ? []
    : [`the OpenAPI document is not what src/edge says; run npm run openapi\n${output}`];
}
