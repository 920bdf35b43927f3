import { CinnabarError, type ErrorCode } from '../../domain/errors.ts';

/** What a call came to. Errors of the trade cross as values: thrown ones would lose their class. */
export type Answer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; code: ErrorCode };

/** In the object: what the step came to, as a value. */
export async function settled(step: () => unknown): Promise<Answer> {
  try {
    return { ok: true, value: await step() };
  } catch (error) {
    if (error instanceof CinnabarError) return { ok: false, code: error.code };
    throw error;
  }
}

/** At the caller: the value of the answer. @throws CinnabarError also `storage_unavailable` */
export async function asked(call: () => Promise<unknown>): Promise<unknown> {
  let answer: Answer;
  try {
    // The stub's type takes `unknown` for what cannot cross; what steps give can.
    answer = (await call()) as Answer;
  } catch (cause) {
    throw new CinnabarError('storage_unavailable', { cause });
  }
  if (!answer.ok) throw new CinnabarError(answer.code);
  return answer.value;
}
