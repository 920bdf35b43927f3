import { base64Bytes, base64Text } from '../../lib/base64.ts';
import { CinnabarError } from '../errors.ts';
import { decryptObjects, encryptObjects, type ObjectContext } from '../seals/envelope.ts';
import { storeObjects } from '../seals/orphans.ts';
import type { Entry, SigningDeps } from './ports.ts';
import { entryOf } from './rows.ts';
import type { DocumentPart, StoredDocument } from './types.ts';

/** Longest document that is taken. Larger ones are signed by their digest, detached. */
export const documentBytesMax = 8 * 1024 * 1024;

type StoreDeps = Pick<
  SigningDeps,
  'clock' | 'objects' | 'orphans' | 'random' | 'signing' | 'templateKeys'
>;

/**
 * Encrypts and stores a document. The row that comes back must be written by the caller: an object
 * that no row names is removed after a while.
 *
 * @throws CinnabarError `chips_unavailable`, `storage_unavailable`
 */
export async function keepDocument(
  deps: StoreDeps,
  tenant: string,
  operationId: string,
  part: DocumentPart,
  bytes: Uint8Array,
): Promise<Entry<'document'>> {
  const plaintext = { context: contextOf(operationId, part), bytes };
  const [object] = await encryptObjects(deps, tenant, [plaintext]);
  if (!object) throw new Error('documents: nothing was encrypted');
  await storeObjects(deps, tenant, [object]);
  return entryOf('document', {
    tenant,
    id: documentId(operationId, part),
    revision: 1,
    operationId,
    part,
    objectKey: object.objectKey,
    wrappedKeyB64: base64Text(object.wrappedKey),
    digestHex: object.digestHex,
    storedBytes: object.bytes,
  });
}

/**
 * The document as it was kept.
 *
 * @throws CinnabarError `operation_not_found` when there is none, `template_unreadable` when it is
 * not what was stored, `chips_unavailable`, `storage_unavailable`
 */
export async function readDocument(
  deps: StoreDeps,
  tenant: string,
  operationId: string,
  part: DocumentPart,
): Promise<Uint8Array> {
  const row = await findDocument(deps, tenant, operationId, part);
  if (!row) throw new CinnabarError('operation_not_found');
  const { objectKey, digestHex, storedBytes: bytes } = row;
  const wrappedKey = base64Bytes(row.wrappedKeyB64) ?? new Uint8Array(0);
  const object = { objectKey, wrappedKey, digestHex, bytes };
  const [plain] = await decryptObjects(deps, tenant, [
    { object, context: contextOf(operationId, part) },
  ]);
  if (!plain) throw new CinnabarError('template_unreadable');
  return plain;
}

export function findDocument(
  { signing }: Pick<SigningDeps, 'signing'>,
  tenant: string,
  operationId: string,
  part: DocumentPart,
): Promise<StoredDocument | undefined> {
  return signing.find(tenant, 'document', documentId(operationId, part));
}

/** Which of these objects some document of the tenant refers to. */
export async function referencedDocuments(
  { signing }: Pick<SigningDeps, 'signing'>,
  tenant: string,
  objectKeys: readonly string[],
): Promise<readonly string[]> {
  const own = objectKeys.filter((key) => key.startsWith(`${tenant}/${purpose}/`));
  const found = await Promise.all(
    own.map((state) => signing.list(tenant, 'document', { state }, { limit: 1 })),
  );
  return own.filter((_, i) => (found[i]?.length ?? 0) > 0);
}

const purpose = 'document';

const documentId = (operationId: string, part: DocumentPart) => `${operationId}.${part}`;

const contextOf = (operationId: string, part: DocumentPart): ObjectContext => [
  purpose,
  operationId,
  part,
];
