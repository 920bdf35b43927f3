import { TokenError } from './error.ts';

export type JsonObject = { readonly [name: string]: unknown };

const depthMax = 8;
const numberTextMax = 20;
const [quote, backslash] = [0x22, 0x5c];
const numberToken = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const wordToken = /true|false|null/y;
const words: Readonly<Record<string, unknown>> = { true: true, false: false, null: null };

/**
 * Reads a JSON object as RFC 8259 writes it, and refuses what readers disagree on: a name that
 * stands twice, text that is not well-formed Unicode or holds control characters, whole numbers beyond 2^53, depth above 8.
 *
 * Objects have no prototype, and no member is named `__proto__`.
 *
 * @throws TokenError `malformed`
 */
export function parseStrictObject(text: string): JsonObject {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  if (!isObject(value)) throw malformed();
  return value;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(): TokenError {
  return new TokenError('malformed');
}

/** Neither a control character (Cc) nor, as `NaN`, behind the end of the text. */
function isShown(code: number): boolean {
  return code >= 0xa0 || (code >= 0x20 && code < 0x7f);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** What a string token with escapes stands for; the engine knows which escapes there are. */
function unescaped(token: string): string {
  try {
    return JSON.parse(token);
  } catch {
    throw malformed();
  }
}

/** The place in the text is the state that this class guards. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  end(): void {
    this.#skip();
    if (this.#at !== this.#text.length) throw malformed();
  }

  value(depth: number): unknown {
    if (depth > depthMax) throw malformed();
    this.#skip();
    const next = this.#text[this.#at];
    if (next === '{') return this.#object(depth);
    if (next === '[') return this.#array(depth);
    if (next === '"') return this.#string();
    const word = this.#take(wordToken);
    if (word !== undefined) return words[word];
    return this.#number();
  }

  #object(depth: number): JsonObject {
    const fields: Record<string, unknown> = Object.create(null);
    this.#at++;
    if (this.#follows('}')) return fields;
    do {
      this.#skip();
      const name = this.#string();
      if (name === '__proto__' || name in fields || !this.#follows(':')) throw malformed();
      fields[name] = this.value(depth + 1);
    } while (this.#follows(','));
    if (!this.#follows('}')) throw malformed();
    return fields;
  }

  #array(depth: number): unknown[] {
    const items: unknown[] = [];
    this.#at++;
    if (this.#follows(']')) return items;
    do items.push(this.value(depth + 1));
    while (this.#follows(','));
    if (!this.#follows(']')) throw malformed();
    return items;
  }

  /** Between two quotes; one pass over the characters, as most of a token is text. */
  #string(): string {
    const start = this.#at;
    if (this.#text.charCodeAt(start) !== quote) throw malformed();
    let [hasEscapes, hasSurrogates] = [false, false];
    let end = start + 1;
    for (; ; end++) {
      const code = this.#text.charCodeAt(end);
      if (code === quote) break;
      if (code === backslash) {
        hasEscapes = true;
        end++;
      } else if (!isShown(code)) throw malformed();
      else if (code >= 0xd800 && code < 0xe000) hasSurrogates = true;
    }
    this.#at = end + 1;
    const text = hasEscapes
      ? unescaped(this.#text.slice(start, end + 1))
      : this.#text.slice(start + 1, end);
    if ((hasEscapes || hasSurrogates) && /\p{Cs}/u.test(text)) throw malformed();
    return text;
  }

  #number(): number {
    const token = this.#take(numberToken);
    if (token === undefined || token.length > numberTextMax) throw malformed();
    const value = Number(token);
    const isExact = Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
    if (!isExact) throw malformed();
    return value;
  }

  /** Whether `mark` comes next, which is then behind us. */
  #follows(mark: string): boolean {
    this.#skip();
    if (this.#text[this.#at] !== mark) return false;
    this.#at++;
    return true;
  }

  #skip(): void {
    while (isBlank(this.#text.charCodeAt(this.#at))) this.#at++;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
}
