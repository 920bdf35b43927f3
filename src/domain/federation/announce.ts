import { instantText } from '../../lib/time.ts';
import { CinnabarError } from '../errors.ts';
import type { LedgerEvent } from '../ledger/events.ts';
import type { Ledger } from '../ledger/ports.ts';
import type { Clock } from '../ports.ts';
import { policyHash } from './decide.ts';
import type { DecisionRecord } from './messages.ts';
import type { FederatedModel } from './model.ts';
import type { Federation } from './parties.ts';
import type { PolicyTable } from './policy.ts';

export interface Announcing {
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly federation: Federation;
  /** The table that the decision goes by, as it is shown to those whom it rules. */
  readonly policy: PolicyTable;
  /** The public bundle. @throws CinnabarError `federation_unavailable` */
  model(): Promise<FederatedModel>;
}

/** Of each ledger that this isolate writes to, the policies whose events are known to be there. */
const announced = new WeakMap<Ledger, Map<string, Promise<void>>>();

/**
 * Writes into the ledger that model and policy are in force, before the first decision by them. Once
 * written they are found again, whoever asks.
 *
 * @throws CinnabarError `federation_inconsistent` when the decision is by another model or policy than
 *   the ones shown; `federation_unavailable`, `ledger_unavailable`
 */
export async function announceOnce(
  deps: Announcing,
  record: Pick<DecisionRecord, 'modelHash' | 'policyHash'>,
): Promise<void> {
  const { federation, policy, ledger } = deps;
  const isShown =
    record.policyHash === policyHash(policy) && record.modelHash === federation.roster.modelHash;
  if (!isShown) throw new CinnabarError('federation_inconsistent');
  const policies = announced.get(ledger) ?? new Map<string, Promise<void>>();
  announced.set(ledger, policies);
  const known = policies.get(record.policyHash);
  if (known) return known;
  const writing = announce(deps, record);
  policies.set(record.policyHash, writing);
  writing.catch(() => policies.delete(record.policyHash));
  return writing;
}

async function announce(
  deps: Announcing,
  { modelHash, policyHash: policySha256 }: Pick<DecisionRecord, 'modelHash' | 'policyHash'>,
): Promise<void> {
  const { clock, policy } = deps;
  const model = await deps.model();
  if (model.hash !== modelHash) throw new CinnabarError('federation_inconsistent');
  const common = { v: 1, prev: null, at: instantText(clock.now()) } as const;
  const version = `${policy.name}.${policy.version}`;
  await Promise.all([
    write(deps, {
      ...common,
      type: 'model',
      subject: `model/${modelHash}`,
      modelSha256: modelHash,
      version: model.version,
    }),
    write(deps, {
      ...common,
      type: 'policy',
      subject: `policy/${policySha256}`,
      policySha256,
      version,
    }),
  ]);
}

async function write({ ledger }: Announcing, event: LedgerEvent): Promise<void> {
  await ledger.append(event, { requestId: 'in-force' });
}
