import { securityHeaders } from '../../src/edge/middleware/security-headers.ts';
import { startEdge } from '../helpers/edge.ts';
import { ApiDocument, nobodysPath } from './api-document.ts';
import type { Drill } from './drill.ts';

const origins = ['https://attacker.example', 'null', 'http://localhost.attacker.example'];

/** What of an answer lets a page of somebody else in, or lets a browser do more than it should. */
function tooOpen(answer: Response, plant: string | undefined): string[] {
  const headers = new Headers(answer.headers);
  if (plant === 'every origin is welcome') headers.set('access-control-allow-origin', '*');
  if (plant === 'frames are allowed') headers.delete('x-frame-options');
  const named = [...headers.keys()].filter((name) => /^access-control-|^set-cookie$/.test(name));
  const missing = Object.entries(securityHeaders)
    .filter(([name, value]) => headers.get(name) !== value)
    .map(([name]) => `no ${name}`);
  const isPage = headers.get('content-type')?.startsWith('text/html') === true;
  return [...named, ...missing, ...(isPage ? ['a page'] : [])];
}

/** S7: every operation, asked by a page of another origin, and by its preflight. */
export const crossOrigin: Drill = {
  id: 'S7',
  name: 'cross-origin',
  target: 'no answer names an origin, sets a cookie, is a page or lacks a security header',
  plants: ['every origin is welcome', 'frames are allowed'],
  async run({ isLong, plant }) {
    const edge = await startEdge();
    const document = await ApiDocument.of((path, { method, as }) =>
      edge.call(path, { method, as }),
    );
    const faults: string[] = [];
    let requests = 0;
    for (const operation of document.operations) {
      const { key, method, as } = operation;
      for (const origin of isLong ? origins : origins.slice(0, 1)) {
        const preflight = {
          origin,
          'access-control-request-method': method,
          'access-control-request-headers': 'authorization,content-type',
        };
        const answers = await Promise.all([
          edge.call(nobodysPath(operation), { method, as, headers: { origin } }),
          edge.call(nobodysPath(operation), { method: 'OPTIONS', as: null, headers: preflight }),
        ]);
        requests += answers.length;
        for (const answer of answers) {
          faults.push(...tooOpen(answer, plant).map((what) => `${key} from ${origin}: ${what}`));
        }
        if (plant && faults.length > 0) return { measured: 'planted', faults };
      }
    }
    return { measured: `${requests} requests`, faults };
  },
};
