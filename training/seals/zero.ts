// Usage: node training/seals/run.mjs zero VENDOR SCALES FIGURES WHOLE. A weights file of that shape to start
// from, for a vendor whose evidence has changed shape.
import { writeFile } from 'node:fs/promises';
import { emptyNet, filePathOf } from './net.ts';

const [vendor = '', ...sizes] = process.argv.slice(2);
const [scales = 2, figures = 1, whole = 3] = sizes.map(Number);
const net = emptyNet({ scales, figures, whole });
await writeFile(
  filePathOf(vendor),
  `${JSON.stringify({ accept: 1, reject: -1, nets: [net, net, net] })}\n`,
);
