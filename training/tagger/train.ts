// Trains a model: train.ts --out FOLDER [--records N] [--seed S] [--minutes M] [--resume]
// Writes state.bin after every interval (so that it can be resumed), curve.jsonl, and at the end
// weights.bin. The same seed and number of records give the same weights.
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { parseArgs } from 'node:util';
import { blur, encode, lexiconOf, vocabularyMap, vocabularyOf } from './encode.ts';
import { readFrames } from './frames.ts';
import { generator } from './generator.ts';
import { trainingKernels } from './kernels.ts';
import { network } from './network.ts';
import { Random } from './random.ts';
import { shape, VOCABULARY } from './shape.ts';
import { readWords } from './words.ts';

const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: 'wasm-build/out/training' },
    records: { type: 'string', default: '200000' },
    seed: { type: 'string', default: '20260' },
    batch: { type: 'string', default: '32' },
    rate: { type: 'string', default: '0.003' },
    resume: { type: 'boolean', default: false },
  },
});

const folder = 'training/tagger';
const LONGEST = 320;
const out = options.out;
mkdirSync(out, { recursive: true });
const seed = Number(options.seed);
const total = Number(options.records);
const batch = Number(options.batch);
const steps = Math.floor(total / batch);

const words = readWords(`${folder}/words`);
const frames = readFrames(`${folder}/frames`);
const characters = vocabularyOf(generator(seed ^ 0x5eed, words, frames), 40_000, VOCABULARY);
writeFileSync(`${out}/vocabulary.txt`, characters.join(''));
const vocabulary = vocabularyMap(characters);
const lexicon = lexiconOf(words);
const module = await WebAssembly.compile(readFileSync('wasm-build/out/training.wasm'));
const kernels = trainingKernels(module);
const net = network(kernels, shape, LONGEST);
net.initialise(new Random(seed));
const make = generator(seed + 1, words, frames);
const blurring = new Random(seed + 2);
const kinds = ['weights', 'first', 'second', 'mean'] as const;
const report = (line: string) => process.stdout.write(`${line}\n`);

let done = 0;
const next = () => blur(encode(make(), vocabulary, lexicon, LONGEST), blurring);
if (options.resume && existsSync(`${out}/state.bin`)) {
  const state = readFileSync(`${out}/state.bin`);
  done = state.readUInt32LE(0);
  const floats = new Float32Array(
    state.buffer.slice(state.byteOffset + 4, state.byteOffset + state.length),
  );
  kinds.forEach((kind, i) => {
    net.view(kind).set(floats.subarray(i * net.count, (i + 1) * net.count));
  });
  for (let i = 0; i < done * batch; i++) next();
  report(`resumed at step ${done}`);
} else writeFileSync(`${out}/curve.jsonl`, '');

function save() {
  const bytes = Buffer.alloc(4 + kinds.length * net.count * 4);
  bytes.writeUInt32LE(done, 0);
  kinds.forEach((kind, i) => {
    const view = net.view(kind);
    Buffer.from(view.buffer, view.byteOffset, view.byteLength).copy(bytes, 4 + i * view.byteLength);
  });
  writeFileSync(`${out}/state.tmp`, bytes);
  renameSync(`${out}/state.tmp`, `${out}/state.bin`);
}

report(`${net.count} weights, ${steps} steps of ${batch}`);
const startedAt = performance.now();
let loss = 0;
let scored = 0;
for (const first = done; done < steps; done++) {
  const examples = Array.from({ length: batch }, next).filter(({ tags }) => tags.length > 0);
  const positions = examples.reduce((sum, { tags }) => sum + tags.length, 0);
  kernels.seedDropout(Math.imul(seed + done, 0x9e3779b1));
  for (const example of examples) loss += net.learn(example, 1 / positions, 0.12);
  scored += positions;
  const warm = Math.min(1, (done + 1) / 300);
  const rate = Number(options.rate) * warm * Math.max(0.01, 1 - done / steps);
  const meanShare = Math.max(1 / (done + 1), 0.003);
  const norm = net.step({ rate, done, clip: 1, decay: 0.01, meanShare });
  if ((done + 1) % 100 === 0) {
    const seconds = (performance.now() - startedAt) / 1000;
    const left = (seconds / (done + 1 - first)) * (steps - done - 1);
    const line = {
      step: done + 1,
      loss: Number((loss / scored).toFixed(5)),
      norm: Number(norm.toFixed(3)),
      rate,
      seconds: Math.round(seconds),
      leftSeconds: Math.round(left),
    };
    appendFileSync(`${out}/curve.jsonl`, `${JSON.stringify(line)}\n`);
    report(
      `step ${line.step}/${steps} loss ${line.loss} norm ${line.norm} ${line.seconds}s, ${line.leftSeconds}s left`,
    );
    loss = 0;
    scored = 0;
  }
  if ((done + 1) % 1000 === 0) {
    done += 1;
    save();
    done -= 1;
  }
}
save();
const mean = net.view('mean');
writeFileSync(`${out}/weights.bin`, Buffer.from(mean.buffer, mean.byteOffset, mean.byteLength));
report(`trained in ${Math.round((performance.now() - startedAt) / 1000)} s`);
