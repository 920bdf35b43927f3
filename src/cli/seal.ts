import { writeFile } from 'node:fs/promises';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { metered } from '../core/metered.ts';
import type { Precheck } from '../core/precheck.ts';
import type { Raster } from '../core/raster.ts';
import { loadSeal, type Seal, type SealVerification } from '../core/seal.ts';
import { openVendor } from '../core/seal-vendor.ts';
import { command, type Group, UsageError } from './command.ts';
import { parseDpi, readInput } from './files.ts';
import { evaluate } from './seal-evaluate.ts';
import { importSeals } from './seal-import.ts';
import { sealServiceCommands } from './seal-service.ts';
import { sealWorkCommands } from './seal-work.ts';

const dpiOption = { type: 'string', value: 'N' } as const;

async function openPicture(seal: Seal, path: string, dpi: number | undefined): Promise<Raster> {
  const raster = seal.decode(await readInput(path));
  return dpi === undefined ? raster : { ...raster, dpi };
}

/** That reason's detail is only the picture's size, by which one knows which picture it is. */
function assumed(code: string): string {
  return code === 'dpi_assumed' ? ' px name no resolution; 300 dpi was taken' : '';
}

function textOf({ verdict, vendors, reasons, elapsedMs }: SealVerification): string {
  const lines = [
    verdict,
    ...vendors.map(
      ({ code, score, threshold, match }) =>
        `  ${code}: ${match ? 'match' : 'no match'}, score ${score.toFixed(3)}, threshold ${threshold.toFixed(3)}`,
    ),
    ...reasons.map(({ code, detail }) => `  ${code}: ${detail}${assumed(code)}`),
    `  ${elapsedMs.toFixed(1)} ms`,
  ];
  return `${lines.join('\n')}\n`;
}

const verify = command({
  summary: 'compares two imprint pictures on this machine',
  operands: ['RESERVED', 'QUERY'],
  options: {
    dpi: { ...dpiOption, about: 'resolution of QUERY; if not given, what the file says' },
    'reserved-dpi': { ...dpiOption, about: 'resolution of RESERVED' },
  },
  details:
    'Pictures are PNG or JPEG. Exit status 0 when the verdict is pass, 1 when it is fail or review.',
  async run([reservedPath = '', queryPath = ''], values) {
    const queryDpi = parseDpi(values.dpi);
    const reservedDpi = parseDpi(values['reserved-dpi']);
    const seal = await loadSeal();
    const reserved = await openPicture(seal, reservedPath, reservedDpi);
    const query = await openPicture(seal, queryPath, queryDpi);
    const verification = seal.verify(reserved, query);
    const exit = verification.verdict === 'pass' ? 0 : 1;
    return { exit, json: verification, text: textOf(verification) };
  },
});

function precheckText(found: Precheck): string {
  const measures: [string, number | undefined][] = [
    ['sharpness', found.sharpness],
    ['completeness', found.completeness],
    ['contrast', found.contrast],
    ['likeness', found.likeness],
  ];
  const lines = [
    found.ok ? 'good enough to verify' : 'NOT good enough to verify',
    ...found.reasons.map(({ code, detail }) => `  ${code}: ${detail}`),
    ...measures.flatMap(([name, value]) =>
      value === undefined ? [] : [`  ${name} ${value.toFixed(2)}`],
    ),
  ];
  return `${lines.join('\n')}\n`;
}

const precheck = command({
  summary: 'says whether a picture is good enough to verify',
  operands: ['PICTURE'],
  options: {
    dpi: { ...dpiOption, about: 'resolution of PICTURE; if not given, what the file says' },
    reserved: { type: 'string', value: 'FILE', about: 'also: does it look like this imprint?' },
  },
  details: 'Exit status 0 when it is, 1 when it is not.',
  async run([path = ''], values) {
    const dpi = parseDpi(values.dpi);
    const seal = await loadSeal();
    const raster = await openPicture(seal, path, dpi);
    const { reserved } = values;
    const found =
      reserved === undefined
        ? seal.precheck(raster)
        : seal.precheck(raster, await openPicture(seal, reserved, undefined));
    return { exit: found.ok ? 0 : 1, json: found, text: precheckText(found) };
  },
});

const meter = command({
  summary: 'puts a counter of steps into the module of a seal vendor',
  operands: ['MODULE'],
  options: { out: { type: 'string', value: 'FILE', about: 'where the metered module goes' } },
  details:
    'A call of a metered module ends after so many steps, also in a Worker. Prints the SHA-256 of both.',
  async run([path = ''], { out }) {
    if (out === undefined) throw new UsageError('--out is missing');
    const bytes = Uint8Array.from(await readInput(path));
    const counted = metered(bytes);
    // Throws when this is no vendor.
    const { code, version } = openVendor(await WebAssembly.compile(counted));
    await writeFile(out, counted);
    const found = { code, version, sha256: sha256Of(bytes), meteredSha256: sha256Of(counted) };
    const text = `${code} ${version}\n  ${found.sha256} as given\n  ${found.meteredSha256} metered\n`;
    return { exit: 0, json: found, text };
  },
});

const sha256Of = (bytes: Uint8Array) => bytesToHex(sha256(bytes));

export const seal: Group = {
  summary: 'seal imprints: on this machine, and through a running service',
  commands: {
    verify,
    evaluate,
    precheck,
    meter,
    ...sealServiceCommands,
    import: importSeals,
    ...sealWorkCommands,
  },
};
