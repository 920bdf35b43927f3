import { TokenError } from './error.ts';

export type JsonObject = { readonly [name: string]: unknown };

const depthMax = 8;
const numberTextMax = 20;
const blank = /[\t\n\r ]*/y;
const stringToken = /"[^"\\\p{Cc}]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\p{Cc}]*)*"/uy;
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

  #string(): string {
    const token = this.#take(stringToken);
    if (token === undefined) throw malformed();
    const text: string = token.includes('\\') ? JSON.parse(token) : token.slice(1, -1);
    if (/\p{Cs}/u.test(text)) throw malformed();
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
    this.#take(blank);
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
}
