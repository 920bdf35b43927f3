import { LedgerError } from '../../core/ledger/error.ts';
import { policyFrom } from '../../core/ledger/proof-file.ts';
import { CinnabarError } from '../errors.ts';
import type { Ledger, LedgerTrust } from './ports.ts';

/** Fewer could be one witness's word, and none would be the log's own. */
const quorumMin = 2;

const untrusted = (detail: string) => new CinnabarError('ledger_untrusted', { detail });

/**
 * The keys of a log as an operator wrote them down, in JSON: what `/ledger/trust` gave when the log
 * was new. Whoever verifies here trusts these, and never what the log says of itself.
 *
 * @throws CinnabarError `ledger_untrusted` when nothing is pinned, or not the keys of this log
 */
export function pinnedTrust(text: string | undefined, origin: string): LedgerTrust {
  if (!text) throw untrusted('No keys of the ledger are pinned: LEDGER_TRUST is empty.');
  let trust: LedgerTrust;
  let name: string;
  try {
    // Its parts are checked next; `null` has none.
    trust = (JSON.parse(text) ?? {}) as LedgerTrust;
    const policy = policyFrom(trust);
    if (!policy.logSm2) throw untrusted('LEDGER_TRUST lacks the SM2 key of the log.');
    name = policy.log.name;
  } catch (error) {
    const isForm = error instanceof SyntaxError || error instanceof LedgerError;
    throw isForm ? untrusted('LEDGER_TRUST is not what /ledger/trust gives.') : error;
  }
  if (name !== origin) throw untrusted('LEDGER_TRUST names another log than LEDGER_ORIGIN.');
  if (trust.quorum < quorumMin) throw untrusted('LEDGER_TRUST asks for fewer than two witnesses.');
  return trust;
}

/**
 * That the log which answers is the one whose keys are pinned, with a quorum of the pinned
 * witnesses: asked before the service says that it is ready.
 *
 * @throws CinnabarError `ledger_untrusted`, `ledger_unavailable`
 */
export async function assertPinnedLog(
  ledger: Pick<Ledger, 'trust'>,
  pinned: LedgerTrust,
): Promise<void> {
  const { log, logSm2, witnesses } = await ledger.trust();
  const known = pinned.witnesses.filter((witness) => witnesses.includes(witness));
  const holds = log === pinned.log && logSm2 === pinned.logSm2 && known.length >= pinned.quorum;
  if (!holds) throw untrusted('The ledger has other keys than those that are pinned.');
}
