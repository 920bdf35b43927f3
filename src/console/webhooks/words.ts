import { wordsOf } from '../i18n/index.ts';
import { webhooksEn } from '../i18n/webhooks.en.ts';
import { webhooksZh } from '../i18n/webhooks.zh.ts';

/** The words of the page of webhooks. They come with it, not before. */
export const w = wordsOf({ zh: webhooksZh, en: webhooksEn });
