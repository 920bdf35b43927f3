import { run } from './tools.mjs';

/** docs/openapi.json is what the schemas and routes of src/edge say. */
export async function openapi(root) {
  const { ok, output } = await run(root, 'node', ['test/checks/openapi-document.mjs', '--check']);
  return ok ? [] : [output];
}
