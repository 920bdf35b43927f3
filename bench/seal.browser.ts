// The rows of seal-rows.ts in a page.
import { loadSeal } from '../src/core/seal.ts';
import { offerInPage } from './in-page.ts';
import { sealRows } from './seal-rows.ts';

offerInPage(async () => sealRows(await loadSeal()));
