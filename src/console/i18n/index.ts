import { batch, computed, signal } from '@preact/signals';
import type { Bilingual } from '../../client/index.ts';
import { remember } from '../storage.ts';
import type { zh } from './zh.ts';

export type Language = 'zh' | 'en';
export type Key = keyof typeof zh;
export type Words = Record<string, string | number>;

type Table = Record<Key, string>;

/** Only the language that is read is fetched. */
const tables: Record<Language, () => Promise<Table>> = {
  zh: () => import('./zh.ts').then((module) => module.zh),
  en: () => import('./en.ts').then((module) => module.en),
};
const tags: Record<Language, string> = { zh: 'zh-CN', en: 'en' };

/** The page element carries the language before any script of ours runs; it is the first value. */
export const language = signal<Language>(document.documentElement.lang === 'en' ? 'en' : 'zh');
let wanted = language.peek();
const table = signal<Table | undefined>(undefined);
export const languageTag = computed(() => tags[language.value]);

/** Fetches the words of the first language; nothing can be said before. */
export async function startWords(): Promise<void> {
  table.value = await tables[language.peek()]();
}

/** Rejects, and leaves all as it is, when the words cannot be fetched. */
export async function setLanguage(next: Language): Promise<void> {
  wanted = next;
  const words = await tables[next]();
  // A later choice wins, whichever is fetched first.
  if (wanted !== next) return;
  batch(() => {
    table.value = words;
    language.value = next;
  });
  document.documentElement.lang = tags[next];
  remember('language', tags[next]);
}

/** The words for `key`, with `{name}` filled from `words`. Reading it follows the language. */
export function t(key: Key, words: Words = {}): string {
  return fill(table.value?.[key] ?? key, words);
}

/** As `t`, over the words of a page that is fetched when it is opened. */
export function wordsOf<K extends string>(own: Record<Language, Record<K, string>>) {
  return (key: K, words: Words = {}) => fill(own[language.value][key], words);
}

/** As `t`, for a key made at run time; undefined when there are no words for it. */
export function maybe(key: string, words: Words = {}): string | undefined {
  const text = (table.value as Record<string, string> | undefined)?.[key];
  return text === undefined ? undefined : fill(text, words);
}

export function inLanguage(text: Bilingual): string {
  return text[language.value];
}

function fill(text: string, words: Words): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(words[name] ?? whole));
}
