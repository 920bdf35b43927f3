import { utf8ToBytes } from '@noble/hashes/utils.js';
import { loadGm } from '../../src/core/gm.ts';
import { keygenContext } from '../../src/core/two-party-context.ts';
import type { Actor, Caller } from '../../src/domain/actor.ts';
import { applyForCertificate } from '../../src/domain/certificates/apply.ts';
import { issueCertificates } from '../../src/domain/certificates/issue.ts';
import { decideOverride, proposeOverride } from '../../src/domain/certificates/override.ts';
import { approveApplication, identifyApplicant } from '../../src/domain/certificates/review.ts';
import { thawCertificate } from '../../src/domain/certificates/thaw.ts';
import { newId } from '../../src/domain/id.ts';
import { coSign } from '../../src/domain/signing/co-sign.ts';
import {
  bindCertificate,
  finishPersonalKey,
  startPersonalKey,
} from '../../src/domain/signing/personal-keys.ts';
import type { SigningDeps, SigningRows } from '../../src/domain/signing/ports.ts';
import type { PersonalKey } from '../../src/domain/signing/types.ts';
import { chipTemplateKeys } from '../../src/platform/chips/template-keys.ts';
import { memoryChips } from '../../src/platform/memory/chip-cluster.ts';
import { memoryObjectStore, memoryOrphanQueue } from '../../src/platform/memory/objects.ts';
import { memoryRowStore } from '../../src/platform/memory/row-store.ts';
import { memorySealStore } from '../../src/platform/memory/seal-store.ts';
import { memoryWorkStore } from '../../src/platform/memory/work-store.ts';
import { certificateDeps, people, requestedSettings } from './certificates.ts';
import { jointRequestOf, startSignature } from './joint-key.ts';
import { patientWaits } from './time-and-chance.ts';

const gm = await loadGm();

/** Every port of signing in RAM, on a whole cluster of chips. */
export function signingDeps(startMs?: number) {
  const base = certificateDeps(startMs);
  const chips = memoryChips({ clock: base.clock, random: base.random, waits: patientWaits });
  return {
    ...base,
    keys: chips.keys,
    shares: chips.shares,
    templateKeys: chipTemplateKeys(chips.wrapping),
    signing: memoryRowStore<SigningRows>(),
    objects: memoryObjectStore(),
    orphans: memoryOrphanQueue(base.clock),
    seals: memorySealStore(memoryWorkStore()),
  } satisfies SigningDeps;
}

export function callerOf(id: string, role: Actor['roles'][number] = 'customer'): Caller {
  const actor: Actor = { id, tenant: 'beichen-bank', branch: '0102', roles: [role], name: id };
  return { actor, requestId: `request-of-${id}` };
}

/** A person with a terminal: what a browser does, on the domain's functions. */
export interface Terminal {
  readonly caller: Caller;
  readonly key: PersonalKey;
  readonly share: Uint8Array;
  /** A joint signature over what the service approved; `believed` is what the terminal signs. */
  sign(
    approved: Uint8Array,
    options?: { readonly requestId?: string; readonly believed?: Uint8Array },
  ): Promise<Uint8Array>;
  signText(text: string): Promise<Uint8Array>;
}

/** Makes a personal key between a terminal and the chips (C2). */
export async function terminalOf(deps: SigningDeps, caller: Caller): Promise<Terminal> {
  const { tenant } = caller.actor;
  const id = newId(deps);
  const sessionId = newId(deps);
  const client = gm.twoParty.keygen.clientStart(keygenContext({ tenant, keyId: id }, sessionId));
  const { message } = await startPersonalKey(deps, caller, {
    id,
    label: `phone of ${caller.actor.id}`,
    sessionId,
    commitment: client.commitment,
  });
  const { share, opening } = gm.twoParty.keygen.clientFinish(client.state, message);
  const key = await finishPersonalKey(deps, caller, { id, sessionId, opening });
  const terminal: Terminal = {
    caller,
    key,
    share,
    async sign(approved, { requestId = newId(deps), believed = approved } = {}) {
      const { state, ...sent } = startSignature(share, { tenant, keyId: id }, believed, requestId);
      const request = { keyId: id, ...sent };
      const { reply } = await coSign(deps, caller, request, { purpose: 'test', bytes: approved });
      return gm.twoParty.sign.clientFinish(state, reply);
    },
    signText: (text) => terminal.sign(utf8ToBytes(text)),
  };
  return terminal;
}

/** A PKCS#10 request over the terminal's joint key. */
export const jointRequest = ({ share, sign }: Terminal): Promise<Uint8Array> =>
  jointRequestOf(share, (info) => sign(info));

/** A person whose joint key has a certificate in force (C3). */
export async function certifiedTerminal(deps: SigningDeps, id: string): Promise<Terminal> {
  const terminal = await terminalOf(deps, callerOf(id));
  const application = newId(deps);
  await applyForCertificate(deps, terminal.caller, {
    id: application,
    kind: 'person',
    algorithm: 'sm2',
    subject: { commonName: id, country: 'CN' },
    dnsNames: [],
    request: await jointRequest(terminal),
    requested: requestedSettings,
  });
  const [certificate] = await inForce(deps, application);
  if (!certificate) throw new Error('nothing was issued');
  await bindCertificate(deps, terminal.caller, terminal.key.id, certificate);
  return terminal;
}

/** Takes an application through the registration authority until its certificates are in force. */
export async function inForce(deps: SigningDeps, application: string, approver = people.approver) {
  await identifyApplicant(deps, people.officer, application, { passed: true, reference: 'F-1' });
  return identifiedInForce(deps, application, approver);
}

/** Two officers give the third tier to whom nobody scored: the lowest may only view. */
async function lifted(deps: SigningDeps, id: string, checker: Caller): Promise<void> {
  const found = await deps.certificates.findApplication('beichen-bank', id);
  if (!found || (await deps.settingsSource.tierRange(found)).tier <= 3) return;
  const proposal = { tier: 3, reason: 'known to the branch' } as const;
  const { override } = await proposeOverride(deps, people.officer, id, proposal);
  const proposedAtMs = override?.proposedAtMs ?? 0;
  await decideOverride(deps, checker, id, { decision: 'confirm', proposedAtMs });
}

/** The same, of one whose applicant is identified already. */
export async function identifiedInForce(
  deps: SigningDeps,
  application: string,
  approver = people.approver,
) {
  await lifted(deps, application, approver);
  await approveApplication(deps, approver, application);
  const certificates = await issueCertificates(deps, people.approver, application);
  for (const { serialHex } of certificates) {
    await thawCertificate(deps, people.approver, { serialHex, id: `thaw-${serialHex}` });
  }
  return certificates;
}
