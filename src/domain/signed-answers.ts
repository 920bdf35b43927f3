import type { Clock } from './ports.ts';

export interface AnswerRules {
  readonly clock: Clock;
  /** So long after it was signed an answer is given out again, ms; less than it is valid. */
  readonly reuseMs: number;
  /** Answers about so many things at once; then all are forgotten, and cost a signature each. */
  readonly keptMax: number;
}

interface Kept<T> {
  readonly says: string;
  readonly signedAtMs: number;
  readonly answer: Promise<T>;
}

/**
 * Keeps signed answers to public questions, since each signature is a way to the chips. One that is
 * young is given out again if it says what is so now: whoever asks has looked at the store for it,
 * so no answer about an earlier state leaves, in whichever isolate the state was changed.
 */
export function signedAnswers<T>({ clock, reuseMs, keptMax }: AnswerRules) {
  const kept = new Map<string, Kept<T>>();

  /**
   * @param about what was asked
   * @param says what the answer has to say, as the store has it at this moment
   */
  return (about: string, says: string, sign: (nowMs: number) => Promise<T>): Promise<T> => {
    const signedAtMs = clock.now();
    const known = kept.get(about);
    // A clock that is set back makes nothing fresh again.
    const isFresh = known && Math.abs(signedAtMs - known.signedAtMs) < reuseMs;
    if (isFresh && known.says === says) return known.answer;
    if (kept.size >= keptMax) kept.clear();
    const answer = sign(signedAtMs);
    const fresh = { says, signedAtMs, answer };
    kept.set(about, fresh);
    answer.catch(() => {
      if (kept.get(about) === fresh) kept.delete(about);
    });
    return answer;
  };
}
