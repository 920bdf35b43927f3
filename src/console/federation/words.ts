import { wordsOf } from '../i18n/index.ts';
import { scoringEn } from '../i18n/scoring.en.ts';
import { scoringZh } from '../i18n/scoring.zh.ts';

/** The words of parties, trainings and rules. They come with these pages, not before. */
export const f = wordsOf({ zh: scoringZh, en: scoringEn });
