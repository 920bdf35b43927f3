import { describe, expect, it } from 'vitest';
import {
  afterEvent,
  applicationActions,
  applicationStates,
  certificateStates,
  deliverySteps,
  moveActions,
  nextApplicationState,
  nextCertificateState,
} from '../../../src/domain/certificates/states.ts';
import { ledgerEventTypes } from '../../../src/domain/ledger/events.ts';

describe('A6 A7 A9: what may happen', () => {
  it('to an application: these moves and no other', () => {
    const moves = applicationStates.flatMap((state) =>
      applicationActions.flatMap((action) => {
        const next = nextApplicationState(state, action);
        return next ? [`${state} ${action} ${next}`] : [];
      }),
    );
    expect(moves).toEqual([
      'submitted identify identified',
      'submitted reject rejected',
      'submitted withdraw withdrawn',
      'identified approve approved',
      'identified reject rejected',
      'identified withdraw withdrawn',
      'approved issue issued',
      'approved reject rejected',
      'approved withdraw withdrawn',
    ]);
  });

  it('to a certificate: these moves and no other', () => {
    const moves = certificateStates.flatMap((state) =>
      moveActions.flatMap((action) => {
        const next = nextCertificateState(state, action);
        return next ? [`${state} ${action} ${next}`] : [];
      }),
    );
    expect(moves).toEqual([
      'prepared freeze frozen',
      'frozen thaw active',
      'frozen revoke revoked',
      'active suspend suspended',
      'active revoke revoked',
      'suspended resume active',
      'suspended revoke revoked',
    ]);
  });

  it('in the ledger: every other event in every view is refused', () => {
    const allowed: string[] = [];
    for (const state of certificateStates) {
      for (const type of ledgerEventTypes) {
        try {
          allowed.push(`${state} ${type} ${afterEvent({ state, delivery: 'none' }, type).state}`);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }
    }
    const moves = allowed.filter((line) => !/ (?:settings|issued) /.test(line));
    expect(moves).toHaveLength(7);
    for (const delivery of deliverySteps) {
      expect(afterEvent({ state: 'active', delivery }, 'issued').delivery).toBe('delivered');
    }
  });
});
