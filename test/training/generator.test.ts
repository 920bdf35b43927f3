import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { labels } from '../../src/core/tagger/labels.ts';
import { readFrames } from '../../training/tagger/frames.ts';
import { generator } from '../../training/tagger/generator.ts';
import { readWords } from '../../training/tagger/words.ts';

const words = readWords('training/tagger/words');
const frames = readFrames('training/tagger/frames');
const records = (seed: number, count: number) => {
  const make = generator(seed, words, frames);
  return Array.from({ length: count }, make);
};

describe('D1: the generator of training text', () => {
  it('makes the same records from the same seed, others from another', () => {
    expect(records(5, 200)).toEqual(records(5, 200));
    expect(records(5, 20)).not.toEqual(records(6, 20));
  });

  it('labels stretches of the text, in order and apart, of every label', () => {
    const seen = new Set<string>();
    for (const { text, spans } of records(7, 4000)) {
      let at = 0;
      for (const { start, end, label } of spans) {
        expect(start).toBeGreaterThanOrEqual(at);
        expect(end).toBeGreaterThan(start);
        expect(text.slice(start, end).trim()).toBe(text.slice(start, end));
        at = end;
        seen.add(label);
      }
      expect(at).toBeLessThanOrEqual(text.length);
    }
    expect([...seen].sort()).toEqual([...labels].sort());
  });

  it('every frame can be filled', () => {
    const text = records(8, 20_000)
      .map((record) => record.text)
      .join('\n');
    expect(text).not.toMatch(/\{(?:N|S|E|C|P|bg|ebg|ord|hex)\}/);
  });

  const dev = new URL('../../../shared/sensitive/dev.jsonl', import.meta.url);
  it.skipIf(!existsSync(dev))('makes no record of the development set', () => {
    const held = new Set(
      readFileSync(dev, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).text),
    );
    expect(records(20261, 20_000).filter(({ text }) => held.has(text))).toEqual([]);
  });
});
