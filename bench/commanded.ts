// A Worker that only does what it is told, so many times: the clock of workerd stands still while
// code runs, so run.mjs times it from outside.
import type { Row } from './harness.ts';

export interface Commanded {
  fetch(request: Request): Promise<Response>;
}

/** Without a row it lists them; with row, contestant and count it runs and answers when done. */
export function commanded(prepare: () => Promise<Row[]>): Commanded {
  let rows: Row[] | undefined;
  return {
    async fetch(request) {
      rows ??= await prepare();
      const { searchParams } = new URL(request.url);
      const row = rows[Number(searchParams.get('row') ?? -1)];
      const contestant = row?.contestants[Number(searchParams.get('contestant'))];
      if (!contestant) {
        return Response.json(
          rows.map(({ contestants, ...rest }) => ({
            ...rest,
            contestants: contestants.map(({ name }) => name),
          })),
        );
      }
      const count = Number(searchParams.get('count'));
      for (let i = 0; i < count; i++) {
        const done = contestant.run();
        // Not every run is awaited: that would cost those that are done at once.
        if (done instanceof Promise) await done;
      }
      return new Response('done');
    },
  };
}
