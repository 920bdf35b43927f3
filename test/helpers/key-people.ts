import {
  type KeyTerminal,
  type KeyVault,
  makePersonalKey,
  pinProtection,
  type StoredKey,
  withPersonalKey,
} from '../../src/client/certificates.ts';
import { type Client, createClient } from '../../src/client/index.ts';

/** A client of a running service that acts as a demo identity. */
export function clientAs(url: string, identity: string, send: typeof fetch = fetch): Client {
  const { demo } = createClient({ baseUrl: url, fetch: send });
  let token: Promise<string> | undefined;
  return createClient({
    baseUrl: url,
    fetch: send,
    token: (refused) => {
      if (refused) token = undefined;
      token ??= demo.token(identity).then((answer) => answer.token);
      return token;
    },
  });
}

export function memoryVault(): KeyVault & { readonly kept: Map<string, StoredKey> } {
  const kept = new Map<string, StoredKey>();
  return {
    kept,
    load: async (id) => kept.get(id),
    save: async (id, key) => void kept.set(id, key),
    remove: async (id) => void kept.delete(id),
  };
}

export const pin = '246810';

/** Takes an application through the registration authority until its certificates are delivered. */
export async function issued(
  url: string,
  applicationId: string,
  send: typeof fetch = fetch,
): Promise<readonly string[]> {
  const [officer, approver, administrator] = [
    'reviewer-he',
    'risk-officer-xu',
    'administrator-lin',
  ].map((identity) => clientAs(url, identity, send).certificates);
  if (!officer || !approver || !administrator) throw new Error('three people');
  await officer.applications.identify(applicationId, { passed: true, reference: 'F-1' });
  // A person needs a tier that permits to act; an institution's certificate needs none.
  const { kind } = await officer.applications.get(applicationId);
  if (kind === 'person') {
    const proposal = { tier: 3, reason: 'known to the branch' };
    const { override } = await officer.applications.override(applicationId, proposal);
    await approver.applications.decideOverride(applicationId, {
      decision: 'confirm',
      proposedAt: override?.proposedAt ?? '',
    });
  }
  const { certificates } = await approver.applications.approve(applicationId);
  for (const serial of certificates) await administrator.thaw(serial);
  return certificates;
}

/** Somebody with a certified personal key, as a terminal holds it: its share under a PIN. */
export async function keyPerson(url: string, identity: string, send: typeof fetch = fetch) {
  const client = clientAs(url, identity, send);
  const vault = memoryVault();
  const protection = pinProtection(client, pin);
  const terminal: KeyTerminal = {
    client,
    tenant: 'beichen-bank',
    vault,
    protection,
    now: Date.now,
  };
  const { id } = await makePersonalKey(terminal, `laptop of ${identity}`);
  const request = await withPersonalKey(terminal, id, (session) => session.certificateRequest());
  const application = await client.certificates.applications.create({
    kind: 'person',
    algorithm: 'sm2',
    subject: { commonName: identity, country: 'CN' },
    dnsNames: [],
    request,
    requested: { role: 'maker', permissions: ['view', 'make'], limits: [] },
  });
  const [serial = ''] = await issued(url, application.id, send);
  await client.personalKeys.bind(id, serial);
  const stored = vault.kept.get(id);
  if (!stored) throw new Error('the share was not kept');
  return { identity, client, terminal, vault, keyId: id, stored };
}

export type KeyPerson = Awaited<ReturnType<typeof keyPerson>>;
