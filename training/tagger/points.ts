// Chooses the operating points of the model in the built tagger, label by label: how far a label's
// score may be lowered or raised before more is lost than gained. Judged on two sets that count
// alike: text of the generator under a seed that nothing was trained with, and the half of the
// second set that may be looked at. points.ts [--records N] [--seed S] [--out FILE]
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type LabelledRecord, type Rate, tagScores } from '../../src/cli/tag-scores.ts';
import { type Label, labels, loadTagger } from '../../src/core/tagger.ts';
import { readFrames } from './frames.ts';
import { generator } from './generator.ts';
import { readWords } from './words.ts';

const { values: options } = parseArgs({
  options: {
    records: { type: 'string', default: '200' },
    seed: { type: 'string', default: '990001' },
    out: { type: 'string', default: 'training/tagger/operating-points.json' },
  },
});

const folder = 'training/tagger';
/**
 * Each point with the weight of recall in its F, and how far it may go: `balanced` is as the network
 * was trained, because the sets are too small to know better.
 */
const ends = [
  { point: 'precision', beta: 0.25, biases: [0, -0.5, -1, -1.5, -2, -2.5] },
  { point: 'recall', beta: 3, biases: [0, 1, 2, 3] },
] as const;

const make = generator(
  Number(options.seed),
  readWords(`${folder}/words`),
  readFrames(`${folder}/frames`),
);
const made: LabelledRecord[] = Array.from({ length: Number(options.records) }, (_, i) => {
  const { text, spans } = make();
  return { id: `g${i}`, text, spans, ignore: [] };
});
const looked = readFileSync('test/vectors/tagger/second-set.jsonl', 'utf8')
  .trim()
  .split('\n')
  .filter((_, i) => i % 2 === 0)
  .map((line) => ({ ignore: [], ...JSON.parse(line) }) as LabelledRecord);
const tagger = await loadTagger();

/** F of van Rijsbergen: recall counts `beta` times as much as precision. */
function fOf({ precision, recall }: Rate, beta: number): number {
  const below = beta * beta * precision + recall;
  return below === 0 ? 0 : ((1 + beta * beta) * precision * recall) / below;
}

/** The mean over both sets, for one label with its score changed. */
function rated(label: Label, bias: number): (beta: number) => number {
  const rates = [made, looked].map((records) => {
    const scores = tagScores();
    for (const record of records) {
      scores.add(record, tagger.tag(record.text, { leaning: { [label]: bias } }));
    }
    return scores.result().labels[label]?.exact as Rate;
  });
  return (beta) => rates.reduce((sum, rate) => sum + fOf(rate, beta), 0) / rates.length;
}

const points: Record<string, Partial<Record<Label, number>>> = {
  precision: {},
  balanced: {},
  recall: {},
};
for (const { point, beta, biases } of ends) {
  for (const label of labels) {
    const known = biases.map((bias) => ({ bias, f: rated(label, bias)(beta) }));
    // Of equals the one that changes least.
    const best = known.reduce((one, other) => (other.f > one.f ? other : one));
    points[point] = { ...points[point], [label]: best.bias };
    process.stdout.write(`${point} ${label} ${best.bias}\n`);
  }
}
writeFileSync(options.out, `${JSON.stringify(points, null, 2)}\n`);
