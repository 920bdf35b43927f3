// Issuing and opening a token in each design, with a small and a large public part. The size stands
// in the title of the row.

import type { Row } from './harness.ts';
import { designs, publicParts } from './tokens-designs.ts';

export async function tokenRows(): Promise<Row[]> {
  const all = await designs();
  const rows: Row[] = [];
  for (const [size, claims] of Object.entries(publicParts)) {
    const tokens = await Promise.all(all.map(({ issue }) => issue(claims)));
    const bytes = all.map(({ name }, i) => `${name} ${tokens[i]?.length} B`).join(', ');
    rows.push({
      id: `token-issue-${size}`,
      title: `issue, ${size} public part (${bytes})`,
      contestants: all.map(({ name, issue }) => ({ name, run: () => issue(claims) })),
    });
    rows.push({
      id: `token-open-${size}`,
      title: `open, ${size} public part`,
      contestants: all.map(({ name, open }, i) => ({ name, run: () => open(tokens[i] ?? '') })),
    });
  }
  return rows;
}
