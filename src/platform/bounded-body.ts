/**
 * The bytes of a body, read no further than `bytesMax`: what a length says in advance binds nobody,
 * and reading first and measuring then lets whoever sends fill the memory (CWE-770).
 *
 * @returns `undefined` for a longer one, whose rest is left unread
 */
export async function boundedBytes(
  { body }: Pick<Request | Response, 'body'>,
  bytesMax: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = body?.getReader();
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) break;
    length += value.length;
    if (length > bytesMax) {
      await reader?.cancel();
      return undefined;
    }
    parts.push(value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** As `boundedBytes`, as the text that they are in UTF-8. */
export async function boundedText(
  source: Pick<Request | Response, 'body'>,
  bytesMax: number,
): Promise<string | undefined> {
  const bytes = await boundedBytes(source, bytesMax);
  return bytes && new TextDecoder().decode(bytes);
}
