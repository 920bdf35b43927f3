import { startEdge } from '../helpers/edge.ts';
import type { Drill } from './drill.ts';

const forged = '{"event":"request","status":200,"actor":"mallory"}';
const mark = 'forged-7e1b';
const nasty = [
  `${mark}\r\n${forged}`,
  `${mark}\u2028${forged}`,
  `${mark}\u001b[2K\u001b[1A`,
  `${mark}\u202e\u2066`,
  `${mark}\u0000`,
  `${mark}${'x'.repeat(1_000_000)}`,
];

/** Bytes of a text as a header can carry them. */
const inHeader = (text: string) => encodeURIComponent(text).slice(0, 8_000);

/** S2: line ends, escape codes and giants in every part of a request that could reach the log. */
export const logInjection: Drill = {
  id: 'S2',
  name: 'log-injection',
  target: 'one line a request, nothing of the request in it',
  plants: ['the path is logged'],
  async run({ plant }) {
    const lines: string[] = [];
    const edge = await startEdge(({ log }) => ({
      log(line) {
        log(line);
        // As the Worker writes it.
        lines.push(JSON.stringify(line));
      },
    }));
    const headers = (text: string) => ({
      'user-agent': inHeader(text),
      'x-request-id': inHeader(text),
      'cf-connecting-ip': inHeader(text),
      'idempotency-key': inHeader(text),
      traceparent: inHeader(text),
    });
    let requests = 0;
    for (const text of nasty) {
      const path = `/v1/seals/accounts/${encodeURIComponent(text.slice(0, 2_000))}`;
      const account = { number: text, name: text, contact: text };
      await edge.call(path, { headers: headers(text) });
      await edge.call(`/v1/seals?cursor=${encodeURIComponent(text.slice(0, 2_000))}`);
      await edge.call('/v1/seals/accounts', { json: account, headers: headers(text) });
      await edge.call('/v1/seals', { method: mark.toUpperCase(), headers: headers(text) });
      await edge.call('/v1/demo/token', { as: null, json: { identity: text } });
      requests += 5;
      if (plant) lines.push(JSON.stringify({ event: 'request', route: path }));
    }
    const faults = lines
      .filter((line) => line.toLowerCase().includes(mark) || /[\r\n\u2028]/.test(line))
      .map((line) => line.slice(0, 200));
    if (lines.length !== requests) faults.push(`${lines.length} lines for ${requests} requests`);
    return { measured: `${requests} requests, ${lines.length} lines`, faults };
  },
};
