import { CinnabarError } from '../errors.ts';

/** Runs one task after the other, and refuses more than `most` that wait. */
export function createQueue(most: number) {
  let waiting = 0;
  let tail: Promise<unknown> = Promise.resolve();
  return {
    depth: () => waiting,
    queued<T>(task: () => Promise<T>): Promise<T> {
      if (waiting >= most) return Promise.reject(new CinnabarError('chips_busy'));
      waiting += 1;
      const result = tail.then(task).finally(() => {
        waiting -= 1;
      });
      tail = result.catch(() => undefined);
      return result;
    },
  };
}
