import { hexToBytes } from '@noble/hashes/utils.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { noiseInitiate, noiseKeyPair, noiseRespond } from '../../../src/core/session/noise.ts';
import type { Sodium } from '../../../src/core/sodium.ts';
import { type Carry, channelAnswerer, channelCaller } from '../../../src/domain/chips/channel.ts';
import { openTools } from '../../../src/domain/chips/tools.ts';
import { decodeWire, encodeWire } from '../../../src/domain/chips/wire.ts';
import { seededRandom, tickingClock } from '../../helpers/time-and-chance.ts';
import vector from '../../vectors/noise/kk-25519-chachapoly-sha256.json' with { type: 'json' };

let sodium: Sodium;
beforeAll(async () => {
  ({ sodium } = await openTools(crypto.subtle));
});

describe('Noise_KK_25519_ChaChaPoly_SHA256', () => {
  it('E1: makes and reads the published messages, byte for byte', () => {
    const pair = (hex: string) => noiseKeyPair(sodium, hexToBytes(hex));
    const prologue = hexToBytes(vector.prologueHex);
    const initiator = pair(vector.initiatorStaticHex);
    const responder = pair(vector.responderStaticHex);
    expect(initiator.publicKey).toEqual(hexToBytes(vector.initiatorPublicHex));
    const [first, second, ...rest] = vector.messages;
    if (!first || !second) throw new Error('the vector is cut off');
    const begun = noiseInitiate(
      { sodium, own: initiator, peer: responder.publicKey, prologue },
      hexToBytes(first.payloadHex),
      pair(vector.initiatorEphemeralHex),
    );
    expect(begun.message).toEqual(hexToBytes(first.ciphertextHex));
    const answered = noiseRespond(
      { sodium, own: responder, peer: initiator.publicKey, prologue },
      begun.message,
      (payload) => {
        expect(payload).toEqual(hexToBytes(first.payloadHex));
        return hexToBytes(second.payloadHex);
      },
      pair(vector.responderEphemeralHex),
    );
    expect(answered.message).toEqual(hexToBytes(second.ciphertextHex));
    const { session } = begun.finish(answered.message);
    rest.forEach(({ payloadHex, ciphertextHex }, i) => {
      const isFirst = i % 2 === 0;
      const [sender, reader] = isFirst
        ? [session.sending, answered.session.receiving]
        : [answered.session.sending, session.receiving];
      const nonce = Math.floor(i / 2);
      expect(sender.encrypt(nonce, hexToBytes(payloadHex))).toEqual(hexToBytes(ciphertextHex));
      expect(reader.decrypt(nonce, hexToBytes(ciphertextHex))).toEqual(hexToBytes(payloadHex));
    });
  });

  it('E1: every changed byte of a handshake is refused', () => {
    const [own, peer] = [sodium.crypto_box_keypair(), sodium.crypto_box_keypair()];
    const prologue = Uint8Array.of(1);
    const begun = noiseInitiate(
      { sodium, own, peer: peer.publicKey, prologue },
      Uint8Array.of(1, 2),
    );
    const party = { sodium, own: peer, peer: own.publicKey, prologue };
    for (let at = 0; at < begun.message.length; at++) {
      const changed = begun.message.map((byte, i) => (i === at ? byte ^ 1 : byte));
      expect(() => noiseRespond(party, changed, (payload) => payload)).toThrow();
    }
    const other = { ...party, prologue: Uint8Array.of(2) };
    expect(() => noiseRespond(other, begun.message, (payload) => payload)).toThrow();
  });
});

describe('the channel to a chip on another machine', () => {
  function twoEnds(chip = 'vault-1') {
    const [near, far] = [sodium.crypto_box_keypair(), sodium.crypto_box_keypair()];
    const done: unknown[] = [];
    const clock = tickingClock();
    const farEnd = (peer = near.publicKey) =>
      channelAnswerer({
        sodium,
        own: far,
        peer,
        chip,
        clock,
        random: seededRandom(5),
        async answer(name, input) {
          done.push([name, input]);
          return { ok: true, value: { name, bytes: Uint8Array.of(1, 2, 3) } };
        },
      });
    let answerer = farEnd();
    const sent: { what: string; body: Uint8Array }[] = [];
    const carry: Carry = async (what, body) => {
      sent.push({ what, body });
      return what === 'open' ? answerer.open(body) : answerer.call(body);
    };
    const caller = (own = near, via = carry) =>
      channelCaller({ sodium, own, peer: far.publicKey, chip, clock, carry: via });
    return {
      caller,
      sent,
      done,
      carry,
      replay: (i: number) => answerer.call(sent[i]?.body ?? new Uint8Array()),
      restart: () => {
        answerer = farEnd();
      },
    };
  }

  it('E1: carries calls and their bytes, one handshake for many, also at once', async () => {
    const { caller, sent, done } = twoEnds();
    const call = caller();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => call('prove', [{ keyId: i }, Uint8Array.of(i)])),
    );
    for (const answer of answers) {
      expect(answer).toEqual({ ok: true, value: { name: 'prove', bytes: Uint8Array.of(1, 2, 3) } });
    }
    expect(sent.filter(({ what }) => what === 'open')).toHaveLength(1);
    expect(done).toContainEqual(['prove', [{ keyId: 7 }, Uint8Array.of(7)]]);
  });

  it('E1: a request that comes again, or changed, is refused and does nothing', async () => {
    const { caller, sent, done, replay, carry } = twoEnds();
    await caller()('wipe', ['x']);
    expect(sent.map(({ what }) => what)).toEqual(['open', 'call']);
    await expect(replay(1)).rejects.toThrow('here before');
    const body = sent[1]?.body ?? new Uint8Array();
    for (let at = 16; at < body.length; at++) {
      const changed = body.map((byte, i) => (i === at ? byte ^ 1 : byte));
      await expect(carry('call', changed)).rejects.toThrow();
    }
    expect(done).toHaveLength(1);
  });

  it('E1: nobody but the known caller is answered', async () => {
    const { caller, done } = twoEnds();
    const stranger = caller(sodium.crypto_box_keypair());
    await expect(stranger('wipe', ['x'])).rejects.toMatchObject({ code: 'no_answer' });
    expect(done).toEqual([]);
  });

  it('E2: after a restart of the other side the call goes through in a new session', async () => {
    const { caller, restart, sent } = twoEnds();
    const call = caller();
    await call('prove', []);
    restart();
    expect((await call('prove', [])).ok).toBe(true);
    expect(sent.map(({ what }) => what)).toEqual(['open', 'call', 'call', 'open', 'call']);
  });

  it('E1: an answer of another request, or a changed one, is not believed', async () => {
    const { caller, carry } = twoEnds();
    let kept: Uint8Array | undefined;
    const call = caller(undefined, async (what, body) => {
      const answer = await carry(what, body);
      if (what === 'open') return answer;
      const older = kept;
      kept = answer;
      return older ?? answer;
    });
    await call('prove', []);
    await expect(call('prove', [])).rejects.toMatchObject({ code: 'no_answer' });
  });
});

describe('the form of calls on the way', () => {
  it('E1: bytes, lists and absent fields come back as they were', () => {
    const value = { a: [Uint8Array.of(0, 255), { b: 'text', c: null }], d: 1.5, e: true };
    expect(decodeWire(encodeWire({ ...value, gone: undefined }))).toEqual(value);
  });
  it('E1: nothing else poses as bytes', () => {
    expect(() => encodeWire({ $bytes: 'AA==' })).toThrow(TypeError);
    for (const text of ['{"$bytes":1}', '{"$bytes":"AA==","more":1}', '{"$bytes":"A"}']) {
      expect(() => decodeWire(new TextEncoder().encode(text))).toThrow(TypeError);
    }
  });
});
