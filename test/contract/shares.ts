import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { expect, it } from 'vitest';
import { loadGm } from '../../src/core/gm.ts';
import { verifyReceipt } from '../../src/core/usage/receipt.ts';
import type { ShareService } from '../../src/domain/chips/shares.ts';
import { freshId, freshTenant } from './fresh.ts';

/** What every holder of two-party server shares must do. */
export function sharesContract(make: () => ShareService | Promise<ShareService>): void {
  async function freshShare() {
    const gm = await loadGm();
    const shares = await make();
    const name = { tenant: freshTenant(), keyId: freshId() };
    const ctx = utf8ToBytes(`keygen ${name.keyId}`);
    const begun = gm.twoParty.keygen.clientStart(ctx);
    const session = { ...name, sessionId: 'keygen-1' };
    const message = await shares.keygenReply({ ...session, ctx, commitment: begun.commitment });
    const { share, publicKey, opening } = gm.twoParty.keygen.clientFinish(begun.state, message);
    const record = await shares.keygenFinish({ ...session, opening });
    return { gm, shares, name, share, publicKey, record, session, opening };
  }

  type Fresh = Awaited<ReturnType<typeof freshShare>>;

  /** Signs with a client share, and gives the answer of the chips too. */
  async function sign(
    { gm, shares, name }: Fresh,
    share: Uint8Array,
    text: string,
    id = text.replaceAll(' ', '-'),
  ) {
    const { epoch, publicKey } = gm.twoParty.inspect(share);
    const e = gm.sm2.digest(publicKey, utf8ToBytes(text));
    const ctx = utf8ToBytes(`sign ${id}`);
    const { state, message } = gm.twoParty.sign.clientStart(share, e, ctx);
    const request = { ...name, requestId: id, epoch, text: utf8ToBytes(text), ctx, message };
    const answer = await shares.sign(request);
    const signature = gm.twoParty.sign.clientFinish(state, answer.reply);
    return { request, answer, signature, e };
  }

  it('A5: a key made by two signs by two, and two chips at least hold the share', async () => {
    const fresh = await freshShare();
    const { gm, publicKey, record } = fresh;
    expect(gm.keys.decodeSpki(record.publicKey)).toEqual(publicKey);
    expect(record.replicas.length).toBeGreaterThanOrEqual(2);
    const { signature, answer } = await sign(fresh, fresh.share, 'contract');
    expect(gm.sm2.verify(publicKey, utf8ToBytes('contract'), signature)).toBe(true);
    const chipKey = hexToBytes(answer.receipt.chipPublicKeyHex);
    expect(verifyReceipt(gm, chipKey, answer.receipt)).toBe(true);
    expect(answer.receipt.resultHashHex).toBe(bytesToHex(gm.sm3(answer.reply)));
    expect(await fresh.shares.keygenFinish({ ...fresh.session, opening: fresh.opening })).toEqual(
      await fresh.shares.find(fresh.name.tenant, fresh.name.keyId),
    );
  });

  it('A5: one reply for a request, and none for another input under its id', async () => {
    const fresh = await freshShare();
    const { request, answer } = await sign(fresh, fresh.share, 'once');
    expect(await fresh.shares.sign(request)).toEqual(answer);
    const other = { ...request, text: utf8ToBytes('another text') };
    await expect(fresh.shares.sign(other)).rejects.toMatchObject({ code: 'key_request_reused' });
    // The digest is the chip's own: a text that the client did not sign is answered with nothing.
    const swapped = { ...other, requestId: 'swapped' };
    await expect(fresh.shares.sign(swapped)).rejects.toMatchObject({ code: 'protocol_failed' });
    const broken = { ...request, requestId: 'broken', message: request.message.map((b) => b ^ 1) };
    await expect(fresh.shares.sign(broken)).rejects.toMatchObject({ code: 'protocol_failed' });
  });

  it('A5: what was encrypted for the joint key is opened by two', async () => {
    const { gm, shares, name, share, publicKey } = await freshShare();
    const ciphertext = gm.sm2.encrypt(publicKey, utf8ToBytes('for two'));
    const ctx = utf8ToBytes('decrypt 1');
    const { state, message } = gm.twoParty.decrypt.clientStart(share, ciphertext, ctx);
    const { reply } = await shares.decrypt({ ...name, requestId: 'd1', epoch: 0, ctx, message });
    expect(gm.twoParty.decrypt.clientFinish(state, reply)).toEqual(utf8ToBytes('for two'));
  });

  it('E5: a refresh keeps the old share until a signature under the new one exists', async () => {
    const fresh = await freshShare();
    const { gm, shares, name, share, publicKey } = fresh;
    const ctx = utf8ToBytes('refresh 1');
    const session = { ...name, sessionId: 'refresh-1' };
    const begun = gm.twoParty.refresh.clientStart(share, ctx);
    const message = await shares.refreshReply({ ...session, ctx, commitment: begun.commitment });
    const made = gm.twoParty.refresh.clientFinish(begun.state, message);
    const open = await shares.refreshFinish({ ...session, opening: made.opening });
    expect(open.shareEpochs).toEqual([0, 1]);
    expect(await shares.refreshFinish({ ...session, opening: made.opening })).toEqual(open);

    const old = await sign(fresh, share, 'still with the old share');
    const isGood = (text: string, signature: Uint8Array) =>
      gm.sm2.verify(publicKey, utf8ToBytes(text), signature);
    expect(isGood('still with the old share', old.signature)).toBe(true);
    const byOld = shares.refreshCommit({ ...name, e: old.e, signature: old.signature });
    await expect(byOld).rejects.toMatchObject({ code: 'protocol_failed' });

    const done = await sign(fresh, made.share, 'refresh done');
    const forged = done.signature.map((byte, i) => (i === 20 ? byte ^ 1 : byte));
    await expect(
      shares.refreshCommit({ ...name, e: done.e, signature: forged }),
    ).rejects.toMatchObject({ code: 'protocol_failed' });
    const committed = await shares.refreshCommit({
      ...name,
      e: done.e,
      signature: done.signature,
    });
    expect(committed.shareEpochs).toEqual([1]);
    expect(gm.keys.decodeSpki(committed.publicKey)).toEqual(publicKey);
    await expect(sign(fresh, share, 'too late')).rejects.toMatchObject({
      code: 'share_epoch_unknown',
    });
    const { signature } = await sign(fresh, made.share, 'with the new share');
    expect(isGood('with the new share', signature)).toBe(true);
  });

  it('A5: a destroyed share is gone from every chip, each of which signs that', async () => {
    const fresh = await freshShare();
    const { gm, shares, name, record } = fresh;
    const { tombstones, record: gone } = await shares.destroy(name.tenant, name.keyId, 'destroy-1');
    expect(gone).toMatchObject({ state: 'revoked', replicas: [] });
    expect(tombstones.map(({ chip }) => chip).sort()).toEqual([...record.replicas].sort());
    for (const tombstone of tombstones) {
      expect(tombstone.operation).toBe('wipe');
      expect(verifyReceipt(gm, hexToBytes(tombstone.chipPublicKeyHex), tombstone)).toBe(true);
    }
    await expect(sign(fresh, fresh.share, 'after')).rejects.toMatchObject({
      code: 'key_not_active',
    });
  });

  it('A5: a session that no chip knows is begun again, not guessed', async () => {
    const shares = await make();
    const name = { tenant: freshTenant(), keyId: freshId() };
    const opening = new Uint8Array(98);
    await expect(
      shares.keygenFinish({ ...name, sessionId: 'none', opening }),
    ).rejects.toMatchObject({ code: 'share_session_lost' });
    await expect(shares.find(name.tenant, name.keyId)).rejects.toMatchObject({
      code: 'key_not_found',
    });
  });
}
