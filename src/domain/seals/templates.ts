import { CinnabarError } from '../errors.ts';
import { newId } from '../id.ts';
import {
  decryptObjects,
  encryptObjects,
  type FreshObject,
  type ObjectContext,
} from './envelope.ts';
import type { SealDeps } from './ports.ts';
import type { StoredTemplate, TemplateOwner, Vendor } from './types.ts';

/** A vendor's template in the clear. It never leaves the memory of one request. */
export interface PlainTemplate {
  readonly vendor: Vendor;
  /** Which reserved imprint of the seal, from 1. */
  readonly specimen: number;
  readonly bytes: Uint8Array;
}

/** Encrypted templates with the rows that will name them. Nothing is stored yet. */
export interface FreshTemplates {
  readonly rows: readonly StoredTemplate[];
  readonly objects: readonly FreshObject[];
}

/** Encrypts one owner's templates. @throws CinnabarError `chips_unavailable` */
export async function encryptTemplates(
  deps: SealDeps,
  tenant: string,
  owner: TemplateOwner,
  revision: number,
  templates: readonly PlainTemplate[],
): Promise<FreshTemplates> {
  const objects = await encryptObjects(
    deps,
    tenant,
    templates.map(({ vendor, specimen, bytes }) => ({
      context: templateContext({ owner, revision, specimen, vendor }),
      bytes,
    })),
  );
  const createdAtMs = deps.clock.now();
  const rows = templates.map(({ vendor, specimen }, index) => {
    const object = objects[index];
    if (object === undefined) throw new Error('templates: one was not encrypted');
    const { ciphertext: _stored, ...reference } = object;
    return {
      ...reference,
      id: newId(deps),
      tenant,
      owner,
      revision,
      specimen,
      vendor,
      createdAtMs,
    };
  });
  return { rows, objects };
}

export interface DecryptedTemplate {
  readonly row: StoredTemplate;
  readonly bytes: Uint8Array;
}

/** Decrypts templates, in order. @throws CinnabarError as `decryptObjects` */
export async function decryptTemplates(
  deps: SealDeps,
  tenant: string,
  rows: readonly StoredTemplate[],
): Promise<readonly DecryptedTemplate[]> {
  const contents = await decryptObjects(
    deps,
    tenant,
    rows.map((row) => ({ object: row, context: templateContext(row) })),
  );
  return rows.map((row, index) => {
    const bytes = contents[index];
    if (bytes === undefined) throw new CinnabarError('template_unreadable');
    return { row, bytes };
  });
}

function templateContext(
  template: Pick<StoredTemplate, 'owner' | 'revision' | 'specimen' | 'vendor'>,
): ObjectContext {
  const { owner, revision, specimen, vendor } = template;
  const fields = [owner.kind, owner.id, String(revision), vendor.code, vendor.version];
  // The first imprint is bound as it was when a seal had only one.
  return ['template', ...fields, ...(specimen === 1 ? [] : [String(specimen)])];
}
