import {
  type KeySession,
  type KeyTerminal,
  type KeyVault,
  makePersonalKey,
  pinProtection,
  type StoredKey,
  withPersonalKey,
} from '../../client/certificates.ts';
import type { PersonalKey } from '../../client/index.ts';
import type { Stage } from './stage.ts';

/** A sample person with a terminal, a key in two shares and a certificate in force. */
export interface KeyHolder {
  readonly who: string;
  readonly key: PersonalKey;
  readonly serial: string;
  readonly terminal: KeyTerminal;
  use<T>(work: (session: KeySession) => Promise<T>): Promise<T>;
}

export const tenant = 'beichen-bank';

/** Rests in the memory of this process: the sample key is gone when the demonstration is over. */
function memoryVault(): KeyVault {
  const kept = new Map<string, StoredKey>();
  return {
    load: async (id) => kept.get(id),
    save: async (id, key) => void kept.set(id, key),
    remove: async (id) => void kept.delete(id),
  };
}

export async function keyHolder(stage: Stage, who: string, name: string): Promise<KeyHolder> {
  const client = stage.as(who);
  const terminal: KeyTerminal = {
    client,
    tenant,
    vault: memoryVault(),
    protection: pinProtection(client, '493817'),
    now: Date.now,
  };
  const key = await makePersonalKey(terminal, '演示手机');
  const use = <T>(work: (session: KeySession) => Promise<T>) =>
    withPersonalKey(terminal, key.id, work);
  const request = await use((session) => session.certificateRequest());
  const serial = await certified(stage, who, name, request);
  return { who, key: await client.personalKeys.bind(key.id, serial), serial, terminal, use };
}

/** Takes a request through the registration authority until its certificate is in force. */
async function certified(stage: Stage, who: string, name: string, request: string) {
  const { id } = await stage.as(who).certificates.applications.create({
    kind: 'person',
    algorithm: 'sm2',
    subject: { commonName: name, country: 'CN' },
    request,
    requested: {
      role: 'checker',
      permissions: ['view', 'make', 'check'],
      limits: [
        { channel: 'online', currency: 'CNY', single: '10000000', daily: '90000000', count: 40 },
        { channel: 'direct', currency: 'CNY', single: '10000000', daily: '90000000', count: 40 },
      ],
    },
  });
  // Nobody establishes their own identity.
  const officer = who === 'reviewer-he' ? 'reviewer-qin' : 'reviewer-he';
  const finding = { passed: true, reference: '演示' };
  await stage.as(officer).certificates.applications.identify(id, finding);
  const approver = stage.as('administrator-lin').certificates;
  // Nobody scored this one: two officers answer for more than viewing.
  const reason = '演示';
  const lifted = await stage
    .as(officer)
    .certificates.applications.override(id, { tier: 3, reason });
  const { proposedAt = '' } = lifted.override ?? {};
  await approver.applications.decideOverride(id, { decision: 'confirm', proposedAt });
  const { certificates } = await approver.applications.approve(id);
  const [serial = ''] = certificates;
  await approver.thaw(serial);
  return serial;
}
