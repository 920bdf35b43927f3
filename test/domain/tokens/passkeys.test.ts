import { beforeEach, describe, expect, test } from 'vitest';
import { keyStoreOf } from '../../../src/domain/tokens/attestation.ts';
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
import { softAuthenticator } from '../../helpers/soft-authenticator.ts';
import { authenticationCentre, type Centre, caller, chen, lin } from '../../helpers/tokens.ts';

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
    // The token says the same (RFC 8176 §2).
    const amrNow = async () => (await finish(await ask())).amr;
    expect(await amrNow()).toEqual(['swk', 'user', 'mfa']);
    const stored = await centre.deps.tokens.find(tenant, 'passkey', copied.id);
    if (!stored) throw new Error('no passkey');
    await centre.deps.tokens.write(tenant, [
      entryOf('passkey', changed(stored, { attestation: proven })),
    ]);
    expect(await amrNow()).toEqual(['hwk', 'user', 'mfa']);
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
});
