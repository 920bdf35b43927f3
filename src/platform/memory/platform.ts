import type { BiometricRows, BiometricService } from '../../domain/biometrics/ports.ts';
import { referenceRules, rulesSettings } from '../../domain/certificates/rules.ts';
import type { BackupRows } from '../../domain/chips/operate-backup.ts';
import type { PaymentRows } from '../../domain/payments/ports.ts';
import { rowRiskRegister } from '../../domain/payments/register.ts';
import { rowDevices } from '../../domain/payments/terminals.ts';
import type { Clock, Random } from '../../domain/ports.ts';
import type { RiskRows } from '../../domain/risk/ports.ts';
import type { SealPolicy } from '../../domain/seals/policy.ts';
import type { SealDeps, SealEngine } from '../../domain/seals/ports.ts';
import type { SigningRows } from '../../domain/signing/ports.ts';
import type { TerminalRows } from '../../domain/terminals/ports.ts';
import { sharedNonces } from '../../domain/tokens/nonces.ts';
import type { TokenRows } from '../../domain/tokens/ports.ts';
import type { WebhookRows } from '../../domain/webhooks/ports.ts';
import { chipTemplateKeys } from '../chips/template-keys.ts';
import { timerWaits } from '../system.ts';
import { httpWebhookSender } from '../webhook-sender.ts';
import { memoryAuditLog } from './audit-log.ts';
import { memoryCertificateStore } from './certificate-store.ts';
import { memoryChips } from './chip-cluster.ts';
import { memoryIdempotencyStore } from './idempotency-store.ts';
import { memoryLedger } from './ledger.ts';
import { memoryObjectStore, memoryOrphanQueue } from './objects.ts';
import { memoryPaymentBooks } from './payment-books.ts';
import { memoryRateLimiter } from './rate-limiter.ts';
import { memoryRowStore } from './row-store.ts';
import { memorySealStore } from './seal-store.ts';
import { memorySessions } from './terminal-sessions.ts';
import { memoryWorkQueue } from './work-queue.ts';
import { memoryWorkStore } from './work-store.ts';

/** What `memoryPlatform` does not make itself. */
export interface MemoryBase {
  readonly clock: Clock;
  readonly random: Random;
  readonly engine: SealEngine;
  readonly policy: SealPolicy;
  /** Requests per caller and minute. */
  readonly requestsPerMinute: number;
  /** X25519 key of the backup officers. */
  readonly backupKey?: Uint8Array;
}

/** Every port in RAM, gone with the process: for tests and for `cinnabar demo`. */
export function memoryPlatform(base: MemoryBase) {
  const { clock, random, engine, policy, requestsPerMinute, backupKey } = base;
  const work = memoryWorkStore();
  const riskRows = memoryRowStore<RiskRows>();
  const paymentRows = memoryRowStore<PaymentRows>();
  const tokens = memoryRowStore<TokenRows>();
  const setup = backupKey ? { backupKey } : {};
  const chips = memoryChips({ clock, random, waits: timerWaits, ...setup });
  const terminalRows = memoryRowStore<TerminalRows>();
  const ledger = memoryLedger(clock);
  return {
    clock,
    random,
    engine,
    policy,
    audit: memoryAuditLog(clock),
    seals: memorySealStore(work),
    work,
    workQueue: memoryWorkQueue(clock),
    objects: memoryObjectStore(),
    orphans: memoryOrphanQueue(clock),
    ledger,
    // In one process there is no other place that the keys could come from.
    ledgerTrust: () => ledger.trust(),
    templateKeys: chipTemplateKeys(chips.wrapping),
    keys: chips.keys,
    certificates: memoryCertificateStore(),
    settingsSource: rulesSettings({ clock }, referenceRules),
    pkiBase: 'http://localhost:8787',
    shares: chips.shares,
    chips: chips.chips,
    backups: chips.backups,
    backupRows: memoryRowStore<BackupRows>(),
    signing: memoryRowStore<SigningRows>(),
    books: memoryPaymentBooks(),
    riskRows,
    paymentRows,
    terminalRows,
    sessions: memorySessions(),
    sessionSuites: ['x25519', 'sm2'] as const,
    devices: rowDevices(paymentRows, terminalRows),
    riskRegister: rowRiskRegister({ riskRows }, paymentRows),
    biometricRows: memoryRowStore<BiometricRows>(),
    biometrics: [] as readonly BiometricService[],
    utcOffsetMinutes: 480,
    webhooks: memoryRowStore<WebhookRows>(),
    webhookSender: httpWebhookSender(),
    // Nothing delivers by itself here: who holds these ports calls `deliver`.
    webhookCourier: { watch: async () => undefined, wake: async () => undefined },
    webhooksToLoopback: true,
    tokens,
    nonces: sharedNonces({ clock, random, tokens }),
    sensitive: async () => (await import('../../core/tagger.ts')).loadTagger(),
    issuer: 'http://localhost:8787',
    serviceInstitution: 'beichen-bank',
    profiles: ['cin-sealed-1', 'cin-sd-1', 'cin-sm-1'] as const,
    idempotency: memoryIdempotencyStore(),
    limiter: memoryRateLimiter(clock, requestsPerMinute, 60_000),
    notices: { current: async () => undefined },
    checks: {},
  } satisfies SealDeps & Record<string, unknown>;
}
