import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type CertificateEvidence,
  checkEvidence,
  type EvidenceTrust,
} from '../../../src/core/pki/evidence.ts';
import { issueCertificates } from '../../../src/domain/certificates/issue.ts';
import type { CertificateDeps } from '../../../src/domain/certificates/ports.ts';
import { thawCertificate } from '../../../src/domain/certificates/thaw.ts';
import type { Certificate } from '../../../src/domain/certificates/types.ts';
import { examine, trustOf } from '../../../src/domain/certificates/verify.ts';
import { eventBytes, type LedgerEvent } from '../../../src/domain/ledger/events.ts';
import type { Ledger, LedgerEntry } from '../../../src/domain/ledger/ports.ts';
import { base64urlText } from '../../../src/lib/base64url.ts';
import { memoryLedger } from '../../../src/platform/memory/ledger.ts';
import { localSigner } from '../../helpers/certificate-keys.ts';
import {
  approvedApplication,
  certificateDeps,
  frozenCertificate,
  people,
} from '../../helpers/certificates.ts';
import { dyingAt } from '../../helpers/dying.ts';

let deps: ReturnType<typeof certificateDeps>;
let certificate: Certificate;
let evidence: CertificateEvidence;
let trust: EvidenceTrust;

beforeAll(async () => {
  deps = certificateDeps();
  certificate = await frozenCertificate(deps, 'sm2');
  ({ evidence } = await examine(deps, certificate, 'entry'));
  ({ trust } = await trustOf(deps));
});

const verdictOf = (changed: Partial<CertificateEvidence>) =>
  checkEvidence({ ...evidence, ...changed }, trust, deps.clock.now());

/** The codes of the steps that failed, by step. */
async function failures(changed: Partial<CertificateEvidence>) {
  const { steps } = await verdictOf(changed);
  return Object.fromEntries(steps.flatMap(({ step, code }) => (code ? [[step, code]] : [])));
}

/** The frozen event as it was logged, with other words in it. */
function otherEntry(change: Partial<LedgerEvent>): CertificateEvidence['entry'] {
  const event = JSON.parse(new TextDecoder().decode(evidence.entry.bytes)) as LedgerEvent;
  return { ...evidence.entry, bytes: eventBytes({ ...event, ...change } as LedgerEvent) };
}

describe('A8 A9: a certificate that was tampered with', () => {
  it('is refused at every byte position, by its signature or form and always by its hash', async () => {
    const der = evidence.certificate;
    const seen = new Set<string>();
    for (let at = 0; at < der.length; at++) {
      const flipped = der.slice();
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      const found = await failures({ certificate: flipped });
      expect(found.hash, `byte ${at}`).toBe('hash_differs');
      expect(['signature_invalid', 'certificate_malformed'], `byte ${at}`).toContain(
        found.signature,
      );
      seen.add(found.signature ?? '');
    }
    expect([...seen].sort()).toEqual(['certificate_malformed', 'signature_invalid']);
    const longer = await failures({ certificate: new Uint8Array([...der, 0]) });
    expect(longer).toEqual({ signature: 'certificate_malformed', hash: 'hash_differs' });
  }, 120_000);

  it('is refused for another issuer key in the entry, whether it may issue or not', async () => {
    const stranger = await localSigner('sm2');
    const own = otherEntry({ issuerSpki: base64urlText(stranger.spki) } as Partial<LedgerEvent>);
    expect(await failures({ entry: own })).toMatchObject({
      inclusion: 'inclusion_failed',
      signature: 'issuer_not_permitted',
    });
    const permitted = { ...trust, issuers: [stranger.spki] };
    const { code, steps } = await checkEvidence(
      { ...evidence, entry: own },
      permitted,
      deps.clock.now(),
    );
    expect(code).toBe('inclusion_failed');
    expect(steps.find(({ step }) => step === 'signature')?.code).toBe('signature_invalid');
  });

  it('is refused for a wrong hash or a wrong subject key in the entry', async () => {
    const hash = bytesToHex(sha256(Uint8Array.of(1)));
    for (const name of ['certSha256', 'certSm3']) {
      expect(await failures({ entry: otherEntry({ [name]: hash }) })).toMatchObject({
        inclusion: 'inclusion_failed',
        hash: 'hash_differs',
      });
    }
    expect(await failures({ entry: otherEntry({ subjectSpkiSha256: hash }) })).toMatchObject({
      inclusion: 'inclusion_failed',
      hash: 'subject_key_differs',
    });
  });

  it('is refused for another certificate that the same authority issued', async () => {
    const other = await frozenCertificate(deps, 'sm2');
    expect(await failures({ certificate: other.der ?? new Uint8Array(0) })).toEqual({
      hash: 'hash_differs',
    });
  });
});

describe('A8 A9: a ledger that was tampered with', () => {
  it('is refused for a flipped byte anywhere in the entry', async () => {
    const { bytes } = evidence.entry;
    for (let at = 0; at < bytes.length; at += 7) {
      const flipped = bytes.slice();
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      const { ok, code } = await verdictOf({ entry: { ...evidence.entry, bytes: flipped } });
      expect({ ok, code }, `byte ${at}`).toEqual({ ok: false, code: 'inclusion_failed' });
    }
  });

  it('is refused for another place, a shortened proof, an unsigned or uncosigned checkpoint', async () => {
    const { entry, checkpoint } = evidence;
    const elsewhere = { ...entry, index: entry.index + 1 };
    expect((await verdictOf({ entry: elsewhere })).code).toBe('inclusion_failed');
    const [text = '', lines = ''] = checkpoint.split('\n\n');
    const [first = '', ...others] = lines.trim().split('\n');
    const unsigned = `${text}\n\n${others.join('\n')}\n`;
    expect((await verdictOf({ checkpoint: unsigned })).code).toBe('checkpoint_unsigned');
    // The log's own two lines stay; only one witness is left.
    const alone = `${text}\n\n${[first, ...others].slice(0, 3).join('\n')}\n`;
    expect((await verdictOf({ checkpoint: alone })).code).toBe('quorum_missing');
  });

  it('is refused when stale, when a larger or another tree was known, and when it forked', async () => {
    const dayMs = 24 * 60 * 60 * 1000;
    const later = await checkEvidence(evidence, trust, deps.clock.now() + 2 * dayMs);
    expect(later.code).toBe('checkpoint_stale');
    const size = Number(evidence.checkpoint.split('\n')[1]);
    await frozenCertificate(deps, 'sm2');
    const larger = { checkpoint: await deps.ledger.checkpoint(), proof: [] };
    expect((await verdictOf({ known: larger })).code).toBe('log_truncated');
    const note = (root: Uint8Array) => {
      const lines = evidence.checkpoint.split('\n');
      return lines.with(2, btoa(String.fromCharCode(...root))).join('\n');
    };
    const forked = { checkpoint: note(new Uint8Array(32)), proof: [] };
    expect((await verdictOf({ known: forked })).code).toBe('checkpoint_forked');
    const smaller = evidence.checkpoint.split('\n').with(1, String(size - 1));
    const other = { checkpoint: smaller.join('\n'), proof: [hexToBytes('00'.repeat(32))] };
    expect((await verdictOf({ known: other })).code).toBe('consistency_failed');
  });

  it('is refused when the status is old, of another subject, or names a newer event', async () => {
    const late = await checkEvidence(evidence, trust, deps.clock.now() + 61_000);
    expect(late.code).toBe('status_stale');
    const other = await frozenCertificate(deps, 'sm2');
    const { note } = await deps.ledger.status(other.ledgerSubject);
    expect((await verdictOf({ status: note })).code).toBe('newer_event');
  });
});

describe('A9: thawing', () => {
  const intactTypes = ['frozen', 'thawed', 'settings', 'issued'];
  const typesOf = async (world: CertificateDeps, subject: string) =>
    (await world.ledger.history(subject)).map(({ event }) => event.type);

  it('is done once, however many ask at once', async () => {
    const world = certificateDeps();
    const { serialHex, ledgerSubject } = await frozenCertificate(world, 'sm2');
    const storm = Array.from({ length: 64 }, (_, i) =>
      thawCertificate(world, people.approver, { serialHex, id: `thaw-${i}` }),
    );
    const results = await Promise.allSettled(storm);
    const won = results.filter(({ status }) => status === 'fulfilled');
    expect(won).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'fulfilled') continue;
      expect(['certificate_changed', 'certificate_state']).toContain(result.reason.code);
    }
    expect(await typesOf(world, ledgerSubject)).toEqual(intactTypes);
  });

  it('is refused a second time, and for the same request gives the first answer', async () => {
    const world = certificateDeps();
    const { serialHex } = await frozenCertificate(world, 'sm2');
    const first = await thawCertificate(world, people.approver, { serialHex, id: 'one' });
    expect(await thawCertificate(world, people.approver, { serialHex, id: 'one' })).toEqual(first);
    await expect(
      thawCertificate(world, people.approver, { serialHex, id: 'two' }),
    ).rejects.toMatchObject({ code: 'certificate_state' });
  });

  it('is refused with the failed steps when the ledger answers with a changed byte', async () => {
    const world = certificateDeps();
    const { serialHex, ledgerSubject } = await frozenCertificate(world, 'sm2');
    const lying = { ...world, ledger: withChangedEntry(world.ledger) };
    await expect(
      thawCertificate(lying, people.approver, { serialHex, id: 'one' }),
    ).rejects.toMatchObject({
      code: 'thaw_refused',
      fields: [
        { pointer: '/evidence/inclusion', code: 'inclusion_failed' },
        { pointer: '/evidence/hash', code: 'hash_differs' },
        { pointer: '/evidence/newest', code: 'newer_event' },
      ],
    });
    expect(await typesOf(world, ledgerSubject)).toEqual(['frozen']);
    expect(await world.certificates.findCertificate(serialHex)).toMatchObject({ state: 'frozen' });
  });

  it('is refused by whom remembers more than a truncated or another log shows', async () => {
    const world = certificateDeps();
    const { serialHex } = await frozenCertificate(world, 'sm2');
    await world.certificates.rememberCheckpoint({
      size: 1000,
      note: (await world.ledger.checkpoint()).replace(/\n\d+\n/, '\n1000\n'),
    });
    await expect(
      thawCertificate(world, people.approver, { serialHex, id: 'one' }),
    ).rejects.toMatchObject({
      code: 'thaw_refused',
      fields: [{ pointer: '/evidence/consistency', code: 'log_truncated' }],
    });
  });

  it('does not happen through a replayed frozen event', async () => {
    const world = certificateDeps();
    const { serialHex, ledgerSubject } = await frozenCertificate(world, 'sm2');
    await thawCertificate(world, people.approver, { serialHex, id: 'one' });
    const [frozen] = await world.ledger.history(ledgerSubject);
    if (!frozen) throw new Error('no event');
    await expect(world.ledger.append(frozen.event, { requestId: 'again' })).rejects.toMatchObject({
      code: 'ledger_conflict',
    });
  });

  it('A8: trusts no log but the pinned one', async () => {
    const world = certificateDeps();
    const { serialHex } = await frozenCertificate(world, 'sm2');
    const other = memoryLedger(world.clock);
    const elsewhere = { ...world, ledgerTrust: () => other.trust() };
    await expect(
      thawCertificate(elsewhere, people.approver, { serialHex, id: 'one' }),
    ).rejects.toMatchObject({ code: 'thaw_refused' });
  });
});

function withChangedEntry(ledger: Ledger): Ledger {
  return {
    ...ledger,
    async entry(index): Promise<LedgerEntry> {
      const entry = await ledger.entry(index);
      const bytes = entry.bytes.slice();
      const at = new TextDecoder().decode(bytes).indexOf('certSm3') + 12;
      bytes[at] = bytes[at] === 0x30 ? 0x31 : 0x30;
      return { ...entry, bytes };
    },
  };
}

describe('A7 A9: a crash between any two steps', () => {
  it('leaves something that the next attempt finishes, to the same end', async () => {
    let survived = 0;
    for (let fatal = 1; ; fatal++) {
      const world = certificateDeps();
      const frozen = await frozenCertificate(world, 'sm2');
      const { serialHex, ledgerSubject } = frozen;
      const id = 'thaw';
      const crashed = await thawCertificate(dyingAt(world, fatal), people.approver, {
        serialHex,
        id,
      }).then(
        () => false,
        () => true,
      );
      if (!crashed) break;
      const done = await thawCertificate(world, people.approver, { serialHex, id });
      expect(done, `moment ${fatal}`).toMatchObject({ state: 'active', delivery: 'delivered' });
      const history = await world.ledger.history(ledgerSubject);
      expect(history.map(({ event }) => event.type)).toEqual([
        'frozen',
        'thawed',
        'settings',
        'issued',
      ]);
      survived++;
    }
    // Before and after each write: intent, event and row of the thaw; statement; event and row of
    // the settings, and of the delivery.
    expect(survived).toBe(16);
  });

  it('of issuing makes one certificate, frozen once', async () => {
    let survived = 0;
    for (let fatal = 1; ; fatal++) {
      const world = certificateDeps();
      const id = await approvedApplication(world, 'sm2');
      const crashed = await issueCertificates(dyingAt(world, fatal), people.approver, id).then(
        () => false,
        () => true,
      );
      if (!crashed) break;
      const made = await issueCertificates(world, people.approver, id);
      expect(made, `moment ${fatal}`).toMatchObject([{ state: 'frozen', frozenIndex: 0 }]);
      const history = await world.ledger.history(made[0]?.ledgerSubject ?? '');
      expect(history.map(({ event }) => event.type)).toEqual(['frozen']);
      const { size } = await world.ledger.status(made[0]?.ledgerSubject ?? '');
      expect(size).toBe(1);
      survived++;
    }
    // Before and after each write: row, encoding, intent, event, row, application.
    expect(survived).toBe(12);
  });
});
