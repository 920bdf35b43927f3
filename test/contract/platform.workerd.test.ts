import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { remoteKeys, remoteShares } from '../../src/platform/chips/remote.ts';
import { chipTemplateKeys } from '../../src/platform/chips/template-keys.ts';
import { d1CertificateStore } from '../../src/platform/d1/certificate-store.ts';
import { d1IdempotencyStore } from '../../src/platform/d1/idempotency-store.ts';
import { d1ScoringStore } from '../../src/platform/d1/scoring-store.ts';
import { d1SealStore } from '../../src/platform/d1/seal-store.ts';
import { d1WorkStore } from '../../src/platform/d1/work-store.ts';
import { durableAuditLog } from '../../src/platform/durable/audit-log.ts';
import { BehaviourDesk, durableBehaviourLog } from '../../src/platform/durable/behaviour-desk.ts';
import { durableLedger } from '../../src/platform/durable/ledger.ts';
import { sqlNodeStore } from '../../src/platform/durable/node-store.ts';
import { durablePaymentBooks } from '../../src/platform/durable/payment-book.ts';
import { durableRowStore } from '../../src/platform/durable/row-desk.ts';
import { r2ObjectStore } from '../../src/platform/r2/object-store.ts';
import { auditLogContract } from './audit-log.ts';
import { base64urlContract } from './base64url.ts';
import { behaviourLogContract } from './behaviour-log.ts';
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

describe('audit log of Durable Objects', () => auditLogContract(() => durableAuditLog(env.AUDIT)));
describe('log of behaviour in Durable Objects', () =>
  behaviourLogContract(() => durableBehaviourLog(env.TEST_BEHAVIOUR)));
describe('log of behaviour in Durable Objects, as time goes by', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('D7: an event is forgotten after its retention though nobody asks, and a later one then', () => {
    const [day, startMs] = [24 * 60 * 60 * 1000, Date.UTC(2040, 0, 1)];
    const event = { session: 'session-1', action: 'bill.list', outcome: 'done', durationMs: 1 };
    // Any object's storage will do: the desk brings its own tables.
    const place = env.DESKS.getByName('behaviour-retention');
    return runInDurableObject(place, async (_, state) => {
      const desk = new BehaviourDesk(state, env);
      const add = (id: string, atMs: number) =>
        desk.append({ ...event, outcome: 'done', id, atMs }, 400 * day);
      await add('event-0002', startMs + 10 * day);
      await add('event-0001', startMs);
      const ring = async (atMs: number) => {
        vi.setSystemTime(atMs);
        // As the runtime does before it calls: the alarm that rings is set no more.
        await state.storage.deleteAlarm();
        await desk.alarm();
        return [desk.read(10).map(({ id }) => id), await state.storage.getAlarm()];
      };
      expect(await state.storage.getAlarm()).toBe(startMs + 400 * day);
      expect(await ring(startMs + 400 * day - 1)).toEqual([
        ['event-0001', 'event-0002'],
        startMs + 400 * day,
      ]);
      expect(await ring(startMs + 400 * day)).toEqual([['event-0002'], startMs + 410 * day]);
      expect(await ring(startMs + 500 * day)).toEqual([[], null]);
    });
  });
});
describe('base64url of this engine', () => base64urlContract());
describe('certificate store in D1', () =>
  certificateStoreContract(() => d1CertificateStore(env.DB)));
describe('idempotency store in D1', () =>
  idempotencyStoreContract(() => d1IdempotencyStore(env.DB)));
describe('ledger of Durable Objects', () =>
  ledgerContract(() => durableLedger(env.LEDGER, env.LEDGER_ORIGIN), Date.now));
describe('node store in SQLite', () =>
  nodeStoreContract((work) => {
    // Any object's storage will do: the store brings its own tables.
    const stub = env.DESKS.getByName('node-store-contract');
    return runInDurableObject(stub, (_, { storage }) => work(sqlNodeStore(storage.sql)));
  }));
describe('node store in SQLite, after an earlier build', () =>
  nodeStoreContract((work) => {
    const stub = env.DESKS.getByName('node-store-earlier');
    return runInDurableObject(stub, async (_, { storage }) => {
      storage.sql.exec(`CREATE TABLE IF NOT EXISTS people (
        pid BLOB PRIMARY KEY, bins BLOB NOT NULL, name_tag BLOB NOT NULL, phone_tag BLOB,
        sanctioned INTEGER NOT NULL) STRICT, WITHOUT ROWID`);
      const [pid, bins, nameTag] = [new Uint8Array(16), Uint8Array.of(7), new Uint8Array(32)];
      storage.sql.exec(
        `INSERT OR REPLACE INTO people (pid, bins, name_tag, sanctioned) VALUES (?, ?, ?, 1)`,
        pid,
        bins,
        nameTag,
      );
      const store = sqlNodeStore(storage.sql);
      expect(await store.findPerson(pid)).toEqual({ pid, bins, nameTag, sanctioned: true });
      await work(store);
    });
  }));
describe('object store in R2', () => objectStoreContract(() => r2ObjectStore(env.OBJECTS)));
describe('payment books of Durable Objects', () =>
  // Each call crosses into the object's thread: four orders are 512 of them.
  paymentBooksContract(() => durablePaymentBooks(env.PAYMENTS), 4));
describe('row store of Durable Objects', () => {
  rowStoreContract(() => durableRowStore<SampleRows>(env.DESKS, 'contract'));

  it('D8: whoever asks for a name that nobody has leaves nothing behind', async () => {
    const desk = env.DESKS.getByName('asked-by-a-stranger');
    const tables = () =>
      runInDurableObject(desk, (_, { storage }) =>
        storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'rows'").toArray(),
      );
    expect(await desk.find('passkey', 'x')).toBeUndefined();
    expect(await desk.list('passkey', {}, { limit: 5 })).toEqual([]);
    expect(await tables()).toEqual([]);
    const entry = { kind: 'passkey', id: 'x', owner: '', parent: '', state: '', row: '{}' };
    expect(await desk.write([{ ...entry, revision: 2 }])).toBe(false);
    expect(await desk.write([{ ...entry, revision: 1 }])).toBe(true);
    expect(await desk.find('passkey', 'x')).toBe('{}');
    expect(await tables()).toHaveLength(1);
  });
});
describe('scoring store in D1', () => scoringStoreContract(() => d1ScoringStore(env.DB)));
describe('seal store in D1', () => sealStoreContract(() => d1SealStore(env.DB)));
describe('work store in D1', () => workStoreContract(() => d1WorkStore(env.DB)));
describe('template keys in the chips Worker', () =>
  templateKeysContract(() => chipTemplateKeys(env.CHIPS)));
describe('keys in the chips Worker', () => keysContract(() => remoteKeys(env.CHIPS), Date.now));
describe('shares in the chips Worker', () => sharesContract(() => remoteShares(env.CHIPS)));
