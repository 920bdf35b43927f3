import { CinnabarError } from '../../domain/errors.ts';

/** A body brings this much in each window, or ends in it: 32 kbit/s, half of the slowest line. */
const windowMs = 10_000;
const windowBytesMin = 40 * 1024;
/** And all of it comes within this: nobody holds a place for as long as a slow line would let them. */
export const bodyMsMax = 55_000;

/** A body that is followed while it comes. */
export interface FollowedBody {
  readonly stream: ReadableStream<Uint8Array>;
  /** Why it was cut off, if it was. */
  refusal(): CinnabarError | undefined;
  /** Nobody reads it any more. */
  release(): void;
}

/**
 * Cuts a body off at its limit, `payload_too_large`, and when it comes too slowly,
 * `body_too_slow`: whoever sends a byte a second must not keep a place for hours.
 */
export function followBody(
  body: ReadableStream<Uint8Array>,
  { bytesMax }: { readonly bytesMax: number },
): FollowedBody {
  const reader = body.getReader();
  let cut: (refusal: CinnabarError) => void = () => undefined;
  const isCut = new Promise<never>((_settle, reject) => {
    cut = reject;
  });
  // Where nobody reads when it is cut there is nobody to tell.
  isCut.catch(() => undefined);
  let refusal: CinnabarError | undefined;
  let bytes = 0;
  let bytesInWindow = 0;
  let timer: ReturnType<typeof setTimeout>;
  const end = setTimeout(() => refuse('body_too_slow'), bodyMsMax);
  const stopWatching = () => {
    clearTimeout(timer);
    clearTimeout(end);
  };

  const refuse = (code: 'payload_too_large' | 'body_too_slow') => {
    stopWatching();
    refusal ??= new CinnabarError(code);
    cut(refusal);
  };
  const watch = () => {
    bytesInWindow = 0;
    timer = setTimeout(
      () => (bytesInWindow < windowBytesMin ? refuse('body_too_slow') : watch()),
      windowMs,
    );
  };

  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await Promise.race([reader.read(), isCut]);
        if (done) {
          stopWatching();
          return controller.close();
        }
        bytes += value.length;
        bytesInWindow += value.length;
        if (bytes > bytesMax) refuse('payload_too_large');
        if (refusal) throw refusal;
        controller.enqueue(value);
      } catch (error) {
        controller.error(error);
        reader.cancel(error).catch(() => undefined);
      }
    },
  });
  watch();
  return { stream, refusal: () => refusal, release: stopWatching };
}
