import { expect, test } from 'vitest';
import { loadTagger } from '../../../src/core/tagger.ts';

test('D1: the tagger reads inside workerd', async () => {
  const tagger = await loadTagger();
  const text = '姓名：陈晓东，手机：13812345678';
  expect(tagger.tag(text).map(({ start, end, label }) => [label, start, end])).toEqual([
    ['NAME', 3, 6],
    ['CONTACT', 10, 21],
  ]);
  expect(tagger.split({ password: 'Blue!River7', page: 1 })).toMatchObject({
    sensitive: [{ path: '/password', label: 'PASSWORD', whole: true }],
    open: [{ path: '/page' }],
  });
});
