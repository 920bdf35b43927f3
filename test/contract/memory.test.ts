import { describe, expect, it } from 'vitest';
import { memoryAuditLog } from '../../src/platform/memory/audit-log.ts';
import { memoryCertificateStore } from '../../src/platform/memory/certificate-store.ts';
import { memoryNodeStore, memoryScoringStore } from '../../src/platform/memory/federation.ts';
import { memoryIdempotencyStore } from '../../src/platform/memory/idempotency-store.ts';
import { memoryKeys, memoryShares } from '../../src/platform/memory/keys.ts';
import { memoryLedger } from '../../src/platform/memory/ledger.ts';
import { memoryObjectStore } from '../../src/platform/memory/objects.ts';
import { memoryPaymentBooks } from '../../src/platform/memory/payment-books.ts';
import { memoryRateLimiter } from '../../src/platform/memory/rate-limiter.ts';
import { memoryRowStore } from '../../src/platform/memory/row-store.ts';
import { memorySealStore } from '../../src/platform/memory/seal-store.ts';
import { memoryTemplateKeys } from '../../src/platform/memory/template-keys.ts';
import { memoryWorkStore } from '../../src/platform/memory/work-store.ts';
import { seededRandom, tickingClock } from '../helpers/time-and-chance.ts';
import { auditLogContract } from './audit-log.ts';
import { certificateStoreContract } from './certificate-store.ts';
import { idempotencyStoreContract } from './idempotency-store.ts';
import { keysContract } from './keys.ts';
import { ledgerContract } from './ledger.ts';
import { nodeStoreContract } from './node-store.ts';
import { objectStoreContract } from './object-store.ts';
import { paymentBooksContract } from './payment-books.ts';
import { rowStoreContract, type SampleRows } from './row-store.ts';
import { scoringStoreContract } from './scoring-store.ts';
import { sealStoreContract } from './seal-store.ts';
import { sharesContract } from './shares.ts';
import { templateKeysContract } from './template-keys.ts';
import { workStoreContract } from './work-store.ts';

describe('memory audit log', () => auditLogContract(() => memoryAuditLog(tickingClock())));
describe('memory certificate store', () => certificateStoreContract(memoryCertificateStore));
describe('memory idempotency store', () => idempotencyStoreContract(memoryIdempotencyStore));
describe('memory ledger', () => {
  const clock = tickingClock();
  ledgerContract(() => memoryLedger(clock), clock.now);
});
describe('memory node store', () => {
  const store = memoryNodeStore();
  nodeStoreContract((work) => work(store));
});
describe('memory object store', () => objectStoreContract(memoryObjectStore));
describe('memory payment books', () => paymentBooksContract(memoryPaymentBooks, 20));
describe('memory row store', () => rowStoreContract(() => memoryRowStore<SampleRows>()));
describe('memory scoring store', () => {
  const store = memoryScoringStore();
  scoringStoreContract(() => store);
});
describe('memory seal store', () => sealStoreContract(memorySealStore));
describe('memory work store', () => workStoreContract(memoryWorkStore));
describe('memory rate limiter', () => {
  it('allows each caller its share of a period, and again in the next', async () => {
    const clock = tickingClock();
    const limiter = memoryRateLimiter(clock, 2, 60_000);
    const ask = async (caller: string) => limiter.allow(caller);
    expect([await ask('a'), await ask('a'), await ask('a'), await ask('b')]).toEqual([
      true,
      true,
      false,
      true,
    ]);
    clock.advance(60_000);
    expect(await ask('a')).toBe(true);
  });
});
describe('memory template keys', () =>
  templateKeysContract(() => memoryTemplateKeys(seededRandom(1))));

const keyClock = tickingClock();
describe('memory keys', () => keysContract(() => memoryKeys(keyClock), keyClock.now));

describe('memory shares', () => sharesContract(() => memoryShares(tickingClock())));
