import { auditEn } from './audit.en.ts';
import { certificatesEn } from './certificates.en.ts';
import { chipsEn } from './chips.en.ts';
import { coreEn } from './core.en.ts';
import { errorsEn } from './errors.en.ts';
import { federationEn } from './federation.en.ts';
import { homeEn } from './home.en.ts';
import { institutionEn } from './institution.en.ts';
import { ledgerEn } from './ledger.en.ts';
import { sealServiceEn } from './seal-service.en.ts';
import { sealsEn } from './seals.en.ts';
import { shellEn } from './shell.en.ts';
import { taggerEn } from './tagger.en.ts';
import type { zh } from './zh.ts';

/** Words that are fetched with the first page, in English; pages opened later carry their own. */
export const en: Record<keyof typeof zh, string> = {
  ...auditEn,
  ...certificatesEn,
  ...chipsEn,
  ...coreEn,
  ...errorsEn,
  ...federationEn,
  ...homeEn,
  ...institutionEn,
  ...ledgerEn,
  ...sealServiceEn,
  ...sealsEn,
  ...shellEn,
  ...taggerEn,
};
