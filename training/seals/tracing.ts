// A vendor compiled with a look inside (`trace.ts` of its folder), and its calls.
import asc from 'assemblyscript/asc';
import type { Raster } from '../../src/core/raster.ts';

export interface TraceExports {
  readonly memory: WebAssembly.Memory;
  reset(): void;
  alloc(bytes: number): number;
  enrol(
    rgba: number,
    w: number,
    h: number,
    dpi: number,
    keep: number,
    out: number,
    room: number,
  ): number;
  compare(a: number, n: number, b: number, m: number, out: number, room: number): number;
  traceEvidence(): number;
  /** Only where the vendor asks more of fine print: its small marks. */
  countMarks?(): number;
  /** Only where the vendor has an eye for small marks: how much the worst counts for itself. */
  doubtOfMarks?(): number;
  /** Only where the vendor has an eye for small marks: how many it saw, their pictures and places. */
  readonly markCount?: WebAssembly.Global;
  readonly pictures?: WebAssembly.Global;
  readonly places?: WebAssembly.Global;
}

const MAX_TEMPLATE = 65_536;
const RESULT_ROOM = 48 + 1024 * 16;

export async function traceModule(vendor: string): Promise<TraceExports> {
  let binary: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await asc.main(
    [
      `assembly/vendors/${vendor}/trace.ts`,
      '--config',
      'asconfig.json',
      '--target',
      `vendor-${vendor}`,
      '--outFile',
      'out.wasm',
    ],
    {
      writeFile: (_: string, contents: Uint8Array | string) => {
        if (typeof contents !== 'string') binary = new Uint8Array(contents);
      },
    },
  );
  if (error || !binary) throw new Error(`the vendor did not compile\n${stderr}`);
  const abort = () => {
    throw new Error('the vendor aborted');
  };
  const { instance } = await WebAssembly.instantiate(binary, { env: { abort } });
  // The compiled entry file exports exactly this.
  return instance.exports as unknown as TraceExports;
}

export function enrol(vendor: TraceExports, raster: Raster, keep: number): Uint8Array | undefined {
  vendor.reset();
  const out = vendor.alloc(MAX_TEMPLATE);
  const rgba = vendor.alloc(raster.rgba.length);
  new Uint8Array(vendor.memory.buffer).set(raster.rgba, rgba);
  const length = vendor.enrol(
    rgba,
    raster.width,
    raster.height,
    raster.dpi ?? 0,
    keep,
    out,
    MAX_TEMPLATE,
  );
  return length < 0 ? undefined : new Uint8Array(vendor.memory.buffer.slice(out, out + length));
}

/** The score of two templates; what the vendor saw stays in its memory until the next call. */
export function compare(
  vendor: TraceExports,
  reserved: Uint8Array,
  query: Uint8Array,
): number | undefined {
  vendor.reset();
  const put = (bytes: Uint8Array) => {
    const at = vendor.alloc(bytes.length);
    new Uint8Array(vendor.memory.buffer).set(bytes, at);
    return at;
  };
  const [a, b] = [put(reserved), put(query)];
  const out = vendor.alloc(RESULT_ROOM);
  const length = vendor.compare(a, reserved.length, b, query.length, out, RESULT_ROOM);
  if (length < 0) return undefined;
  return new DataView(vendor.memory.buffer).getFloat32(out, true);
}
