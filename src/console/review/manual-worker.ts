// Compares templates with the vendors' own modules, on a thread of its own.
import type { VerificationTemplates } from '../../client/index.ts';
import { loadSeal } from '../../core/seal.ts';

export interface ManualOrder {
  readonly templates: VerificationTemplates;
}

export interface ManualAnswer {
  readonly vendors: readonly {
    readonly code: string;
    /** Absent where this browser has no such vendor, or it broke down. */
    readonly score?: number;
    readonly match?: boolean;
  }[];
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

async function answer({ templates }: ManualOrder): Promise<ManualAnswer> {
  const seal = await loadSeal();
  const vendors = templates.vendors.map(({ code, reserved, query }) => {
    try {
      const { score, match } = seal.match(code, bytesOf(reserved), bytesOf(query));
      return { code, score, match };
    } catch {
      return { code };
    }
  });
  return { vendors };
}

addEventListener('message', ({ data }: MessageEvent<ManualOrder>) => {
  answer(data).then(
    (result) => postMessage(result),
    (error: unknown) => reportError(error),
  );
});
