import type { PageRequest } from '../../domain/ports.ts';
import type { Picture } from '../../domain/seals/picture.ts';

/** Leaves out what is `undefined`: an absent field and one without a value are not the same. */
export function present<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

export function pageRequest(query: { cursor?: string | undefined; limit: number }): PageRequest {
  return query.cursor === undefined
    ? { limit: query.limit }
    : { limit: query.limit, before: query.cursor };
}

export async function pictureOf(file: File, dpi: number | undefined): Promise<Picture> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  return dpi === undefined ? { bytes } : { bytes, dpi };
}
