import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { securityHeaders } from '../../src/edge/middleware/security-headers.ts';

test('static files are served with the security headers of the service', async () => {
  const text = await readFile('src/console/public/_headers', 'utf8');
  const [, block = ''] = /^\/\*\n((?: {2}.+\n)+)/m.exec(text) ?? [];
  const headers = block
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().split(/: (.*)/s))
    .map(([name = '', value]) => [name.toLowerCase(), value]);
  expect(Object.fromEntries(headers)).toEqual(securityHeaders);
});
