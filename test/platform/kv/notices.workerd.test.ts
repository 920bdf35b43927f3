import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { kvNotices } from '../../../src/platform/kv/notices.ts';

test('the notice is what the operator stored, and nothing when there is none', async () => {
  const notices = kvNotices(env.NOTICES);
  expect(await notices.current()).toBeUndefined();
  await env.NOTICES.put('notice', JSON.stringify({ zh: '今晚维护', en: 'Maintenance tonight' }));
  expect(await notices.current()).toEqual({ zh: '今晚维护', en: 'Maintenance tonight' });
});

test('a notice without both languages is not shown by halves', async () => {
  await env.NOTICES.put('notice', JSON.stringify({ en: 'Maintenance tonight' }));
  await expect(kvNotices(env.NOTICES).current()).rejects.toThrow('zh');
});
