import type { SealDeps } from './ports.ts';
import { stepReplacement } from './replace.ts';
import { settleDecision, settleDueDecisions } from './reviews.ts';
import { runVoucher, sweepVouchers } from './vouchers.ts';
import type { WorkMessage } from './work-rows.ts';

/** Does what a message asks for. @returns whether nothing is left to do for now */
export async function runWork(deps: SealDeps, message: WorkMessage): Promise<boolean> {
  switch (message.kind) {
    case 'decision':
      return settleDecision(deps, message.tenant, message.id);
    case 'voucher':
      return runVoucher(deps, message.tenant, message.id);
    case 'job':
      return stepReplacement(deps, message.tenant, message.id);
  }
}

const sweepItems = 100;

/** Takes up what lost messages left behind, in every institution. Called once an hour. */
export async function sweepWork(deps: SealDeps): Promise<void> {
  await settleDueDecisions(deps, sweepItems);
  await sweepVouchers(deps, sweepItems);
}
