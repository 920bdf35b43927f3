import { describe } from 'vitest';
import { memoryAuditLog } from '../../src/platform/memory/audit-log.ts';
import { memoryIdempotencyStore } from '../../src/platform/memory/idempotency-store.ts';
import { memoryObjectStore } from '../../src/platform/memory/objects.ts';
import { memorySealStore } from '../../src/platform/memory/seal-store.ts';
import { memoryTemplateKeys } from '../../src/platform/memory/template-keys.ts';
import { seededRandom, tickingClock } from '../helpers/time-and-chance.ts';
import { auditLogContract } from './audit-log.ts';
import { idempotencyStoreContract } from './idempotency-store.ts';
import { objectStoreContract } from './object-store.ts';
import { sealStoreContract } from './seal-store.ts';
import { templateKeysContract } from './template-keys.ts';

describe('memory audit log', () => auditLogContract(() => memoryAuditLog(tickingClock())));
describe('memory idempotency store', () => idempotencyStoreContract(memoryIdempotencyStore));
describe('memory object store', () => objectStoreContract(memoryObjectStore));
describe('memory seal store', () => sealStoreContract(memorySealStore));
describe('memory template keys', () =>
  templateKeysContract(() => memoryTemplateKeys(seededRandom(1))));
