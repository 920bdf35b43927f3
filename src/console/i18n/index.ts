import { computed, signal } from '@preact/signals';
import type { Bilingual } from '../../client/index.ts';
import { remember } from '../storage.ts';
import { en } from './en.ts';
import { zh } from './zh.ts';

export type Language = 'zh' | 'en';
export type Key = keyof typeof zh;
export type Words = Record<string, string | number>;

const tables: Record<Language, Record<Key, string>> = { zh, en };
const tags: Record<Language, string> = { zh: 'zh-CN', en: 'en' };

/** The page element carries the language before any script of ours runs; it is the first value. */
export const language = signal<Language>(document.documentElement.lang === 'en' ? 'en' : 'zh');
export const languageTag = computed(() => tags[language.value]);

export function setLanguage(next: Language): void {
  language.value = next;
  document.documentElement.lang = tags[next];
  remember('language', tags[next]);
}

/** The words for `key`, with `{name}` filled from `words`. Reading it follows the language. */
export function t(key: Key, words: Words = {}): string {
  return fill(tables[language.value][key], words);
}

/** As `t`, for a key made at run time; undefined when there are no words for it. */
export function maybe(key: string, words: Words = {}): string | undefined {
  const text = (tables[language.value] as Record<string, string>)[key];
  return text === undefined ? undefined : fill(text, words);
}

export function inLanguage(text: Bilingual): string {
  return text[language.value];
}

function fill(text: string, words: Words): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(words[name] ?? whole));
}
