import { asking } from './picture.ts';
import { pictureDpi } from './pictures.ts';
import type { SealDeps, SealEngine } from './ports.ts';
import { decryptTemplates } from './templates.ts';
import type { StoredTemplate } from './types.ts';
import type { Replayed } from './work-rows.ts';

/** Kept queries that are asked again for one reserved template: the latest ones. */
const queriesPerTemplate = 3;
const picturePixelsMax = 4_000_000;

export const nothingReplayed: Replayed = { same: 0, refused: 0, accepted: 0 };

/**
 * Asks a coming vendor about the queries that were compared with a reserved template (B10). A query
 * is kept as the leaving vendor's template: its canonical picture is what the coming vendor sees,
 * not the scan, so its answers are somewhat coarser than those that a scan would get.
 *
 * @param fresh the coming vendor's template of the reserved picture
 * @throws CinnabarError `template_unreadable`, `chips_unavailable`, `storage_unavailable`
 */
export async function replayQueries(
  deps: SealDeps,
  old: StoredTemplate,
  to: string,
  fresh: Uint8Array,
): Promise<Replayed> {
  const { tenant, owner, vendor } = old;
  const filter = { sealId: owner.id };
  const kept = await deps.seals.listVerifications(tenant, filter, { limit: 20 });
  const asked = kept
    .flatMap(({ vendors, templates }) => {
      const said = vendors.find(({ reservedTemplateId }) => reservedTemplateId === old.id);
      const query = templates.find((template) => template.vendor.code === vendor.code);
      return said && query ? [{ matched: said.match, query }] : [];
    })
    .slice(0, queriesPerTemplate);
  if (asked.length === 0) return nothingReplayed;
  const opened = await decryptTemplates(
    deps,
    tenant,
    asked.map(({ query }) => query),
  );
  const counts = { same: 0, refused: 0, accepted: 0 };
  for (const { row, bytes } of opened) {
    const before = asked.find(({ query }) => query.id === row.id)?.matched === true;
    const now = matches(deps.engine, vendor.code, bytes, to, fresh);
    counts[before === now ? 'same' : before ? 'refused' : 'accepted'] += 1;
  }
  return counts;
}

function matches(
  engine: SealEngine,
  from: string,
  query: Uint8Array,
  to: string,
  fresh: Uint8Array,
): boolean {
  return asking(() => {
    const png = engine.encodeBitmapPng(engine.restore(from, query), pictureDpi);
    const raster = engine.decode(png, { pixelsMax: picturePixelsMax });
    return engine.match(to, fresh, engine.enrol(raster, to)).match;
  });
}
