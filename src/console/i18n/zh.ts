import { auditZh } from './audit.zh.ts';
import { certificatesZh } from './certificates.zh.ts';
import { chipsZh } from './chips.zh.ts';
import { coreZh } from './core.zh.ts';
import { errorsZh } from './errors.zh.ts';
import { federationZh } from './federation.zh.ts';
import { homeZh } from './home.zh.ts';
import { institutionZh } from './institution.zh.ts';
import { ledgerZh } from './ledger.zh.ts';
import { sealServiceZh } from './seal-service.zh.ts';
import { sealsZh } from './seals.zh.ts';
import { shellZh } from './shell.zh.ts';
import { taggerZh } from './tagger.zh.ts';

/**
 * Words that are fetched with the first page, in Chinese; pages opened later carry their own.
 * English has the same keys; the compiler sees to it.
 */
export const zh = {
  ...auditZh,
  ...certificatesZh,
  ...chipsZh,
  ...coreZh,
  ...errorsZh,
  ...federationZh,
  ...homeZh,
  ...institutionZh,
  ...ledgerZh,
  ...sealServiceZh,
  ...sealsZh,
  ...shellZh,
  ...taggerZh,
} as const;
