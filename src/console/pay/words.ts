import { wordsOf } from '../i18n/index.ts';
import { payEn } from '../i18n/pay.en.ts';
import { payZh } from '../i18n/pay.zh.ts';

/** The words of payments. They come with these pages, not before. */
export const q = wordsOf({ zh: payZh, en: payEn });
export type PayKey = keyof typeof payZh;
