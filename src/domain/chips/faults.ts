import { CinnabarError, type ErrorCode, errorTitles } from '../errors.ts';

/** Why a chip did not do what its ticket asked. Callers outside never see these. */
export type ChipFaultCode =
  /** Silence, a broken connection, a crash. */
  | 'no_answer'
  /** The chip does not have the key: its storage was lost, or it was never given it. */
  | 'not_held'
  /** A ticket with a number that is not above all that the chip saw. */
  | 'stale_ticket'
  | 'stale_epoch'
  /** The ticket, offer or package is too old, or for another chip. */
  | 'not_for_us'
  /** A newer start of this chip was seen: this one must not work. */
  | 'superseded'
  /** Not certified by the cluster root, or altered on the way. */
  | 'not_authentic'
  /** An answer that is not what was asked for; the chip is not to be trusted. */
  | 'wrong_answer';

const faultCodes: readonly string[] = [
  'no_answer',
  'not_held',
  'stale_ticket',
  'stale_epoch',
  'not_for_us',
  'superseded',
  'not_authentic',
  'wrong_answer',
] satisfies readonly ChipFaultCode[];

export class ChipFault extends Error {
  override readonly name = 'ChipFault';
  readonly code: ChipFaultCode;

  constructor(code: ChipFaultCode, options?: { cause?: unknown }) {
    super(code, options);
    this.code = code;
  }
}

/** How an answer or an error crosses between objects, where classes are lost. */
export type Reply<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: string; readonly detail?: string };

/** Runs `act` and packs what comes of it. Anything unexpected is thrown on. */
export async function reply<T>(act: () => Promise<T>): Promise<Reply<T>> {
  try {
    return { ok: true, value: await act() };
  } catch (error) {
    if (error instanceof ChipFault) return { ok: false, code: error.code };
    if (error instanceof CinnabarError) {
      const { code, detail } = error;
      return detail === undefined ? { ok: false, code } : { ok: false, code, detail };
    }
    throw error;
  }
}

/** What `reply` packed. A call that broke is `no_answer`. */
export async function unpack<T>(call: () => Promise<Reply<T>>): Promise<T> {
  let answer: Reply<T>;
  try {
    answer = await call();
  } catch (cause) {
    throw new ChipFault('no_answer', { cause });
  }
  if (answer.ok) return answer.value;
  const { code, detail } = answer;
  if (isErrorCode(code)) throw new CinnabarError(code, detail === undefined ? {} : { detail });
  throw new ChipFault(faultCodes.includes(code) ? (code as ChipFaultCode) : 'no_answer');
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorTitles, code);
}
