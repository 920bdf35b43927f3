// The rows of tagger-rows.ts in a page.
import { loadTagger } from '../src/core/tagger.ts';
import { offerInPage } from './in-page.ts';
import { taggerRows } from './tagger-rows.ts';

offerInPage(async () => taggerRows(await loadTagger()));
