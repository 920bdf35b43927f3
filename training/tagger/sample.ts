// Prints records as the generator makes them: sample.ts [--count N] [--seed S] [--jsonl]
import { parseArgs } from 'node:util';
import { readFrames } from './frames.ts';
import { generator, type LabelledText } from './generator.ts';
import { readWords } from './words.ts';

const { values: options } = parseArgs({
  options: {
    count: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    jsonl: { type: 'boolean', default: false },
  },
});

function marked({ text, spans }: LabelledText): string {
  let out = '';
  let at = 0;
  for (const { start, end, label } of spans) {
    out += `${text.slice(at, start)}⟦${label} ${text.slice(start, end)}⟧`;
    at = end;
  }
  return (out + text.slice(at)).replace(/\n/g, '⏎');
}

const folder = 'training/tagger';
const make = generator(
  Number(options.seed),
  readWords(`${folder}/words`),
  readFrames(`${folder}/frames`),
);
for (let i = 0; i < Number(options.count); i++) {
  const record = make();
  process.stdout.write(
    `${options.jsonl ? JSON.stringify({ id: `g${i}`, ...record }) : marked(record)}\n`,
  );
}
