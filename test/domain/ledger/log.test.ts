import { bytesToHex } from '@noble/hashes/utils.js';
import { describe, expect, it } from 'vitest';
import { verifyCheckpoint } from '../../../src/core/ledger/checkpoint.ts';
import { formatNoteKey } from '../../../src/core/ledger/note.ts';
import { verifyStatus } from '../../../src/core/ledger/status.ts';
import { tilePath } from '../../../src/core/ledger/tiles.ts';
import { eventBytes, eventHash } from '../../../src/domain/ledger/events.ts';
import { createLog, type LogDeps } from '../../../src/domain/ledger/log.ts';
import { policyOf, proveHistory } from '../../../src/domain/ledger/lookup.ts';
import type {
  Ledger,
  LogStore,
  NoteSigner,
  Witness,
  WitnessReply,
} from '../../../src/domain/ledger/ports.ts';
import { createTree } from '../../../src/domain/ledger/tree.ts';
import { createWitness } from '../../../src/domain/ledger/witness.ts';
import { memoryLedger, memoryWitness } from '../../../src/platform/memory/ledger.ts';
import { memoryLogStore, memoryWitnessStore } from '../../../src/platform/memory/ledger-stores.ts';
import { processEd25519Signer, processSm2Signer } from '../../../src/platform/note-signers.ts';
import { frozenEvent, thawedEvent } from '../../contract/ledger.ts';
import { tickingClock } from '../../helpers/time-and-chance.ts';

const origin = 'ledger.cinnabar.example/log';
const unavailable = { code: 'ledger_unavailable' };
const witnessNames = ['one', 'two', 'three'].map((id) => `witness-${id}.cinnabar.example/log`);

/** A log over a store, with three witnesses unless a test brings its own. */
function logOf(own: Partial<LogDeps> = {}) {
  const clock = own.clock ?? tickingClock();
  const store = own.store ?? memoryLogStore();
  const signer = own.signer ?? processEd25519Signer('ed25519', origin);
  const witnesses =
    own.witnesses ??
    witnessNames.map((name) => ({
      name,
      witness: memoryWitness(clock, name, () => signer.key()),
    }));
  const signerSm2 = own.signerSm2 ?? processSm2Signer(origin);
  const deps: LogDeps = { clock, store, signer, signerSm2, quorum: 2, ...own, witnesses };
  return { deps, ledger: createLog(deps), store };
}

/** The same witness, with what it is asked kept and what it answers changed. */
function changed(witness: Witness, change: Partial<Witness>) {
  const asked: number[] = [];
  const cosign: Witness['cosign'] = (request) => {
    asked.push(request.known);
    return (change.cosign ?? witness.cosign)(request);
  };
  return { asked, witness: { ...witness, ...change, cosign } };
}

const first = (subject: string) => frozenEvent(`cert/${subject}`);

describe('the witnesses of a log', () => {
  const signer = processEd25519Signer('ed25519', origin);
  const good = (name: string) => memoryWitness(tickingClock(), name, () => signer.key());
  const withAnswers = (answers: readonly ((witness: Witness) => Partial<Witness>)[]) =>
    logOf({
      signer,
      witnesses: witnessNames.map((name, i) => {
        const witness = good(name);
        return { name, witness: { ...witness, ...answers[i]?.(witness) } };
      }),
    });
  const fails = () => ({ cosign: () => Promise.reject(new Error('no way there')) });
  const refuses = () => ({
    cosign: async (): Promise<WitnessReply> => ({ ok: false, code: 'unsigned' }),
  });
  const never = () => ({ cosign: () => new Promise<WitnessReply>(() => undefined) });
  const forges = (witness: Witness) => ({
    cosign: async (request: Parameters<Witness['cosign']>[0]): Promise<WitnessReply> => {
      const reply = await witness.cosign(request);
      if (!reply.ok) return reply;
      // The name and key id are right, a byte of the signature is not.
      const at = reply.line.length - 10;
      const other = reply.line[at] === 'A' ? 'B' : 'A';
      return { ok: true, line: `${reply.line.slice(0, at)}${other}${reply.line.slice(at + 1)}` };
    },
  });
  const signsAsAnother = (witness: Witness) => ({ key: witness.key });

  it('A8: a quorum is enough, whatever the third does', async () => {
    for (const third of [fails, refuses, never, forges]) {
      const { ledger } = withAnswers([third]);
      const { checkpoint } = await ledger.append(first('a'), { requestId: 'r' });
      const { cosignedBy } = await verifyCheckpoint(checkpoint, policyOf(await ledger.trust()));
      expect(cosignedBy).toEqual(witnessNames.slice(1));
    }
  });

  it('A8: with fewer than a quorum nothing is acknowledged, and it is when they come back', async () => {
    for (const wrong of [fails, refuses, forges]) {
      const { ledger } = withAnswers([wrong, wrong]);
      const lost = ledger.append(first('a'), { requestId: 'r' });
      const detail = 'Too few witnesses have cosigned.';
      await expect(lost).rejects.toMatchObject({ ...unavailable, detail });
      await expect(ledger.entry(0)).rejects.toMatchObject({ code: 'ledger_entry_not_found' });
      expect(await ledger.entries(0, 5)).toEqual([]);
    }
    let isDown = true;
    const sometimes = (witness: Witness) => ({
      cosign: async (request: Parameters<Witness['cosign']>[0]) => {
        if (isDown) throw new Error('no way there');
        return witness.cosign(request);
      },
    });
    const { ledger } = withAnswers([sometimes, sometimes]);
    const append = () => ledger.append(first('a'), { requestId: 'r' });
    await expect(append()).rejects.toMatchObject(unavailable);
    await expect(ledger.head('cert/a')).rejects.toMatchObject(unavailable);
    await expect(ledger.history('cert/a')).rejects.toMatchObject(unavailable);
    await expect(ledger.status('cert/a')).rejects.toMatchObject(unavailable);
    isDown = false;
    expect(await append()).toMatchObject({ index: 0, size: 1 });
    expect(await ledger.history('cert/a')).toHaveLength(1);
  });

  it('A8: a quorum that cannot be had is no checkpoint, and none is needed for none', async () => {
    const few = logOf({ signer, witnesses: [], quorum: 1 });
    await expect(few.ledger.checkpoint()).rejects.toMatchObject(unavailable);
    const alone = logOf({ signer, witnesses: [], quorum: 0 });
    const note = await alone.ledger.checkpoint();
    expect(note.match(/^— /gm)).toHaveLength(2);
    const { size } = await verifyCheckpoint(note, policyOf(await alone.ledger.trust()));
    expect(size).toBe(0);
  });

  it('A8: all of three are needed where three must cosign', async () => {
    const all = { signer, quorum: 3 };
    const made = await logOf(all).ledger.append(first('a'), { requestId: 'r' });
    expect(made.checkpoint.match(/^— /gm)).toHaveLength(5);
    const witnesses = witnessNames.map((name, i) => ({
      name,
      witness: i === 2 ? { ...good(name), ...fails() } : good(name),
    }));
    const one = logOf({ ...all, witnesses }).ledger.append(first('a'), { requestId: 'r' });
    await expect(one).rejects.toMatchObject(unavailable);
  });

  it('A8: a witness that knows more than the log remembers is asked once more, from there', async () => {
    const store = memoryLogStore();
    const seen = witnessNames.map((name) => ({ name, ...changed(good(name), {}) }));
    // With a quorum of all nobody is still at work when an append is done.
    const all = { signer, witnesses: seen, quorum: 3 };
    await logOf({ ...all, store }).ledger.append(first('a'), { requestId: 'r' });
    expect(witnessNames.map((name) => store.witnessed(name))).toEqual([1, 1, 1]);
    const forgetful: LogStore = { ...store, witnessed: () => 0 };
    const later = logOf({ ...all, store: forgetful });
    await later.ledger.append(first('b'), { requestId: 'r' });
    for (const { asked } of seen) expect(asked).toEqual([0, 0, 1]);
  });

  it('A8: one that says it knows a larger tree is asked once', async () => {
    for (const known of [2, 1]) {
      const reply: WitnessReply = { ok: false, code: 'conflict', known };
      const { asked, witness } = changed(good('w/1'), { cosign: async () => reply });
      const witnesses = [{ name: 'w/1', witness }];
      const { ledger } = logOf({ signer, witnesses, quorum: 1 });
      const lost = ledger.append(first('a'), { requestId: 'r' });
      await expect(lost).rejects.toMatchObject(unavailable);
      expect(asked).toEqual(known === 2 ? [0] : [0, 1]);
    }
  });

  it('A8: what a witness signed is not forgotten for a smaller tree that came later', async () => {
    const name = 'w/1';
    const set: number[] = [];
    let looks = 0;
    const store: LogStore = {
      ...memoryLogStore(),
      // Another run has come further while this one waited for the witness.
      witnessed: () => (looks++ === 0 ? 0 : 9),
      setWitnessed: (_, size) => void set.push(size),
    };
    const witnesses = [{ name, witness: good(name) }];
    const { ledger } = logOf({ signer, store, witnesses, quorum: 1 });
    await ledger.append(first('a'), { requestId: 'r' });
    expect(set).toEqual([9]);
  });

  it('A8: a signature under a key that is not the witness of that name does not count', async () => {
    const stranger = good('somebody.example/else');
    const { ledger } = withAnswers([
      () => ({ cosign: stranger.cosign }),
      () => signsAsAnother(stranger),
    ]);
    const lost = ledger.append(first('a'), { requestId: 'r' });
    await expect(lost).rejects.toMatchObject(unavailable);
  });
});

describe('a witness', () => {
  const signer = processEd25519Signer('ed25519', origin);
  async function world() {
    const clock = tickingClock();
    const { ledger, store } = logOf({ signer, witnesses: [], quorum: 0 });
    const watch = createWitness({
      clock,
      signer: processEd25519Signer('cosignature', 'w/1'),
      store: memoryWitnessStore(),
      log: await signer.key(),
    });
    const next = async (subject: string) => {
      await ledger.append(first(subject), { requestId: 'r' });
      return ledger.checkpoint();
    };
    const proof = (from: number, to: number) => createTree(store).consistency(from, to);
    return { watch, next, proof };
  }

  it('A8: cosigns each tree that continues the one before, with its time in seconds', async () => {
    const { watch, next, proof } = await world();
    const checkpoint = await next('a');
    const reply = await watch.cosign({ known: 0, proof: [], checkpoint });
    expect(reply).toMatchObject({ ok: true });
    const line = reply.ok ? reply.line : '';
    const bytes = Buffer.from(line.trim().split(' ').at(-1) ?? '', 'base64');
    expect(bytes).toHaveLength(4 + 8 + 64);
    expect(Number(bytes.readBigUInt64BE(4))).toBe(Date.UTC(2026, 2, 2, 3) / 1000);
    const second = await next('b');
    const request = { known: 1, proof: proof(1, 2), checkpoint: second };
    expect(await watch.cosign(request)).toMatchObject({ ok: true });
    expect(await watch.cosign({ ...request, known: 2, proof: [] })).toMatchObject({ ok: true });
  });

  it('A8: says what it knows to who is behind, and refuses a tree that does not continue it', async () => {
    const { watch, next, proof } = await world();
    const one = await next('a');
    expect(await watch.cosign({ known: 1, proof: [], checkpoint: one })).toEqual({
      ok: false,
      code: 'conflict',
      known: 0,
    });
    await watch.cosign({ known: 0, proof: [], checkpoint: one });
    const two = await next('b');
    const inconsistent = { ok: false, code: 'inconsistent' };
    expect(await watch.cosign({ known: 1, proof: [], checkpoint: two })).toEqual(inconsistent);
    const fork = await world();
    const forked = await fork.next('x');
    const other = { known: 1, proof: [], checkpoint: forked };
    expect(await watch.cosign(other)).toEqual(inconsistent);
    // Refusals change nothing: the tree that continues it is cosigned as before.
    const right = { known: 1, proof: proof(1, 2), checkpoint: two };
    expect(await watch.cosign(right)).toMatchObject({ ok: true });
    expect(await watch.cosign({ known: 2, proof: [], checkpoint: one })).toEqual(inconsistent);
  });

  it('A8: hears its own log only, and only under its signature', async () => {
    const { watch, next } = await world();
    const checkpoint = await next('a');
    const ask = (text: string) => watch.cosign({ known: 0, proof: [], checkpoint: text });
    const malformed = { ok: false, code: 'malformed' };
    for (const text of ['', 'a note', `${checkpoint} `, 'x\n1\nx\n\n— x AAAAAAAA\n']) {
      expect(await ask(text)).toEqual(malformed);
    }
    const elsewhere = 'elsewhere.example/log';
    const stranger = logOf({
      signer: processEd25519Signer('ed25519', elsewhere),
      witnesses: [],
      quorum: 0,
    });
    expect(await ask(await stranger.ledger.checkpoint())).toEqual(malformed);
    const unsigned = { ok: false, code: 'unsigned' };
    const namesake = logOf({ witnesses: [], quorum: 0 });
    expect(await ask(await namesake.ledger.checkpoint())).toEqual(unsigned);
    expect(await ask(checkpoint.replace('\n1\n', '\n2\n'))).toEqual(unsigned);
  });

  it('A8: a defect of its store is no verdict about the log', async () => {
    const broken = createWitness({
      clock: tickingClock(),
      signer: processEd25519Signer('cosignature', 'w/1'),
      store: {
        last: () => ({
          size: 0,
          get root(): Uint8Array {
            throw new Error('the disk is gone');
          },
        }),
        remember: () => undefined,
      },
      log: await signer.key(),
    });
    const { next } = await world();
    const asked = broken.cosign({ known: 0, proof: [], checkpoint: await next('a') });
    await expect(asked).rejects.toThrow('the disk is gone');
  });
});

describe('what a log takes and gives', () => {
  it('A8: takes events only, under names of requests only', async () => {
    const { ledger } = logOf();
    const event = first('a');
    const append = (requestId: string, value: object = event) =>
      ledger.append(value as typeof event, { requestId });
    await expect(append('r', { ...event, name: '王' })).rejects.toThrow('not an event');
    for (const name of ['', 'a b', 'é', 'a\n', '\na', 'r'.repeat(129)]) {
      await expect(append(name), JSON.stringify(name)).rejects.toThrow('not a request id');
    }
    const longest = `!${'r'.repeat(126)}~`;
    expect(await append(longest)).toMatchObject({ index: 0 });
  });

  it('A8: says why an event has no place', async () => {
    const { ledger } = logOf();
    const event = first('a');
    await ledger.append(event, { requestId: 'r1' });
    await expect(ledger.append(event, { requestId: 'r2' })).rejects.toMatchObject({
      code: 'ledger_conflict',
      detail: 'Another event of this subject was written first.',
    });
    const prev = bytesToHex(eventHash(event));
    const second = thawedEvent('cert/a', prev);
    await expect(ledger.append(second, { requestId: 'r1' })).rejects.toMatchObject({
      code: 'ledger_conflict',
      detail: 'This request has written another event.',
    });
    const signature = {
      scheme: 'ed25519',
      spkiSha256: 'ab'.repeat(32),
      value: 'A'.repeat(86),
    } as const;
    const signed = await ledger.append({ ...event, signature }, { requestId: 'r1' });
    expect(signed.index).toBe(0);
  });

  it('A8: shows entries of its checkpoint, in parts of at most one tile', async () => {
    const { ledger } = logOf();
    await Promise.all(
      Array.from({ length: 300 }, (_, i) => ledger.append(first(`${i}`), { requestId: 'r' })),
    );
    const parts = async (from: number, count: number) =>
      (await ledger.entries(from, count)).map(({ index }) => index);
    expect(await parts(3, 2)).toEqual([3, 4]);
    expect(await parts(0, 300)).toHaveLength(256);
    expect(await parts(298, 5)).toEqual([298, 299]);
    expect(await parts(300, 5)).toEqual([]);
    expect(await parts(5, 0)).toEqual([]);
    const entry = await ledger.entry(299);
    expect(entry.bytes).toEqual(eventBytes(first('299')));
    const tile = (level: number | 'entries', index: number, width: number) =>
      ledger.tile(tilePath({ level, index, width }));
    expect(await tile(0, 0, 256)).toHaveLength(256 * 32);
    expect(await tile(0, 1, 44)).toHaveLength(44 * 32);
    expect(await tile(0, 1, 20)).toHaveLength(20 * 32);
    expect(await tile(0, 1, 45)).toBeUndefined();
    expect(await tile(1, 0, 1)).toHaveLength(32);
    expect(await tile(1, 0, 2)).toBeUndefined();
    expect(await tile('entries', 1, 45)).toBeUndefined();
    const [bundle, cut] = [await tile('entries', 1, 44), await tile('entries', 1, 1)];
    expect(bundle?.slice(0, cut?.length)).toEqual(cut);
    expect(await ledger.tile('tile/0/2')).toBeUndefined();
    expect(await ledger.tile('tiles')).toBeUndefined();
  });

  it('A8: proofs exist for the published tree and inside it', async () => {
    const { ledger, store } = logOf();
    await ledger.append(first('a'), { requestId: 'r' });
    await ledger.append(first('b'), { requestId: 'r' });
    expect(await ledger.proveInclusion(1, 2)).toMatchObject({
      index: 1,
      size: 2,
      leafHash: bytesToHex(eventHash(first('b'))),
      proof: [bytesToHex(eventHash(first('a')))],
    });
    expect(await ledger.proveConsistency(2, 2)).toEqual({ first: 2, second: 2, proof: [] });
    const leaf = eventHash(first('c'));
    const bytes = eventBytes(first('c'));
    store.add({ index: 2, leafHash: leaf, bytes, subject: 'cert/c', requestId: 'r' });
    const absent = { code: 'ledger_entry_not_found' };
    await expect(ledger.entry(2)).rejects.toMatchObject(absent);
    await expect(ledger.proveInclusion(2, 3)).rejects.toMatchObject(absent);
    await expect(ledger.proveInclusion(2, 2)).rejects.toMatchObject(absent);
    await expect(ledger.proveConsistency(2, 3)).rejects.toMatchObject(absent);
    await expect(ledger.proveConsistency(2, 1)).rejects.toMatchObject(absent);
    // Whoever asks for the subject makes it published.
    expect(await ledger.head('cert/c')).toMatchObject({ index: 2 });
    expect(await ledger.entry(2)).toMatchObject({ index: 2, event: first('c') });
  });

  it('A8: nothing is published of a subject without events, and nothing of it is said', async () => {
    const { ledger, store } = logOf();
    expect(await ledger.head('cert/nobody')).toBeUndefined();
    expect(await ledger.history('cert/nobody')).toEqual([]);
    expect(store.published()?.size).toBe(0);
    const { note, ...body } = await ledger.status('cert/nobody');
    expect(body).toEqual({
      subject: 'cert/nobody',
      size: 0,
      issuedAt: expect.stringMatching(/^2026-03-02T03:00:00\.\d{3}Z$/),
      expiresAt: expect.stringMatching(/^2026-03-02T03:01:00\.\d{3}Z$/),
    });
    expect(Date.parse(body.expiresAt) - Date.parse(body.issuedAt)).toBe(60_000);
    expect(note).toContain(`${origin} status/v1\n`);
  });

  describe('a status', () => {
    /** A log whose signatures of statuses are counted, and can fail. */
    function counted() {
      const signer = processEd25519Signer('ed25519', origin);
      const state = { signed: 0, isDown: false };
      const sign: NoteSigner['sign'] = async (message, place) => {
        if (place !== undefined) return signer.sign(message, place);
        if (state.isDown) throw new Error('no way to the chips');
        state.signed += 1;
        return signer.sign(message);
      };
      const clock = tickingClock();
      return { ...logOf({ clock, signer: { ...signer, sign } }), clock, state };
    }
    const newestOf = async (ledger: Ledger, subject: string) => {
      const { log } = policyOf(await ledger.trust());
      const { note } = await ledger.status(subject);
      return (await verifyStatus(note, log, Date.UTC(2026, 2, 2, 3))).newest?.leafHash;
    };

    it('A8: is signed once for many that ask, and anew before it is old', async () => {
      const { ledger, clock, state } = counted();
      const { leafHash } = await ledger.append(first('a'), { requestId: 'r' });
      const many = await Promise.all(Array.from({ length: 20 }, () => ledger.status('cert/a')));
      expect(state.signed).toBe(1);
      expect(new Set(many.map(({ note }) => note)).size).toBe(1);
      clock.advance(29_000);
      expect(await ledger.status('cert/a')).toEqual(many[0]);
      clock.advance(1_000);
      const next = await ledger.status('cert/a');
      expect(next).toMatchObject({ newest: { leafHash } });
      expect(next.issuedAt).not.toBe(many[0]?.issuedAt);
      // A clock that was set back far makes the old one no good, either.
      clock.advance(-60_000);
      expect((await ledger.status('cert/a')).issuedAt).not.toBe(next.issuedAt);
      expect(state.signed).toBe(3);
    });

    it('A8: never names an event as the newest after another was acknowledged', async () => {
      const { ledger, state } = counted();
      let prev = (await ledger.append(first('a'), { requestId: 'r' })).leafHash;
      for (let round = 0; round < 8; round++) {
        expect(await newestOf(ledger, 'cert/a')).toBe(prev);
        const event = thawedEvent('cert/a', prev);
        // Asked while the event is on its way it may say either; asked afterwards only the new one.
        const appended = ledger.append(event, { requestId: `r-${round}` });
        const meanwhile = await newestOf(ledger, 'cert/a');
        const { leafHash } = await appended;
        expect([prev, leafHash]).toContain(meanwhile);
        expect(await newestOf(ledger, 'cert/a')).toBe(leafHash);
        prev = leafHash;
      }
      expect(state.signed).toBeLessThanOrEqual(9);
    });

    it('A8: is kept of subjects that have events only, and not when signing failed', async () => {
      const { ledger, state } = counted();
      await ledger.append(first('a'), { requestId: 'r' });
      await ledger.status('cert/nobody');
      await ledger.status('cert/nobody');
      expect(state.signed).toBe(2);
      state.isDown = true;
      await expect(ledger.status('cert/a')).rejects.toThrow('no way to the chips');
      state.isDown = false;
      expect(await newestOf(ledger, 'cert/a')).toBeDefined();
    });
  });

  it('A8: an entry in the store that is no event is a defect, not an answer', async () => {
    const { ledger, store } = logOf();
    const bytes = Uint8Array.of(1, 2, 3);
    const leafHash = eventHash(first('x'));
    store.add({ index: 0, leafHash, bytes, subject: 'cert/x', requestId: 'r' });
    await expect(ledger.history('cert/x')).rejects.toThrow('a stored entry is not an event');
  });

  it('A8: names whom a verifier must trust', async () => {
    const { ledger, deps } = logOf({ quorum: 3 });
    const trust = await ledger.trust();
    expect(trust).toEqual({
      log: formatNoteKey(await deps.signer.key()),
      logSm2: formatNoteKey(await deps.signerSm2.key()),
      witnesses: await Promise.all(deps.witnesses.map(({ witness }) => witness.key())),
      quorum: 3,
    });
    const { ageSecondsMax } = policyOf(trust, 60);
    expect(ageSecondsMax).toBe(60);
    expect(policyOf(trust)).not.toHaveProperty('ageSecondsMax');
  });
});

describe('the checkpoints of a log', () => {
  /** Counts what the log's key signs, by tree. */
  function counting(): { signer: NoteSigner; places: (string | undefined)[] } {
    const signer = processEd25519Signer('ed25519', origin);
    const places: (string | undefined)[] = [];
    return {
      places,
      signer: {
        key: signer.key,
        sign: (message, place) => {
          places.push(place);
          return signer.sign(message, place);
        },
      },
    };
  }

  it('A8: entries that come while one is signed share the next, and each tree is signed once', async () => {
    const { signer, places } = counting();
    const { ledger } = logOf({ signer });
    const one = ledger.append(first('a'), { requestId: 'r' });
    const rest = Array.from({ length: 20 }, (_, i) =>
      ledger.append(first(`b${i}`), { requestId: 'r' }),
    );
    await Promise.all([one, ...rest]);
    expect(places).toEqual(['checkpoint:1', 'checkpoint:21']);
  });

  it('A8: a checkpoint is signed anew after a minute, or when there is more to it', async () => {
    const { signer, places } = counting();
    const clock = tickingClock();
    const { ledger, store } = logOf({ signer, clock });
    const note = await ledger.checkpoint();
    expect(await ledger.checkpoint()).toBe(note);
    const { atMs = 0 } = store.published() ?? {};
    const to = (age: number) => clock.advance(atMs + age - clock.now() - 1);
    to(59_999);
    expect(await ledger.checkpoint()).toBe(note);
    to(60_000);
    expect(await ledger.checkpoint()).not.toBe(note);
    expect(places).toEqual(['checkpoint:0', 'checkpoint:0']);
    const bytes = eventBytes(first('c'));
    const leafHash = eventHash(first('c'));
    store.add({ index: 0, leafHash, bytes, subject: 'cert/c', requestId: 'r' });
    const policy = policyOf(await ledger.trust());
    expect((await verifyCheckpoint(await ledger.checkpoint(), policy)).size).toBe(1);
  });

  it('A8: a defect on the way is told as one, and the next one begins anew', async () => {
    let isBroken = true;
    const whole = memoryLogStore();
    const store: LogStore = {
      ...whole,
      publish(next) {
        if (isBroken) throw new Error('the disk is full');
        whole.publish(next);
      },
    };
    const { ledger } = logOf({ store });
    const lost = ledger.append(first('a'), { requestId: 'r' });
    await expect(lost).rejects.toMatchObject({
      ...unavailable,
      cause: new Error('the disk is full'),
    });
    isBroken = false;
    expect(await ledger.append(first('a'), { requestId: 'r' })).toMatchObject({ index: 0 });
  });
});

describe('a history that is read', () => {
  async function world() {
    const clock = tickingClock();
    const ledger = memoryLedger(clock);
    const { leafHash: prev } = await ledger.append(first('a'), { requestId: 'r1' });
    const thawed = await ledger.append(thawedEvent('cert/a', prev), { requestId: 'r2' });
    const { at } = frozenEvent('cert/a');
    const certSha256 = 'ab'.repeat(32);
    const prevOf = { v: 1, subject: 'cert/a', prev: thawed.leafHash, at } as const;
    const last = { ...prevOf, type: 'resumed', certSha256 } as const;
    await ledger.append(last, { requestId: 'r3' });
    await ledger.append(first('b'), { requestId: 'r1' });
    const policy = policyOf(await ledger.trust(), 600);
    const read = (own: Partial<Ledger> = {}, subject = 'cert/a') =>
      proveHistory({ ledger: { ...ledger, ...own }, policy, clock }, subject);
    return { clock, ledger, read };
  }
  const invalid = (detail: string) => ({ code: 'ledger_proof_invalid', detail });

  it('A8: is believed with its proofs, and comes with the notes that were checked', async () => {
    const { ledger, read } = await world();
    const proven = await read();
    expect(proven.events.map(({ index }) => index)).toEqual([0, 1, 2]);
    for (const { index, leafHash, inclusion, bytes } of proven.events) {
      expect(inclusion).toEqual(await ledger.proveInclusion(index, 4));
      expect(await ledger.entry(index)).toMatchObject({ leafHash, bytes });
    }
    expect(proven.checkpoint.size).toBe(4);
    expect(proven.checkpointNote).toBe(await ledger.checkpoint());
    const { log } = policyOf(await ledger.trust());
    const { newest } = await verifyStatus(proven.statusNote, log, Date.UTC(2026, 2, 2, 3));
    expect(newest).toMatchObject({ index: 2, type: 'resumed' });
  });

  it('A8: with its end kept back, its beginning, its order or its bytes changed it is not', async () => {
    const { ledger, read } = await world();
    const all = await ledger.history('cert/a');
    const [one, two, three] = all;
    if (!one || !two || !three) throw new Error('three events were written');
    const shown = (history: typeof all) => read({ history: async () => history });
    await expect(shown([one, two])).rejects.toMatchObject(
      invalid('chain_broken: a newer event of the subject is kept back'),
    );
    await expect(shown([two, three])).rejects.toMatchObject(
      invalid('chain_broken: an event before this one is missing (entry 1)'),
    );
    await expect(shown([two, one, three])).rejects.toMatchObject(
      invalid('chain_broken: an event before this one is missing (entry 1)'),
    );
    const bytes = one.bytes.slice();
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    await expect(shown([{ ...one, bytes }, two, three])).rejects.toMatchObject(
      invalid('inclusion_failed: the entry is not the one that was logged (entry 0)'),
    );
    await expect(shown(await ledger.history('cert/b'))).rejects.toMatchObject(
      invalid('entry_malformed: the entry is not an event of the subject (entry 3)'),
    );
    await expect(shown([])).rejects.toMatchObject({ code: 'ledger_entry_not_found' });
  });

  it('A8: nor with an old status, an old checkpoint, or one of another log', async () => {
    const { clock, ledger, read } = await world();
    const [status, note] = [await ledger.status('cert/a'), await ledger.checkpoint()];
    const other = memoryLedger(clock);
    await other.append(first('a'), { requestId: 'r' });
    const theirs = await other.checkpoint();
    await expect(read({ checkpoint: async () => theirs })).rejects.toMatchObject({
      code: 'ledger_proof_invalid',
      detail: expect.stringMatching(/^checkpoint_unsigned: /),
    });
    for (const subject of ['cert/b', 'cert/nobody']) {
      const another = await ledger.status(subject);
      await expect(read({ status: async () => another })).rejects.toMatchObject(
        invalid('chain_broken: a newer event of the subject is kept back'),
      );
    }
    clock.advance(61_000);
    await expect(read({ status: async () => status })).rejects.toMatchObject({
      detail: expect.stringMatching(/^status_stale: /),
    });
    clock.advance(600_000);
    await expect(read({ checkpoint: async () => note })).rejects.toMatchObject({
      detail: expect.stringMatching(/^checkpoint_stale: /),
    });
    expect((await read()).events).toHaveLength(3);
  });

  it('A8: an outage is an outage, not a broken proof', async () => {
    const { read } = await world();
    const failure = new Error('no way there');
    await expect(read({ status: () => Promise.reject(failure) })).rejects.toBe(failure);
  });
});
