import { createRoute, z } from '@hono/zod-openapi';
import { CinnabarError } from '../../domain/errors.ts';
import type * as ports from '../../domain/ledger/ports.ts';
import { base64Text } from '../../lib/base64.ts';
import type { EdgeApp } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import {
  consistencyProofSchema,
  consistencyQuerySchema,
  inclusionProofSchema,
  inclusionQuerySchema,
  type LedgerEntry,
  ledgerEntrySchema,
  ledgerHistorySchema,
  ledgerIndexParamsSchema,
  ledgerPageQuerySchema,
  ledgerPageSchema,
  ledgerStatusSchema,
  ledgerSubjectParamsSchema,
  ledgerTrustSchema,
  tileParamsSchema,
} from '../schemas/ledger.ts';
import { about, json, problems } from './contract.ts';

const tag = 'Ledger';

/** Under `/ledger/`: what costs a signature or a look into the log. */
export const ledgerPartsLimited = ['checkpoint', 'trust', 'entries/*', 'subjects/*', 'proof/*'];

const checkpointRoute = createRoute({
  method: 'get',
  path: '/ledger/checkpoint',
  ...about('GET /ledger/checkpoint', {
    tag,
    operationId: 'getLedgerCheckpoint',
    summary: 'The newest checkpoint',
    description:
      'A signed note (C2SP tlog-checkpoint): an Ed25519 line and an SM2 line of the log, and the cosignatures of at least a quorum of witnesses, made within the last minute.',
  }),
  responses: {
    200: { description: 'The note.', content: { 'text/plain': { schema: z.string() } } },
    ...problems('GET /ledger/checkpoint', 'ledger_unavailable'),
  },
});

const trustRoute = createRoute({
  method: 'get',
  path: '/ledger/trust',
  ...about('GET /ledger/trust', {
    tag,
    operationId: 'getLedgerTrust',
    summary: 'The keys of log and witnesses',
    description:
      'For the first contact. A verifier keeps them, or gets them from elsewhere: a log that names its own judges proves nothing.',
  }),
  responses: {
    200: json(ledgerTrustSchema, 'The keys.'),
    ...problems('GET /ledger/trust', 'ledger_unavailable'),
  },
});

const listRoute = createRoute({
  method: 'get',
  path: '/ledger/entries',
  ...about('GET /ledger/entries', {
    tag,
    operationId: 'listLedgerEntries',
    summary: 'List the entries, newest first',
  }),
  request: { query: ledgerPageQuerySchema },
  responses: {
    200: json(ledgerPageSchema, 'One page.'),
    ...problems('GET /ledger/entries', 'invalid_request', 'ledger_unavailable'),
  },
});

const entryRoute = createRoute({
  method: 'get',
  path: '/ledger/entries/{index}',
  ...about('GET /ledger/entries/{index}', {
    tag,
    operationId: 'getLedgerEntry',
    summary: 'One entry',
  }),
  request: { params: ledgerIndexParamsSchema },
  responses: {
    200: json(ledgerEntrySchema, 'The entry.'),
    ...problems(
      'GET /ledger/entries/{index}',
      'invalid_request',
      'ledger_entry_not_found',
      'ledger_unavailable',
    ),
  },
});

const subjectRoute = createRoute({
  method: 'get',
  path: '/ledger/subjects/{kind}/{name}',
  ...about('GET /ledger/subjects/{kind}/{name}', {
    tag,
    operationId: 'getLedgerSubject',
    summary: 'Everything about one subject, oldest first',
    description: 'Each event names the leaf hash of the one before it as `prev`.',
  }),
  request: { params: ledgerSubjectParamsSchema, query: ledgerPageQuerySchema },
  responses: {
    200: json(ledgerHistorySchema, 'One page of its events; none is an empty list.'),
    ...problems('GET /ledger/subjects/{kind}/{name}', 'invalid_request', 'ledger_unavailable'),
  },
});

const statusRoute = createRoute({
  method: 'get',
  path: '/ledger/subjects/{kind}/{name}/status',
  ...about('GET /ledger/subjects/{kind}/{name}/status', {
    tag,
    operationId: 'getLedgerStatus',
    summary: 'The signed word of the log on which event is the newest',
    description:
      'It expires 60 seconds after it was signed, and while it is true it is given out again for 30 of them.',
  }),
  request: { params: ledgerSubjectParamsSchema },
  responses: {
    200: json(ledgerStatusSchema, 'The status.'),
    ...problems(
      'GET /ledger/subjects/{kind}/{name}/status',
      'invalid_request',
      'ledger_unavailable',
    ),
  },
});

const inclusionRoute = createRoute({
  method: 'get',
  path: '/ledger/proof/inclusion',
  ...about('GET /ledger/proof/inclusion', {
    tag,
    operationId: 'proveLedgerInclusion',
    summary: 'Prove that an entry is in the tree of a size',
    description: 'RFC 6962 §2.1.1.',
  }),
  request: { query: inclusionQuerySchema },
  responses: {
    200: json(inclusionProofSchema, 'The proof.'),
    ...problems(
      'GET /ledger/proof/inclusion',
      'invalid_request',
      'ledger_entry_not_found',
      'ledger_unavailable',
    ),
  },
});

const consistencyRoute = createRoute({
  method: 'get',
  path: '/ledger/proof/consistency',
  ...about('GET /ledger/proof/consistency', {
    tag,
    operationId: 'proveLedgerConsistency',
    summary: 'Prove that a tree begins with an earlier one',
    description: 'RFC 6962 §2.1.2.',
  }),
  request: { query: consistencyQuerySchema },
  responses: {
    200: json(consistencyProofSchema, 'The proof.'),
    ...problems(
      'GET /ledger/proof/consistency',
      'invalid_request',
      'ledger_entry_not_found',
      'ledger_unavailable',
    ),
  },
});

const tileRoute = createRoute({
  method: 'get',
  path: '/ledger/tile/{path}',
  ...about('GET /ledger/tile/{path}', {
    tag,
    operationId: 'getLedgerTile',
    summary: 'A tile or an entry bundle',
    description:
      'C2SP tlog-tiles: `L/N[.p/W]`, or `entries/N[.p/W]`; the slashes stand as they are. Tiles never change.',
  }),
  request: { params: tileParamsSchema },
  responses: {
    200: {
      description: 'The bytes.',
      content: {
        'application/octet-stream': { schema: z.string().openapi({ format: 'binary' }) },
      },
    },
    ...problems('GET /ledger/tile/{path}', 'ledger_entry_not_found', 'ledger_unavailable'),
  },
});

export function addLedgerRoutes(app: EdgeApp, { ledger }: EdgeDeps): void {
  app.openapi(checkpointRoute, async (c) =>
    c.text(await ledger.checkpoint(), 200, {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
    }),
  );

  app.openapi(trustRoute, async (c) => {
    const { log, logSm2, witnesses, quorum } = await ledger.trust();
    return c.json({ log, logSm2, witnesses: [...witnesses], quorum }, 200);
  });

  app.openapi(listRoute, async (c) => {
    const { cursor, limit } = c.req.valid('query');
    const end = cursor ?? (await publishedSize(ledger));
    const first = Math.max(0, end - limit);
    const entries = await ledger.entries(first, end - first);
    const nextCursor = first > 0 ? String(first) : null;
    return c.json({ items: entries.map(entryView).reverse(), nextCursor }, 200);
  });

  app.openapi(entryRoute, async (c) =>
    c.json(entryView(await ledger.entry(c.req.valid('param').index)), 200),
  );

  app.openapi(subjectRoute, async (c) => {
    const subject = subjectOf(c.req.valid('param'));
    const { cursor: first = 0, limit } = c.req.valid('query');
    // One more than is asked for says whether there is another page.
    const found = await ledger.history(subject, { first, count: limit + 1 });
    const entries = found.slice(0, limit).map(entryView);
    const nextCursor = found.length > limit ? String(first + limit) : null;
    return c.json({ subject, entries, nextCursor }, 200);
  });

  app.openapi(statusRoute, async (c) => {
    const status = await ledger.status(subjectOf(c.req.valid('param')));
    const { subject, newest, size, issuedAt, expiresAt, note } = status;
    c.header('cache-control', 'no-store');
    return c.json(
      { subject, ...(newest ? { newest: { ...newest } } : {}), size, issuedAt, expiresAt, note },
      200,
    );
  });

  app.openapi(inclusionRoute, async (c) => {
    const { index, size } = c.req.valid('query');
    const found = await ledger.proveInclusion(index, size);
    return c.json({ ...found, proof: [...found.proof] }, 200);
  });

  app.openapi(consistencyRoute, async (c) => {
    const { first, second } = c.req.valid('query');
    const found = await ledger.proveConsistency(first, second);
    return c.json({ ...found, proof: [...found.proof] }, 200);
  });

  // The path of a tile has slashes, which no parameter of OpenAPI takes.
  app.openAPIRegistry.registerPath(tileRoute);
  app.get('/ledger/tile/:path{.+}', async (c) => {
    const tile = await ledger.tile(`tile/${c.req.param('path')}`);
    if (!tile) throw new CinnabarError('ledger_entry_not_found');
    return c.body(Uint8Array.from(tile), 200, {
      'content-type': 'application/octet-stream',
      'cache-control': 'public, max-age=31536000, immutable',
    });
  });
}

async function publishedSize(ledger: ports.Ledger): Promise<number> {
  const [, size] = (await ledger.checkpoint()).split('\n');
  return Number(size);
}

function subjectOf({ kind, name }: { kind: string; name: string }): string {
  return `${kind}/${name}`;
}

function entryView({ index, leafHash, event, bytes }: ports.LedgerEntry): LedgerEntry {
  return { index, leafHash, event: { ...event } as LedgerEntry['event'], bytes: base64Text(bytes) };
}
