// Words of the token formats that a schema of the outside lists.
export { labels } from '../../core/tagger/labels.ts';
export { operatingPoints } from '../../core/tagger/model.ts';
export { bodyFormats } from '../../core/tagger/structured.ts';
export { sealableLabels } from '../../core/token/open.ts';
export { profileNames, profiles } from '../../core/token/profiles.ts';
