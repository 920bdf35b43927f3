import { SettingsService } from '@simplewebauthn/server';
import { isoCBOR } from '@simplewebauthn/server/helpers';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { keyStoreOf } from '../../../src/domain/tokens/attestation.ts';
import { grantToken } from '../../../src/domain/tokens/grants.ts';
import {
  finishAssertion,
  finishRegistration,
  listPasskeys,
  renamePasskey,
  revokePasskey,
  startAssertion,
  startRegistration,
} from '../../../src/domain/tokens/passkeys.ts';
import { changed, entryOf } from '../../../src/domain/tokens/rows.ts';
import { base64urlBytes } from '../../../src/lib/base64url.ts';
import { attestedByNobody, attestsItself, telephoneMaker } from '../../helpers/attestations.ts';
import { softAuthenticator } from '../../helpers/soft-authenticator.ts';
import {
  authenticationCentre,
  type Centre,
  caller,
  chen,
  lin,
  registered,
} from '../../helpers/tokens.ts';

const rp = { id: 'bank.example', origin: 'https://bank.example' };
const { tenant } = chen;
const text = new TextEncoder().encode('pay 100.00 to A');

let centre: Centre;
let device: Awaited<ReturnType<typeof softAuthenticator>>;

type Habits = Parameters<typeof device.create>[1];

async function register(actor = chen, habits?: Habits) {
  const { id, options } = await startRegistration(centre.deps, actor, rp);
  const response = await device.create(options.challenge, habits);
  const answer = { id, label: '手机', response };
  return finishRegistration(centre.deps, caller(actor), rp, answer);
}

async function ask(request: { actor?: string; about?: Uint8Array } = {}, habits?: Habits) {
  const wanted = { tenant, ...request };
  const { id, options } = await startAssertion(centre.deps, rp, wanted);
  return { id, response: await device.get(options.challenge, habits) };
}

const finish = (
  answer: Awaited<ReturnType<typeof ask>>,
  request: { actor?: string; about?: Uint8Array } = {},
) => finishAssertion(centre.deps, rp, { tenant, ...request }, answer);

const refusal = { code: 'passkey_refused' };

/** What is called while this runs; nobody answers. */
async function addressesCalled(act: () => Promise<void>): Promise<readonly string[]> {
  const native = globalThis.fetch;
  const called: string[] = [];
  globalThis.fetch = async (address) => {
    called.push(String(address));
    throw new TypeError('nobody there');
  };
  try {
    await act();
  } finally {
    globalThis.fetch = native;
  }
  return called;
}

/** The character behind this one: other bits at the end, of which the last mean nothing. */
function nextOf(character: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return alphabet[alphabet.indexOf(character) + 1] ?? '_';
}

/** CBOR that is deep, says more than it has, names things twice, or is anything at all. */
const statements = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.integer({ min: 1, max: 12_000 }).map((depth) => new Uint8Array(depth).fill(0x81)),
  fc.integer({ min: 1, max: 6_000 }).map((depth) => new Uint8Array(2 * depth).fill(0xa1)),
  fc.constantFrom(0x9a, 0x5a, 0x7a, 0xba).map((kind) => Uint8Array.of(kind, 255, 255, 255, 255)),
  fc.constantFrom(0x9b, 0x5b, 0x7b, 0xbb).map((kind) => Uint8Array.of(kind, ...Array(8).fill(255))),
  fc
    .tuple(fc.constantFrom('none', 'packed', 'apple', 'android-key', 'tpm', 'x'), fc.uint8Array())
    .map(([fmt, bytes]) =>
      isoCBOR.encode(
        new Map<string, unknown>([
          ['fmt', fmt],
          ['attStmt', new Map([['x5c', [bytes]]])],
          ['authData', bytes],
        ]) as never,
      ),
    ),
);

describe('E3: passkeys', () => {
  beforeEach(async () => {
    centre = await authenticationCentre();
    device = await softAuthenticator(rp);
  });

  test('E3: whoever asks on behalf of a name that no institution has leaves nothing behind', async () => {
    await register();
    const count = async (at: string) =>
      (await centre.deps.tokens.list(at, 'challenge', { state: 'open' }, { limit: 9 })).length;
    const known = await startAssertion(centre.deps, rp, { tenant });
    const unknown = await startAssertion(centre.deps, rp, { tenant: 'nobodys-bank' });
    expect([await count(tenant), await count('nobodys-bank')]).toEqual([1, 0]);
    const shape = ({ id, options }: typeof known) => [id.length, options.challenge.length];
    expect(shape(unknown)).toEqual(shape(known));
    const response = await device.get(unknown.options.challenge);
    const answer = { id: unknown.id, response };
    const asked = finishAssertion(centre.deps, rp, { tenant: 'nobodys-bank' }, answer);
    await expect(asked).rejects.toMatchObject(refusal);
  });

  test('E4: what the authenticator proves of where it keeps the key is recorded, and no more', async () => {
    const passkey = await register();
    expect(passkey.attestation).toMatchObject({ level: 'none', format: 'none', copied: false });
    expect(keyStoreOf(passkey.attestation)).toBe('unknown');
    device = await softAuthenticator(rp);
    const copied = await register(chen, { mayBeCopied: true });
    expect(keyStoreOf(copied.attestation)).toBe('software');
    const proven = { ...passkey.attestation, format: 'apple', level: 'verified' } as const;
    expect(keyStoreOf(proven)).toBe('hardware');
    for (const [attest, level] of [
      [attestsItself, 'self'],
      [attestedByNobody, 'unverified'],
    ] as const) {
      device = await softAuthenticator(rp);
      const attested = await register(chen, { attest });
      expect(attested.attestation).toMatchObject({ level, format: 'packed' });
      expect(keyStoreOf(attested.attestation)).toBe('unknown');
    }
    device = await softAuthenticator(rp);
    const again = await register(chen, { mayBeCopied: true });
    // The token says the same (RFC 8176 §2).
    const amrNow = async () => (await finish(await ask())).amr;
    expect(await amrNow()).toEqual(['swk', 'user', 'mfa']);
    const stored = await centre.deps.tokens.find(tenant, 'passkey', again.id);
    if (!stored) throw new Error('no passkey');
    await centre.deps.tokens.write(tenant, [
      entryOf('passkey', changed(stored, { attestation: proven })),
    ]);
    expect(await amrNow()).toEqual(['hwk', 'user', 'mfa']);
  });

  test('E4: nobody makes the service call an address of theirs by a chain of certificates', async () => {
    const crl = 'http://169.254.169.254/latest/meta-data';
    const stranger = await telephoneMaker({ isCa: true, crl });
    const called = await addressesCalled(async () => {
      await expect(register(chen, { attest: stranger.attest })).rejects.toMatchObject(refusal);
    });
    expect(called).toEqual([]);
  });

  test('E4: a key in a telephone attests to no other: who issues must be allowed to', async () => {
    const identifier = 'android-key';
    const known = SettingsService.getRootCertificates({ identifier });
    const crl = 'https://maker.example/crl';
    const maker = await telephoneMaker({ isCa: true, crl });
    const extended = await telephoneMaker({ isCa: false, crl });
    try {
      const [long, longer] = await Promise.all(
        [4, 5].map((between) => telephoneMaker({ isCa: true, crl, between })),
      );
      const certificates = [maker, extended, long, longer].map((one) => one?.root ?? '');
      SettingsService.setRootCertificates({ identifier, certificates });
      const called = await addressesCalled(async () => {
        await expect(register(chen, { attest: extended.attest })).rejects.toMatchObject(refusal);
      });
      expect(called).toEqual([]);
      // The address that a maker's own certificate names is asked.
      const asked = await addressesCalled(async () => {
        const passkey = await register(chen, { attest: maker.attest });
        expect(passkey.attestation).toMatchObject({ level: 'verified', format: 'android-key' });
      });
      expect(asked).toEqual([crl]);
      // Six certificates are a chain, seven are too many.
      await addressesCalled(async () => {
        device = await softAuthenticator(rp);
        const registering = (one = long) => register(chen, { attest: one?.attest ?? maker.attest });
        await expect(registering(longer)).rejects.toMatchObject(refusal);
        // The same passkey, which was refused for its chain alone.
        expect((await registering()).attestation.level).toBe('verified');
      });
    } finally {
      SettingsService.setRootCertificates({ identifier, certificates: [...known] });
    }
  });

  test('M1: an attestation that is not what it should be is refused, whatever it is', async () => {
    const { id, options } = await startRegistration(centre.deps, chen, rp);
    const sound = await device.create(options.challenge);
    const text = sound.response.attestationObject;
    // One that the library reads and that is not the one encoding of its bytes.
    const unusual = `${text.slice(0, -1)}${nextOf(text.at(-1) ?? '')}`;
    const response = { ...sound.response, attestationObject: unusual };
    const answer = { id, label: 'x', response: { ...sound, response } };
    expect(base64urlBytes(unusual)).toBeUndefined();
    await expect(finishRegistration(centre.deps, caller(chen), rp, answer)).rejects.toMatchObject(
      refusal,
    );
    await fc.assert(
      fc.asyncProperty(statements, async (attestation) => {
        const attest = async () => new Uint8Array(attestation);
        await expect(register(chen, { attest })).rejects.toMatchObject(refusal);
      }),
      { numRuns: 150 },
    );
  });

  test('E3: an answer counts once, also from an authenticator that never counts', async () => {
    await register();
    const answer = await ask();
    expect((await finish(answer)).actor).toEqual(chen);
    await expect(finish(answer)).rejects.toMatchObject(refusal);
    const raced = await ask();
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => finish(raced)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('E3: without the person, from another page or about something else it is refused', async () => {
    await expect(register(chen, { isVerified: false })).rejects.toMatchObject(refusal);
    await expect(register(chen, { origin: 'https://bank.example.net' })).rejects.toMatchObject(
      refusal,
    );
    await register();
    await expect(finish(await ask({}, { isVerified: false }))).rejects.toMatchObject(refusal);
    const elsewhere = await ask({}, { origin: 'http://bank.example' });
    await expect(finish(elsewhere)).rejects.toMatchObject(refusal);
    const about = { actor: chen.id, about: text };
    const swapped = { actor: chen.id, about: new TextEncoder().encode('pay 100.00 to B') };
    await expect(finish(await ask(about), swapped)).rejects.toMatchObject(refusal);
    await expect(finish(await ask(about), { actor: lin.id, about: text })).rejects.toMatchObject(
      refusal,
    );
    expect((await finish(await ask(about), about)).passkey.label).toBe('手机');
  });

  test('E3: an answer that comes too late is none', async () => {
    await register();
    const answer = await ask();
    centre.clock.advance(5 * 60_000 + 1);
    await expect(finish(answer)).rejects.toMatchObject(refusal);
  });

  test('E3: it is renamed and revoked by its owner alone, and then answers for nobody', async () => {
    const { id } = await register();
    await expect(renamePasskey(centre.deps, caller(lin), id, 'x')).rejects.toMatchObject({
      code: 'passkey_not_found',
    });
    await expect(revokePasskey(centre.deps, caller(lin), id)).rejects.toMatchObject({
      code: 'passkey_not_found',
    });
    expect(await renamePasskey(centre.deps, caller(chen), id, '平板')).toMatchObject({
      label: '平板',
    });
    const late = await ask();
    await revokePasskey(centre.deps, caller(chen), id);
    expect(await listPasskeys(centre.deps, chen)).toEqual([]);
    await expect(finish(late)).rejects.toMatchObject(refusal);
    await expect(finish(await ask())).rejects.toMatchObject(refusal);
    await expect(register()).rejects.toMatchObject(refusal);
  });

  test('E3: the page is asked for a key of this site that knows its person, and for no second one', async () => {
    const { options } = await startRegistration(centre.deps, chen, rp);
    expect(options).toMatchObject({
      rp: { id: rp.id, name: 'Cinnabar' },
      user: { name: chen.id, displayName: chen.id },
      timeout: 300_000,
      attestation: 'direct',
      excludeCredentials: [],
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      pubKeyCredParams: [-7, -8, -257].map((alg) => ({ alg, type: 'public-key' })),
    });
    const { id } = await register();
    const again = await startRegistration(centre.deps, { ...chen, branch: '0200' }, rp);
    expect(again.options.excludeCredentials).toMatchObject([{ id }]);
    expect(again.options.user.id).toBe(options.user.id);
    expect(again.options.challenge).not.toBe(options.challenge);
    const other = await startRegistration(centre.deps, lin, rp);
    expect(other.options.user.id).not.toBe(options.user.id);
    // What is known of the person is what was said last.
    expect((await finish(await ask())).actor.branch).toBe('0200');
  });

  test('E3: ten are enough, and one that was revoked makes room', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 10; count++) {
      device = await softAuthenticator(rp);
      ids.push((await register()).id);
    }
    expect((await listPasskeys(centre.deps, chen)).map(({ id }) => id).toSorted()).toEqual(
      ids.toSorted(),
    );
    device = await softAuthenticator(rp);
    await expect(register()).rejects.toMatchObject({ code: 'passkeys_too_many' });
    await revokePasskey(centre.deps, caller(chen), ids[0] ?? '');
    await register();
  });

  test('E3: whoever is named is asked for one of theirs, or for the one that is named', async () => {
    const first = await register();
    device = await softAuthenticator(rp);
    const second = await register();
    const asked = async (actor?: string, passkey?: string) => {
      const request = { tenant, ...(actor === undefined ? {} : { actor }) };
      const { options } = await startAssertion(centre.deps, rp, request, passkey);
      expect(options).toMatchObject({
        rpId: rp.id,
        timeout: 300_000,
        userVerification: 'required',
      });
      return options.allowCredentials?.map(({ id }) => id).toSorted();
    };
    expect(await asked(chen.id)).toEqual([first.id, second.id].toSorted());
    expect(await asked(chen.id, second.id)).toEqual([second.id]);
    expect(await asked(lin.id)).toEqual([]);
    expect(await asked()).toEqual([]);
  });

  test('E3: a challenge is for what it was made for, and for whom', async () => {
    const toRegister = await startRegistration(centre.deps, chen, rp);
    const theirs = await device.create(toRegister.options.challenge);
    const answer = { id: toRegister.id, label: 'x', response: theirs };
    const stolen = finishRegistration(centre.deps, caller(lin), rp, answer);
    await expect(stolen).rejects.toMatchObject(refusal);
    await register();
    const registration = await startRegistration(centre.deps, chen, rp);
    const response = await device.get(registration.options.challenge);
    await expect(finish({ id: registration.id, response })).rejects.toMatchObject(refusal);
    await expect(finish({ id: 'nothing', response })).rejects.toMatchObject(refusal);
    const named = await ask({ actor: chen.id });
    await expect(finish(named)).rejects.toMatchObject(refusal);
    const unknown = await ask();
    const stranger = await softAuthenticator(rp);
    const theirAnswer = { id: unknown.id, response: await stranger.get('x') };
    await expect(finish(theirAnswer)).rejects.toMatchObject(refusal);
    // Of somebody else's passkey under one's own name.
    await expect(finish(await ask({ actor: lin.id }), { actor: lin.id })).rejects.toMatchObject(
      refusal,
    );
    // An answer of a payment is none to a question who somebody is, and the other way round.
    await expect(finish(await ask({}, { payment: {} }))).rejects.toMatchObject(refusal);
    const kind = { tenant, kind: 'payment.get' } as const;
    const paid = finishAssertion(centre.deps, rp, kind, await ask({}, { payment: {} }));
    expect((await paid).actor).toEqual(chen);
    const plain = finishAssertion(centre.deps, rp, kind, await ask());
    await expect(plain).rejects.toMatchObject(refusal);
  });

  test('E3: an authenticator that counts is a copy once it counts backwards', async () => {
    await register(chen, { counter: 3 });
    expect((await finish(await ask({}, { counter: 5 }))).passkey.counter).toBe(5);
    for (const counter of [4, 5, 0]) {
      await expect(finish(await ask({}, { counter }))).rejects.toMatchObject(refusal);
    }
    const beforeMs = centre.clock.now();
    const { passkey } = await finish(await ask({}, { counter: 6 }));
    expect(passkey.counter).toBe(6);
    expect(passkey.usedAtMs).toBeGreaterThan(beforeMs);
  });

  test('E3: of two uses of one passkey at the same moment one counts', async () => {
    await register();
    const answers = [await ask(), await ask()];
    const results = await Promise.allSettled(answers.map((answer) => finish(answer)));
    const reasons = results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(reasons).toMatchObject([refusal]);
  });

  test('E3: a key that says it is somebody else’s is refused', async () => {
    const { options } = await startRegistration(centre.deps, chen, rp);
    await register();
    const mine = await finish(await ask({}, { userHandle: options.user.id }));
    expect(mine.actor).toEqual(chen);
    const other = await startRegistration(centre.deps, lin, rp);
    const lie = await ask({}, { userHandle: other.options.user.id });
    await expect(finish(lie)).rejects.toMatchObject(refusal);
  });

  test('E3: what happens to it stands in the audit log, and what it began ends with it', async () => {
    const { id } = await register();
    const { passkey, amr, actor } = await finish(await ask());
    await registered(centre, 'bills', ['NAME']);
    const request = { audiences: ['bills'], profile: 'cin-sealed-1' } as const;
    const { issued } = await grantToken(centre.deps, { actor, amr, passkey }, 'r', request);
    await renamePasskey(centre.deps, caller(chen), id, '平板');
    await revokePasskey(centre.deps, caller(chen), id);
    const family = await centre.deps.tokens.find(tenant, 'family', issued.family);
    expect(family).toMatchObject({ state: 'revoked', revokedFor: 'passkey' });
    const records = await centre.deps.audit.list(tenant, { limit: 100 });
    const mine = records.filter(({ action }) => action.startsWith('passkey.'));
    for (const { subject } of mine) expect(subject).toBe(`actor:${chen.id}`);
    expect(new Set(mine.map(({ action }) => action))).toEqual(
      new Set(['passkey.register', 'passkey.rename', 'passkey.revoke']),
    );
    for (const gone of [id, 'never-was']) {
      await expect(renamePasskey(centre.deps, caller(chen), gone, 'x')).rejects.toMatchObject({
        code: 'passkey_not_found',
      });
    }
    expect(await centre.deps.tokens.find(tenant, 'passkey', id)).toMatchObject({
      state: 'revoked',
    });
  });
});
