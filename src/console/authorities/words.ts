import { authoritiesEn } from '../i18n/authorities.en.ts';
import { authoritiesZh } from '../i18n/authorities.zh.ts';
import { wordsOf } from '../i18n/index.ts';

/** The words of the page of issuing authorities. They come with it, not before. */
export const a = wordsOf({ zh: authoritiesZh, en: authoritiesEn });
