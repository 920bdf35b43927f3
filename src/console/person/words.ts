import { wordsOf } from '../i18n/index.ts';
import { personEn } from '../i18n/person.en.ts';
import { personZh } from '../i18n/person.zh.ts';

/** The words of the person's pages. They come with these pages, not before. */
export const p = wordsOf({ zh: personZh, en: personEn });
export type PersonKey = keyof typeof personZh;
