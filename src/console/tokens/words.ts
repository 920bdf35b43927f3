import { wordsOf } from '../i18n/index.ts';
import { tokensEn } from '../i18n/tokens.en.ts';
import { tokensZh } from '../i18n/tokens.zh.ts';

/** The words of the token pages. They come with these pages, not before. */
export const k = wordsOf({ zh: tokensZh, en: tokensEn });
export type TokenKey = keyof typeof tokensZh;

/** Words for a code that the service may add to; the code itself where there are none yet. */
export function named(prefix: 'action' | 'risk', code: string): string {
  const key = `${prefix}.${code}`;
  return key in tokensZh ? k(key as TokenKey) : code;
}
