import { describe, expect, it } from 'vitest';
import { eventData, type Followed, follow } from '../../src/client/events.ts';

const utf8 = new TextEncoder();

function stream(...chunks: (string | Uint8Array)[]): Response {
  const bytes = chunks.map((chunk) => (typeof chunk === 'string' ? utf8.encode(chunk) : chunk));
  return new Response(
    new ReadableStream({
      start(controller) {
        for (const chunk of bytes) controller.enqueue(chunk);
        controller.close();
      },
    }),
  );
}

/** A stream that says nothing until it is given up. */
function silent(signal: AbortSignal): Response {
  return new Response(
    new ReadableStream({
      start(controller) {
        signal.addEventListener('abort', () => controller.error(new Error('given up')));
      },
    }),
  );
}

const event = (value: number) => `event: progress\ndata: ${value}\n\n`;

/** Streams in turn, what asking gives, and what was heard; 3 is the end. */
function watched(
  streams: readonly ((signal: AbortSignal) => Response | Promise<Response>)[],
  answers: readonly (() => number)[] = [],
  isSilent = false,
) {
  const heard: number[] = [];
  const waits: number[] = [];
  let [opened, asked] = [0, 0];
  const followed: Followed<number> = {
    open: async (signal) => {
      const next = streams[opened++];
      if (!next) throw new Error('no stream');
      return next(signal);
    },
    ask: async () => {
      const answer = answers[asked++];
      if (!answer) throw new Error('no answer');
      return answer();
    },
    on(value) {
      heard.push(value);
      return value === 3;
    },
    wait: async (ms) => {
      // The wait after which a silent stream is given up.
      if (ms === 3000) {
        if (isSilent) return;
        await new Promise(() => {});
      }
      waits.push(ms);
    },
  };
  return { followed, heard, waits, counts: () => ({ opened, asked }) };
}

const never = new AbortController().signal;

describe('A5: events of a request that is under way', () => {
  it('are read whole, however they were cut, with comments passed over', async () => {
    const text = utf8.encode(
      ': comment\n\nevent: x\r\ndata: {"a":\r\ndata: "值"}\r\n\r\ndata:2\n\ndata:cut',
    );
    for (const size of [1, 2, 3, 7, text.length]) {
      const parts = Array.from({ length: Math.ceil(text.length / size) }, (_, i) =>
        text.slice(i * size, (i + 1) * size),
      );
      const found: string[] = [];
      for await (const data of eventData(stream(...parts))) found.push(data);
      expect(found).toEqual(['{"a":\n"值"}', '2']);
    }
  });

  it('end with the request', async () => {
    const { followed, heard, counts } = watched([
      () => stream(event(1), event(2), event(3), event(4)),
    ]);
    await follow(followed, never);
    expect(heard).toEqual([1, 2, 3]);
    expect(counts()).toEqual({ opened: 1, asked: 0 });
  });

  it('a stream that breaks is opened again at once, and nothing is asked', async () => {
    const broken = () => stream(event(1), 'event: progress\ndata: 2');
    const { followed, heard, waits, counts } = watched([broken, broken, () => stream(event(3))]);
    await follow(followed, never);
    expect(heard).toEqual([1, 1, 3]);
    expect(waits).toEqual([100, 100]);
    expect(counts().asked).toBe(0);
  });

  it('without a stream the pauses grow to a limit, and it asks in between', async () => {
    const no = () => Promise.reject(new Error('refused'));
    const answers = [1, 1, 1, 1, 1, 1, 1, 2, 3].map((value) => () => value);
    const { followed, heard, waits, counts } = watched(Array(30).fill(no), answers);
    await follow(followed, never);
    expect(heard).toEqual([1, 1, 1, 1, 1, 1, 1, 2, 3]);
    expect(waits).toEqual([200, 400, 800, 1600, 3200, 6400, 8000, 8000, 8000]);
    expect(counts()).toEqual({ opened: 10, asked: 9 });
  });

  it('a stream that a proxy holds back counts as none', async () => {
    const { followed, heard } = watched([silent, silent], [() => 3], true);
    await follow(followed, never);
    expect(heard).toEqual([3]);
  });

  it('the way back to events is taken when there is one', async () => {
    const no = () => Promise.reject(new Error('refused'));
    const { followed, heard, counts } = watched(
      [no, no, () => stream(event(2), event(3))],
      [() => 1],
    );
    await follow(followed, never);
    expect(heard).toEqual([1, 2, 3]);
    expect(counts()).toEqual({ opened: 3, asked: 1 });
  });

  it('who no longer listens ends it, stream and all', async () => {
    const controller = new AbortController();
    let isGivenUp = false;
    const { followed } = watched([
      (signal) => {
        signal.addEventListener('abort', () => {
          isGivenUp = true;
        });
        queueMicrotask(() => controller.abort());
        return silent(signal);
      },
    ]);
    await follow(followed, controller.signal);
    expect(isGivenUp).toBe(true);
  });
});
