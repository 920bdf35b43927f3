import { utf8ToBytes } from '@noble/hashes/utils.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { verifyUse } from '../../../src/client/certificates.ts';
import { exportDigest } from '../../../src/core/usage/export.ts';
import { recordHash, type UsageRecordBody } from '../../../src/core/usage/record.ts';
import { verifyUsageExport } from '../../../src/core/usage/verify.ts';
import { listOwnRecords } from '../../../src/domain/signing/visibility.ts';
import { canonicalJson } from '../../../src/lib/canonical-json.ts';
import { exportedUses, mutated } from '../../helpers/usage-export.ts';

// biome-ignore lint/suspicious/noExplicitAny: a forger minds no types
type Line = any;

let shared: Awaited<ReturnType<typeof exportedUses>>;
beforeAll(async () => {
  shared = await exportedUses(3);
});

const verify = (text: string, trust = shared.trust) => verifyUsageExport(text, trust, shared.nowMs);

/** Writes the file anew after a change of its lines, as a forger would: with a digest that fits. */
function forged(change: (lines: Line[]) => void): string {
  const lines = shared.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  change(lines);
  const [{ sha256: _, ...head }, ...records] = lines;
  const texts = records.map((one) => canonicalJson(one));
  const first = canonicalJson({ ...head, sha256: exportDigest(head) });
  return `${[first, ...texts].join('\n')}\n`;
}

describe('an exported log of uses', () => {
  test('C8: verifies with no service, and says who did what', async () => {
    const verdict = await verify(shared.text);
    expect(verdict).toMatchObject({ ok: true, institutionKeyId: shared.own.signing.id });
    expect(verdict.findings).toHaveLength(4);
    expect(verdict.findings[1]).toMatchObject({ actor: 'clerk', operation: 'sign:sm2-sm3' });
  });

  test('C6 C8: a person lists what they did, and each record holds by itself', async () => {
    const { deps, clerk, officers } = shared.own;
    const page = { limit: 10 };
    const { items } = await listOwnRecords(deps, clerk.caller.actor, page);
    expect(items).toHaveLength(3);
    for (const { caller } of officers) {
      expect((await listOwnRecords(deps, caller.actor, page)).items).toEqual([]);
    }
    const [one] = items;
    const record = { body: { ...one?.body }, recordSha256: one?.recordSha256 ?? '', place: null };
    expect(await verifyUse(record)).toBe(true);
    for (const field of [
      'reason',
      'statement',
      'statementSignatureHex',
      'outcome',
      'outcomeSignatureHex',
      'personPublicKeyHex',
    ]) {
      const changed = { ...record.body, [field]: `${Reflect.get(record.body, field)}0` };
      expect(await verifyUse({ ...record, body: changed }), field).toBe(false);
      const again = recordHash(changed as typeof changed & UsageRecordBody);
      const isSigned = field !== 'reason';
      const forgery = { ...record, body: changed, recordSha256: again };
      expect(await verifyUse(forgery), field).toBe(!isSigned);
    }
  });

  test('C8: a changed byte is caught, and its line named', async () => {
    const { text } = shared;
    for (let i = 0; i < 60; i++) {
      const at = Math.floor((i * text.length) / 60);
      if (text[at] === '\n') continue;
      const changed = mutated(text, at, i * 7);
      const verdict = await verify(changed);
      expect(verdict.ok, `byte ${at}`).toBe(false);
      expect(verdict.line).toBe(text.slice(0, at).split('\n').length);
    }
  });

  test.each<[string, string, (lines: Line[]) => void]>([
    ['another reason', 'hash_differs', ([, one]) => (one.body.reason = 'nothing')],
    ['another person', 'hash_differs', ([, one]) => (one.body.actor = 'officer-a')],
    ['another receipt', 'hash_differs', ([, one]) => (one.body.receipt.sequence += 1)],
    [
      'a record left out at the end',
      'records_missing',
      (lines) => {
        lines.pop();
        lines[0].records -= 1;
      },
    ],
    [
      'a record left out in between',
      'chain_broken',
      (lines) => {
        lines.splice(2, 1);
        lines[0].records -= 1;
      },
    ],
    ['records in another order', 'chain_broken', (lines) => lines.push(...lines.splice(1, 1))],
    [
      'a record twice',
      'chain_broken',
      (lines) => {
        lines.splice(2, 0, lines[1]);
        lines[0].records += 1;
      },
    ],
    ['another place in the ledger', 'inclusion_failed', ([, one]) => (one.index -= 1)],
    ['no certificates', 'certificate_missing', ([head]) => (head.certificates = [])],
    ['another key', 'status_refused', ([head]) => (head.institutionKeyId = crypto.randomUUID())],
    ['members of its own', 'record_malformed', ([, one]) => (one.more = true)],
    [
      'a record logged by somebody else',
      'inclusion_failed',
      ([, one]) => {
        one.body.reason = 'nothing';
        const event = JSON.parse(atob(one.entry));
        one.entry = btoa(canonicalJson({ ...event, recordSha256: recordHash(one.body) }));
      },
    ],
  ])('C8: %s is refused', async (_, code, change) => {
    expect(await verify(forged(change))).toMatchObject({ ok: false, code });
  });

  test('C8: only roots, logs and chips that are trusted count', async () => {
    const { trust, text } = shared;
    expect(await verify(text, { ...trust, roots: [] })).toMatchObject({
      code: 'certificate_untrusted',
    });
    expect(await verify(text, { ...trust, chips: ['04'] })).toMatchObject({
      code: 'chip_untrusted',
    });
    const witnesses = trust.ledger.witnesses.slice(1);
    const quorum = witnesses.length + 1;
    expect(
      await verify(text, { ...trust, ledger: { ...trust.ledger, witnesses, quorum } }),
    ).toMatchObject({ code: 'checkpoint_refused' });
  });

  test.each(['', '\n', '{}\n', 'null\n', '{"authorities":\n'])(
    'C8: %j is no export',
    async (text) => {
      expect(await verify(text)).toMatchObject({ ok: false, code: 'export_malformed', line: 1 });
    },
  );

  test('C8: verifies also when every certificate in it has long expired: it is of its time', async () => {
    const century = 100 * 365 * 24 * 60 * 60 * 1000;
    const verdict = await verifyUsageExport(shared.text, shared.trust, shared.nowMs + century);
    expect(verdict.ok).toBe(true);
  });

  test('C8: a file that was cut short is refused', async () => {
    const verdict = await verify(shared.text.slice(0, -1));
    expect(verdict.ok).toBe(false);
    expect(utf8ToBytes(shared.text).length).toBeGreaterThan(1000);
  });
});
