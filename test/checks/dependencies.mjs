import { readJson } from './tools.mjs';

const exact = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/;
const groups = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];

function unpinned(manifest) {
  return groups.flatMap((group) =>
    Object.entries(manifest[group] ?? {})
      .filter(([, version]) => !exact.test(version))
      .map(
        ([name, version]) =>
          `package.json: ${group} asks for ${name} "${version}"; write one exact version`,
      ),
  );
}

/** `npm ci` refuses a lock file that disagrees, but only once somebody runs it. */
function outOfStep(manifest, lock) {
  const locked = lock.packages[''];
  return groups.flatMap((group) => {
    const names = new Set([
      ...Object.keys(manifest[group] ?? {}),
      ...Object.keys(locked[group] ?? {}),
    ]);
    return [...names]
      .filter((name) => manifest[group]?.[name] !== locked[group]?.[name])
      .map((name) => `package-lock.json: ${name} is not as package.json has it; run npm install`);
  });
}

function addressed(lock) {
  return Object.entries(lock.packages)
    .filter(([, entry]) => entry.resolved !== undefined && !entry.link)
    .map(
      ([path]) =>
        `package-lock.json: ${path} names a registry address; set omit-lockfile-registry-resolved=true in .npmrc and install again`,
    );
}

function installedFromElsewhere(lock) {
  return Object.entries(lock.packages)
    .filter(([path, entry]) => path !== '' && !entry.link && entry.integrity === undefined)
    .map(([path]) => `package-lock.json: ${path} has no integrity hash`);
}

/** Tests must run on the workerd that `wrangler dev` runs. */
function runtimes(lock) {
  const pool = lock.packages['node_modules/@cloudflare/vitest-pool-workers'];
  const wrangler = lock.packages['node_modules/wrangler'];
  const wanted = pool?.dependencies?.wrangler;
  if (wanted === undefined || wanted === wrangler?.version) return [];
  return [`wrangler is ${wrangler?.version} but the test pool runs on ${wanted}; keep them equal`];
}

/** One exact version of everything, no address in the lock file, nothing for a consumer to fetch. */
export async function dependencies(root) {
  const manifest = await readJson(root, 'package.json');
  const lock = await readJson(root, 'package-lock.json');
  const asked = Object.keys(manifest.dependencies ?? {});
  return [
    ...unpinned(manifest),
    ...outOfStep(manifest, lock),
    ...addressed(lock),
    ...installedFromElsewhere(lock),
    ...runtimes(lock),
    ...asked.map(
      (name) =>
        `package.json: ${name} stands in dependencies, but dist/ is bundled and its users install nothing; move it to devDependencies`,
    ),
  ];
}
