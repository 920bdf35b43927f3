import {
  type Account,
  type AppliedPolicy,
  type Card,
  cardImageTypes,
  type EncryptedObject,
  type Quality,
  type Reason,
  type Seal,
  type StoredTemplate,
  sealShapes,
  sealStatuses,
  type Transform,
  type Vendor,
  type VendorResult,
  type Verification,
} from '../../domain/seals/types.ts';
import {
  bytesOf,
  type Fields,
  fieldsOf,
  flagOf,
  integerOf,
  jsonOf,
  listOf,
  numberOf,
  oneOf,
  textOf,
  textsOf,
} from '../fields.ts';

export function parseAccount(row: Fields): Account {
  return {
    id: textOf(row, 'id'),
    tenant: textOf(row, 'tenant'),
    number: textOf(row, 'number'),
    name: textOf(row, 'name'),
    contact: textOf(row, 'contact'),
    createdAtMs: integerOf(row, 'created_at_ms'),
  };
}

export function parseCard(row: Fields): Card {
  return {
    id: textOf(row, 'id'),
    tenant: textOf(row, 'tenant'),
    accountId: textOf(row, 'account_id'),
    number: textOf(row, 'number'),
    startDate: textOf(row, 'start_date'),
    endDate: textOf(row, 'end_date'),
    image:
      row.image_object_key === null
        ? undefined
        : {
            ...parseEncryptedObject(row, 'image_'),
            mediaType: oneOf(row, 'image_media_type', cardImageTypes),
          },
    status: oneOf(row, 'status', sealStatuses),
    combinations: parseCombinations(jsonOf(row, 'combinations')),
    version: integerOf(row, 'version'),
    createdAtMs: integerOf(row, 'created_at_ms'),
  };
}

function parseCombinations(value: unknown): string[][] {
  if (!Array.isArray(value)) throw new TypeError('stored combinations are not a list');
  return value.map(textsOf);
}

export function parseSeal(row: Fields, templates: readonly StoredTemplate[]): Seal {
  return {
    id: textOf(row, 'id'),
    tenant: textOf(row, 'tenant'),
    accountId: textOf(row, 'account_id'),
    cardId: textOf(row, 'card_id'),
    serial: textOf(row, 'serial'),
    shape: oneOf(row, 'shape', sealShapes),
    remark: textOf(row, 'remark'),
    status: oneOf(row, 'status', sealStatuses),
    revision: integerOf(row, 'revision'),
    imprintRevision:
      row.imprint_revision === null
        ? integerOf(row, 'revision')
        : integerOf(row, 'imprint_revision'),
    reason: textOf(row, 'reason'),
    revisionId: textOf(row, 'revision_id'),
    quality: parseQuality(fieldsOf(jsonOf(row, 'quality'))),
    templates,
    createdAtMs: integerOf(row, 'created_at_ms'),
    revisedAtMs: integerOf(row, 'revised_at_ms'),
  };
}

export function parseVerification(row: Fields, templates: readonly StoredTemplate[]): Verification {
  return {
    id: textOf(row, 'id'),
    tenant: textOf(row, 'tenant'),
    sealId: textOf(row, 'seal_id'),
    sealRevision: integerOf(row, 'seal_revision'),
    money: { currency: textOf(row, 'currency'), amountMinor: integerOf(row, 'amount_minor') },
    branch: textOf(row, 'branch'),
    policy: parseAppliedPolicy(row),
    match: flagOf(row, 'is_match'),
    verdict: oneOf(row, 'verdict', ['pass', 'fail', 'review']),
    nextStep: oneOf(row, 'next_step', ['none', 'review']),
    vendors: listOf(jsonOf(row, 'vendors'), parseVendorResult),
    reasons: listOf(jsonOf(row, 'reasons'), parseReason),
    elapsedMs: numberOf(row, 'elapsed_ms'),
    requestedBy: textOf(row, 'requested_by'),
    createdAtMs: integerOf(row, 'created_at_ms'),
    templates,
  };
}

function parseAppliedPolicy(row: Fields): AppliedPolicy {
  const source = oneOf(row, 'policy_source', ['default', 'branch', 'level']);
  const vendorCount = integerOf(row, 'policy_vendor_count');
  if (row.policy_detail === null) {
    // Decided before the draw was kept.
    const branch = { isListed: source === 'branch', vendorCount };
    const draw = { candidates: [], bytesHex: '' };
    return {
      source,
      vendorCount,
      branch,
      level: undefined,
      secondReviewer: false,
      version: 0,
      draw,
    };
  }
  const detail = fieldsOf(jsonOf(row, 'policy_detail'));
  const branch = fieldsOf(detail.branch);
  const draw = fieldsOf(detail.draw);
  return {
    source,
    vendorCount,
    branch: { isListed: flagOf(branch, 'isListed'), vendorCount: integerOf(branch, 'vendorCount') },
    level: detail.level === undefined ? undefined : parseLevel(fieldsOf(detail.level)),
    secondReviewer: flagOf(detail, 'secondReviewer'),
    version: integerOf(detail, 'version'),
    draw: {
      candidates: textsOf(draw.candidates),
      bytesHex: textOf(draw, 'bytesHex'),
    },
  };
}

function parseLevel(level: Fields): NonNullable<AppliedPolicy['level']> {
  return {
    currency: textOf(level, 'currency'),
    fromMinor: integerOf(level, 'fromMinor'),
    vendorCount: integerOf(level, 'vendorCount'),
  };
}

export function parseTemplate(row: Fields): StoredTemplate {
  return {
    ...parseEncryptedObject(row, ''),
    id: textOf(row, 'id'),
    tenant: textOf(row, 'tenant'),
    owner: {
      kind: oneOf(row, 'owner_kind', ['seal', 'verification']),
      id: textOf(row, 'owner_id'),
    },
    revision: integerOf(row, 'revision'),
    specimen: integerOf(row, 'specimen'),
    vendor: {
      code: textOf(row, 'vendor_code'),
      name: textOf(row, 'vendor_name'),
      version: textOf(row, 'vendor_version'),
    },
    createdAtMs: integerOf(row, 'created_at_ms'),
  };
}

function parseEncryptedObject(row: Fields, prefix: string): EncryptedObject {
  return {
    objectKey: textOf(row, `${prefix}object_key`),
    wrappedKey: bytesOf(row, `${prefix}wrapped_key`),
    digestHex: textOf(row, `${prefix}digest_hex`),
    bytes: integerOf(row, `${prefix}bytes`),
  };
}

function parseQuality(fields: Fields): Quality {
  return {
    ok: flagOf(fields, 'ok'),
    sharpness: numberOf(fields, 'sharpness'),
    completeness: numberOf(fields, 'completeness'),
    reasons: listOf(fields.reasons, parseReason),
  };
}

function parseReason(fields: Fields): Reason {
  const code = textOf(fields, 'code');
  return fields.detail === undefined ? { code } : { code, detail: textOf(fields, 'detail') };
}

function parseVendor(fields: Fields): Vendor {
  return {
    code: textOf(fields, 'code'),
    name: textOf(fields, 'name'),
    version: textOf(fields, 'version'),
  };
}

function parseVendorResult(fields: Fields): VendorResult {
  return {
    vendor: parseVendor(fieldsOf(fields.vendor)),
    score: numberOf(fields, 'score'),
    threshold: numberOf(fields, 'threshold'),
    match: flagOf(fields, 'match'),
    transform: parseTransform(fields.transform),
    reservedTemplateId: textOf(fields, 'reservedTemplateId'),
  };
}

function parseTransform(value: unknown): Transform {
  if (!Array.isArray(value) || value.length !== 6 || !value.every(Number.isFinite)) {
    throw new TypeError('stored transform is not six numbers');
  }
  const [a, b, c, d, tx, ty] = value;
  return [a, b, c, d, tx, ty];
}
