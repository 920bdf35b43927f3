import type { PaymentTerminal } from '../../client/index.ts';
import { certificateOf, type KeyCertificate } from '../person/certificate-of.ts';
import { type KeyHere, keysHere } from '../person/keys-here.ts';
import { client } from '../session.ts';
import { hasSessionKeys } from './session.ts';

/** A key in this browser on its way to a paying device. */
export interface PayingKey {
  readonly held: KeyHere;
  readonly papers: KeyCertificate;
  readonly terminal: PaymentTerminal | undefined;
  /** Whether this browser can open sessions of the device. */
  readonly isConnected: boolean;
}

const terminalsMax = 100;

export async function payingKeys(): Promise<readonly PayingKey[]> {
  const [held, terminals] = await Promise.all([
    keysHere(),
    client.terminals.list({ limit: terminalsMax }),
  ]);
  return Promise.all(
    held.map(async (one) => ({
      held: one,
      papers: await certificateOf(one.key),
      terminal: terminals.items.find(({ id }) => id === one.key.id),
      isConnected: await hasSessionKeys(one.key.id),
    })),
  );
}

export function isInForce({ papers: { certificate } }: PayingKey): boolean {
  return certificate?.state === 'active' && certificate.delivery === 'delivered';
}

export function mayPay(key: PayingKey): boolean {
  return key.terminal?.state === 'active' && key.isConnected && isInForce(key);
}
