/** How something that goes on is followed: by events where the way carries them, else by asking. */
export interface Followed<T> {
  /** Opens a stream of events (HTML Living Standard, 9.2); rejects when there is none. */
  open(signal: AbortSignal): Promise<Response>;
  /** Asks once. */
  ask(signal: AbortSignal): Promise<T>;
  /** Takes what was heard; `true` ends it. */
  on(value: T): boolean;
  wait(milliseconds: number): Promise<void>;
}

/** After so many failures on end it asks between two attempts to open a stream. */
const failuresBeforeAsking = 2;
const firstPauseMs = 100;
const longestPauseMs = 8_000;
/** A stream begins with how things are; one that is silent so long is held back on the way. */
const silenceMs = 3_000;

/**
 * Follows until `on` says that it is over or the signal ends it. Opens a stream again when it
 * breaks, each time after a longer pause, and asks in between once streams do not come through.
 * Never rejects: what cannot be heard is tried again.
 */
export async function follow<T>(followed: Followed<T>, signal: AbortSignal): Promise<void> {
  const { ask, on, wait } = followed;
  for (let failures = 0; !signal.aborted; ) {
    const heard = await listen(followed, signal);
    if (heard === 'over' || signal.aborted) return;
    failures = heard === 'something' ? 0 : failures + 1;
    if (failures >= failuresBeforeAsking) {
      const value = await ask(signal).catch(() => undefined);
      if (signal.aborted || (value !== undefined && on(value))) return;
    }
    await wait(Math.min(longestPauseMs, firstPauseMs * 2 ** failures));
  }
}

/** Reads one stream to its end. */
async function listen<T>(
  { open, on, wait }: Followed<T>,
  signal: AbortSignal,
): Promise<'over' | 'something' | 'nothing'> {
  const attempt = new AbortController();
  const stop = () => attempt.abort();
  signal.addEventListener('abort', stop, { once: true });
  let heard: 'something' | 'nothing' = 'nothing';
  void wait(silenceMs).then(() => {
    if (heard === 'nothing') attempt.abort();
  });
  try {
    const response = await open(attempt.signal);
    for await (const data of eventData(response)) {
      heard = 'something';
      if (on(JSON.parse(data) as T)) return 'over';
    }
    return heard;
  } catch {
    return heard;
  } finally {
    attempt.abort();
    signal.removeEventListener('abort', stop);
  }
}

/** The data of every event; comments and other fields are passed over. */
export async function* eventData(response: Response): AsyncGenerator<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  let data: string[] = [];
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) return;
    const lines = (rest + value).split('\n');
    rest = lines.pop() ?? '';
    for (const raw of lines) {
      const line = raw.replace(/\r$/, '');
      if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
      if (line !== '' || data.length === 0) continue;
      yield data.join('\n');
      data = [];
    }
  }
}
