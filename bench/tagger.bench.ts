// The tagger in Node.
import { loadTagger } from '../src/core/tagger.ts';
import { measureInNode } from './in-node.ts';
import { taggerRows } from './tagger-rows.ts';

measureInNode(taggerRows(await loadTagger()));
