import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Miniflare } from 'miniflare';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asJavaScript, documentedAddress, snippetsOf } from '../helpers/snippets.ts';
import {
  doorsWithExamples,
  examplesIn,
  expectedOf,
  page,
  placePictures,
  printedBy,
  startExampleService,
  trained,
} from './examples.ts';
import { type Installed, packAndInstall, repository, runProgram } from './installed.ts';
import { doorsFrom, expected, journey, sample, samples } from './use.ts';

const require = createRequire(import.meta.url);
const doors = doorsFrom((door) => `cinnabar/${door}`);
let installed: Installed;
let service: Awaited<ReturnType<typeof startExampleService>>;
let training: Awaited<ReturnType<typeof trained>>;

beforeAll(async () => {
  [installed, service] = await Promise.all([packAndInstall(), startExampleService()]);
  await placePictures(installed);
  training = await trained(installed);
}, 60_000);
afterAll(async () => {
  service.server.close();
  await installed.remove();
});

const inPackage = (path: string) => join(installed.folder, 'node_modules/cinnabar', path);

describe('the tarball', () => {
  it('holds the built doors, their modules, types and papers, and nothing else', () => {
    expect(installed.files.filter((path) => !path.startsWith('dist/types/'))).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'README.zh-CN.md',
      'dist/THIRD-PARTY.txt',
      'dist/business.browser.js',
      'dist/business.node.js',
      'dist/business.workerd.js',
      'dist/certificates.browser.js',
      'dist/certificates.node.js',
      'dist/certificates.workerd.js',
      'dist/cli.js',
      'dist/client.browser.js',
      'dist/client.node.js',
      'dist/client.workerd.js',
      'dist/federated.wasm',
      'dist/federation.browser.js',
      'dist/federation.node.js',
      'dist/federation.workerd.js',
      'dist/gm.browser.js',
      'dist/gm.node.js',
      'dist/gm.wasm',
      'dist/gm.workerd.js',
      'dist/ledger.browser.js',
      'dist/ledger.node.js',
      'dist/ledger.workerd.js',
      'dist/libsodium.wasm',
      'dist/seal.browser.js',
      'dist/seal.node.js',
      'dist/seal.wasm',
      'dist/seal.workerd.js',
      'dist/tagger.browser.js',
      'dist/tagger.node.js',
      'dist/tagger.wasm',
      'dist/tagger.workerd.js',
      'dist/vendor-glyphs.wasm',
      'dist/vendor-spectrum.wasm',
      'dist/vendor-stroke.wasm',
      'package.json',
    ]);
    const types = installed.files.filter((path) => path.startsWith('dist/types/'));
    expect(types.filter((path) => !path.endsWith('.d.ts'))).toEqual([]);
    expect(types).toContain('dist/types/core/gm.d.ts');
  });

  it('names no folder of the machine that built it and holds no key', async () => {
    for (const path of installed.files) {
      const text = await readFile(inPackage(path), 'latin1');
      expect(text.includes(repository), path).toBe(false);
      expect(/-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]{16}/.test(text), path).toBe(false);
    }
  });

  it('asks for no other package', async () => {
    const manifest = JSON.parse(await readFile(inPackage('package.json'), 'utf8'));
    expect(Object.keys(manifest.dependencies ?? {})).toEqual([]);
    expect(Object.keys(manifest.optionalDependencies ?? {})).toEqual([]);
  });
});

describe('an installed package', () => {
  it('works in a plain Node script', async () => {
    await writeFile(join(installed.folder, 'journey.js'), journey);
    await writeFile(
      join(installed.folder, 'main.js'),
      `import { readFile } from 'node:fs/promises';
       import { useDoors } from './journey.js';
       ${doors}
       const open = (name) => readFile(process.argv[2] + '/' + name);
       console.log(JSON.stringify(await useDoors(doors, open)));`,
    );
    const { stdout } = await runProgram(process.execPath, ['main.js', samples], {
      cwd: installed.folder,
    });
    expect(JSON.parse(stdout)).toEqual(expected);
  });

  it('runs the examples of the README, and its twin has the same', async () => {
    const codes = [
      ...(await snippetsOf('README.md', 'js')),
      ...(await Promise.all((await snippetsOf('README.md', 'ts')).map(asJavaScript))),
    ];
    const printed = [];
    for (const code of codes) printed.push((await printedBy(installed, code, service.url))[0]);
    expect(printed).toEqual(['true', 'pass', 'NAME', '1']);
    const readme = await readFile(inPackage('README.md'), 'utf8');
    const twin = await readFile(join(repository, 'README.zh-CN.md'), 'utf8');
    const shape = (text: string) => ({
      headings: text.match(/^#+ /gm),
      code: [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].map(([, kind, code = '']) => [
        kind,
        code.replace(/ +#.*$/gm, ''),
      ]),
      rows: text.match(/^\|/gm)?.length,
    });
    expect(shape(twin)).toEqual(shape(readme));
  });

  it('runs the examples of docs/packages.md in Node, one for every door', async () => {
    const examples = await examplesIn('js');
    expect([...examples.keys()]).toEqual(doorsWithExamples);
    const printed: Record<string, readonly string[]> = {};
    for (const [door, code] of examples) {
      if (door !== 'federation') printed[door] = await printedBy(installed, code, service.url);
    }
    expect(printed).toEqual({
      gm: ['abc'],
      seal: [expect.stringMatching(/^\d{3,}$/), expect.stringMatching(/^\d{3}$/)],
      tagger: ['NAME,PAYMENT'],
      client: ['1', 'true', 'seal_not_found'],
    });
    // In millionths; the invented labels follow from the columns.
    expect(training.auc).toBeGreaterThan(900_000);
    expect(training.tier).toBeGreaterThanOrEqual(1);
  });

  it('has the sizes that the page about the doors says', async () => {
    const text = await readFile(join(repository, page), 'utf8');
    const sizeOf = async (file: string) =>
      gzipSync(await readFile(inPackage(`dist/${file}`))).length;
    const rows = [...text.matchAll(/^\| `cinnabar\/(\w+)` \|[^|]*\| (\d+) \| (\d+) \|$/gm)];
    expect(rows.length).toBe(8);
    for (const [, door, scriptSize, modules] of rows) {
      const script = await readFile(inPackage(`dist/${door}.browser.js`), 'utf8');
      const named = new Set(script.match(/[\w-]+\.wasm/g));
      const files = installed.files.filter((path) => named.has(path.replace('dist/', '')));
      const loaded = await Promise.all(files.map((path) => sizeOf(path.replace('dist/', ''))));
      const sizes = [
        await sizeOf(`${door}.browser.js`),
        loaded.reduce((sum, size) => sum + size, 0),
      ];
      // A tenth more or less is the same size to whoever plans with it.
      for (const [at, said] of [scriptSize, modules].entries()) {
        const kilobytes = (sizes[at] ?? 0) / 1000;
        expect(Math.abs(kilobytes - Number(said)), `${door}: ${kilobytes}`).toBeLessThan(
          Math.max(2, kilobytes / 10),
        );
      }
    }
  });

  it('works in a Worker that wrangler bundles, and so do the examples of docs/packages.md', async () => {
    const folder = join(installed.folder, 'worker');
    await mkdir(folder);
    await writeFile(
      join(folder, 'wrangler.toml'),
      'name = "stranger"\nmain = "main.js"\ncompatibility_date = "2026-04-26"\n',
    );
    await writeFile(join(folder, 'journey.js'), journey);
    const examples = await examplesIn('ts');
    expect([...examples.keys()]).toEqual(doorsWithExamples);
    for (const [door, code] of examples) {
      await writeFile(
        join(folder, `${door}-example.ts`),
        code.replaceAll(documentedAddress, service.url),
      );
    }
    await writeFile(
      join(folder, 'main.js'),
      `${doorsWithExamples.map((door) => `import ${door}Example from './${door}-example.ts';`).join('\n')}
       import { useDoors } from './journey.js';
       ${doors}
       const examples = { ${doorsWithExamples.map((door) => `${door}: ${door}Example`).join(', ')} };
       export default {
         async fetch(request) {
           const example = examples[new URL(request.url).pathname.slice(1)];
           if (example) return example.fetch(request);
           const pictures = await request.formData();
           const open = async (name) => new Uint8Array(await pictures.get(name).arrayBuffer());
           return Response.json(await useDoors(doors, open));
         },
       };`,
    );
    await runProgram(
      process.execPath,
      [
        join(require.resolve('wrangler/package.json'), '../bin/wrangler.js'),
        'deploy',
        '--dry-run',
        '--outdir=out',
      ],
      {
        cwd: folder,
        env: { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true' },
      },
    );
    const worker = new Miniflare({
      modulesRoot: join(folder, 'out'),
      scriptPath: join(folder, 'out/main.js'),
      modules: true,
      modulesRules: [{ type: 'CompiledWasm', include: ['**/*.wasm'] }],
      compatibilityDate: '2026-04-26',
    });
    try {
      const ask = async (path: string, body: string | FormData) => {
        const given = new Response(body);
        const answer = await worker.dispatchFetch(`http://worker/${path}`, {
          method: 'POST',
          headers: { 'content-type': given.headers.get('content-type') ?? '' },
          body: await given.arrayBuffer(),
        });
        return answer.json();
      };
      const formOf = async (pictures: Record<string, string>) => {
        const form = new FormData();
        for (const [field, name] of Object.entries(pictures)) {
          form.set(field, new Blob([new Uint8Array(await sample(name))]), name);
        }
        return form;
      };
      const names = ['r01-reserved.jpg', 'r01-g0.jpg', 'r01-f-text0.jpg'];
      const all = await formOf(Object.fromEntries(names.map((name) => [name, name])));
      expect(await ask('', all)).toEqual(expected);
      expect({
        gm: await ask('gm', 'abc'),
        seal: await ask(
          'seal',
          await formOf({ reserved: 't05-reserved.jpg', query: 't05-g0.jpg' }),
        ),
        tagger: await ask('tagger', '手机13812345678'),
        federation: await ask(
          'federation',
          await readFile(join(installed.folder, 'scoring.json'), 'utf8'),
        ),
        client: await ask('client', ''),
      }).toEqual(expectedOf(training.tier));
    } finally {
      await worker.dispose();
    }
  }, 60_000);

  it.each(['bundler', 'nodenext'])(
    'has types under moduleResolution %s',
    async (resolution) => {
      const folder = join(installed.folder, `types-${resolution}`);
      await mkdir(folder);
      await writeFile(
        join(folder, 'main.ts'),
        `import { type GmErrorCode, GmError, loadGm } from 'cinnabar/gm';
       import { type Raster, loadSeal } from 'cinnabar/seal';
       import { type Client, createClient } from 'cinnabar/client';
       const gm = await loadGm();
       export const digest: Uint8Array = gm.sm3(new Uint8Array(3));
       export const codeOf = (error: GmError): GmErrorCode => error.code;
       const seal = await loadSeal();
       export const raster: Raster = seal.decode(new Uint8Array(3));
       export const verdict: 'pass' | 'fail' | 'review' = seal.verify(raster, raster).verdict;
       export const client: Client = createClient({ baseUrl: '' });
       // @ts-expect-error a digest is bytes, not text
       export const wrong: string = gm.sm3(new Uint8Array(3));`,
      );
      const snippets = [
        ...(await snippetsOf(page, 'ts')),
        ...(await snippetsOf('README.md', 'ts')),
      ];
      for (const [at, code] of snippets.entries()) {
        await writeFile(join(folder, `snippet-${at}.ts`), code);
      }
      await writeFile(
        join(folder, 'tsconfig.json'),
        JSON.stringify({
          compilerOptions: {
            target: 'ES2022',
            module: resolution === 'bundler' ? 'ESNext' : resolution,
            moduleResolution: resolution,
            lib: ['ES2022', 'DOM'],
            types: [],
            strict: true,
            skipLibCheck: false,
            noEmit: true,
          },
          include: ['*.ts'],
        }),
      );
      const compiler = join(require.resolve('typescript/package.json'), '../lib/tsc.js');
      const checked = await runProgram(process.execPath, [compiler, '-p', folder]).catch(
        ({ stdout }: { stdout: string }) => ({ stdout }),
      );
      expect(checked.stdout).toBe('');
    },
    60_000,
  );

  it('has a command line tool', async () => {
    const tool = join(installed.folder, 'node_modules/.bin/cinnabar');
    const { version } = JSON.parse(await readFile(inPackage('package.json'), 'utf8'));
    expect((await runProgram(tool, ['--help'])).stdout).toContain('cinnabar GROUP COMMAND');
    expect((await runProgram(tool, ['--version'])).stdout).toBe(`${version}\n`);
  });
});
