import { bytesToHex, concatBytes } from '@noble/hashes/utils.js';
import {
  NoiseError,
  type NoiseKeyPair,
  type NoiseSession,
  noiseInitiate,
  noiseKeyPair,
  noiseRespond,
} from '../../core/session/noise.ts';
import { type ReplayWindow, replayWindow } from '../../core/session/replay-window.ts';
import type { Sodium } from '../../core/sodium.ts';
import { tupleBytes } from '../../lib/tuple.ts';
import type { Clock, Random } from '../ports.ts';
import { ChipFault, type Reply } from './faults.ts';
import { decodeWire, encodeWire } from './wire.ts';

// Calls to a chip on another machine, through whatever carries a request and its answer. A session
// is opened by a Noise handshake; each call is one message in it, under a number that counts once.
//
// request: session id (16 bytes), number (4 bytes, big-endian), ciphertext; an answer is encrypted
// under the number of its request. An empty answer means: no such session, open another.

/** Carries one request to the other side. `open` begins a session, `call` uses one. */
export type Carry = (what: 'open' | 'call', body: Uint8Array) => Promise<Uint8Array>;

const sessionLifeMs = 60 * 60 * 1000;
const callsPerSession = 1 << 20;
const sessionsMax = 16;
const idBytes = 16;
const headBytes = idBytes + 4;
/** How far a request may be behind the newest: requests overtake each other on the way. */
const windowSize = 4_096;
/** Largest request or answer: a message of a megabyte in base64, and what is around it. */
export const channelBytesMax = 4 << 20;

/** The key with which the chips Worker speaks to chips on other machines: X25519. */
export function linkKeyPair(sodium: Sodium, storageSecret: Uint8Array): NoiseKeyPair {
  const label = tupleBytes('cinnabar chip link');
  return noiseKeyPair(sodium, sodium.crypto_generichash(32, label, storageSecret));
}

function prologueOf(chip: string): Uint8Array {
  return tupleBytes('cinnabar chip channel 1', chip);
}

export interface CallerOptions {
  readonly sodium: Sodium;
  readonly own: NoiseKeyPair;
  readonly peer: Uint8Array;
  readonly chip: string;
  readonly clock: Clock;
  readonly carry: Carry;
}

interface OpenSession {
  readonly id: Uint8Array;
  readonly session: NoiseSession;
  readonly openedAtMs: number;
  next: number;
}

/**
 * The calling side.
 *
 * @throws ChipFault `no_answer` when nothing or nothing authentic comes back
 */
export function channelCaller(options: CallerOptions) {
  const { sodium, own, peer, chip, clock, carry } = options;
  let current: Promise<OpenSession> | undefined;
  let known: OpenSession | undefined;

  async function open(): Promise<OpenSession> {
    const handshake = noiseInitiate(
      { sodium, own, peer, prologue: prologueOf(chip) },
      new Uint8Array(),
    );
    const answer = await carry('open', handshake.message);
    const { payload, session } = handshake.finish(answer);
    if (payload.length !== idBytes) throw new NoiseError('the session has no name');
    return { id: payload, session, openedAtMs: clock.now(), next: 0 };
  }

  /** One session for all calls; simultaneous first calls wait for the same handshake. */
  function session(): Promise<OpenSession> {
    const isOver =
      known && (known.next >= callsPerSession || clock.now() - known.openedAtMs > sessionLifeMs);
    if (isOver) forget();
    current ??= open().then((opened) => {
      known = opened;
      return opened;
    });
    return current;
  }

  function forget(): void {
    current = undefined;
    known = undefined;
  }

  async function attempt(body: Uint8Array): Promise<Uint8Array | undefined> {
    const opened = await session();
    const number = opened.next;
    opened.next += 1;
    const head = headOf(opened.id, number);
    const { sending, receiving } = opened.session;
    const answer = await carry('call', concatBytes(head, sending.encrypt(number, body, head)));
    return answer.length === 0 ? undefined : receiving.decrypt(number, answer, head);
  }

  return async (name: string, input: readonly unknown[]): Promise<Reply<unknown>> => {
    try {
      const body = encodeWire([name, input]);
      let answer = await attempt(body);
      if (!answer) {
        // The other side was started anew. Nothing was done, so the call goes out again.
        forget();
        answer = await attempt(body);
      }
      if (!answer) throw new NoiseError('no session is kept');
      return replyOf(decodeWire(answer));
    } catch (cause) {
      forget();
      throw new ChipFault('no_answer', { cause });
    }
  };
}

function replyOf(value: unknown): Reply<unknown> {
  const reply = value as Partial<Record<'ok' | 'value' | 'code' | 'detail', unknown>> | null;
  if (reply?.ok === true) return { ok: true, value: reply.value };
  if (reply?.ok === false && typeof reply.code === 'string') {
    const { code, detail } = reply;
    return { ok: false, code, ...(typeof detail === 'string' ? { detail } : {}) };
  }
  throw new TypeError('a reply is not in its form');
}

export interface AnswererOptions {
  readonly sodium: Sodium;
  readonly own: NoiseKeyPair;
  readonly peer: Uint8Array;
  readonly chip: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly answer: (name: string, input: unknown) => Promise<Reply<unknown>>;
}

interface HeldSession {
  readonly session: NoiseSession;
  readonly openedAtMs: number;
  readonly numbers: ReplayWindow;
}

/** The answering side: what comes in, whoever sent it, to what goes back. */
export function channelAnswerer(options: AnswererOptions) {
  const { sodium, own, peer, chip, clock, random } = options;
  const sessions = new Map<string, HeldSession>();

  return {
    /** @throws NoiseError when the message is not the known caller's */
    open(message: Uint8Array): Uint8Array {
      const id = random.bytes(idBytes);
      const party = { sodium, own, peer, prologue: prologueOf(chip) };
      const { message: answer, session } = noiseRespond(party, message, () => id);
      const [oldest] = sessions.keys();
      if (sessions.size >= sessionsMax && oldest !== undefined) sessions.delete(oldest);
      const openedAtMs = clock.now();
      sessions.set(bytesToHex(id), { session, openedAtMs, numbers: replayWindow(windowSize) });
      return answer;
    },
    /**
     * @returns nothing when no session has the name
     * @throws NoiseError when the request is not authentic, or was here before
     */
    async call(request: Uint8Array): Promise<Uint8Array> {
      if (request.length < headBytes) throw new NoiseError('the request is cut off');
      const head = request.slice(0, headBytes);
      const id = bytesToHex(head.subarray(0, idBytes));
      const held = sessions.get(id);
      if (!held || clock.now() - held.openedAtMs > 2 * sessionLifeMs) return new Uint8Array();
      const number = new DataView(head.buffer).getUint32(idBytes);
      const { sending, receiving } = held.session;
      const body = receiving.decrypt(number, request.subarray(headBytes), head);
      // Only after it is known to be the caller's own.
      if (!held.numbers.take(number)) throw new NoiseError('the request was here before');
      return sending.encrypt(number, encodeWire(await answerTo(body)), head);
    },
  };

  async function answerTo(body: Uint8Array): Promise<Reply<unknown>> {
    const call = decodeWire(body);
    if (!Array.isArray(call) || typeof call[0] !== 'string') throw new TypeError('no such call');
    return options.answer(call[0], call[1]);
  }
}

function headOf(id: Uint8Array, number: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, number);
  return concatBytes(id, bytes);
}
