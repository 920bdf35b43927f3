import { createRoute } from '@hono/zod-openapi';
import { anchorChipLogs } from '../../domain/chips/chip-log.ts';
import { haltMs } from '../../domain/chips/cluster.ts';
import type * as rows from '../../domain/chips/cluster-status.ts';
import {
  addChip,
  drainChip,
  haltChip,
  readmitChip,
  resetChip,
} from '../../domain/chips/operate.ts';
import { sharedPool } from '../../domain/chips/placement.ts';
import { CinnabarError } from '../../domain/errors.ts';
import { instantText } from '../../lib/time.ts';
import { callerOf, type EdgeApp } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import {
  type Chip,
  chipClusterSchema,
  chipHaltSchema,
  chipLogAnchorsSchema,
  chipLogQuerySchema,
  chipLogSchema,
  chipParamsSchema,
  chipSchema,
  newChipSchema,
  resetChipSchema,
} from '../schemas/chips.ts';
import { idempotencyHeaderSchema } from '../schemas/common.ts';
import { recordView } from './audit.ts';
import { about, json, jsonBody, problems } from './contract.ts';

const tag = 'Chips';

const statusRoute = createRoute({
  method: 'get',
  path: '/v1/chips',
  ...about('GET /v1/chips', {
    tag,
    operationId: 'getChips',
    summary: 'The cluster of chips: health, load, latency, keys, what happened',
    description: 'It says how many keys a chip holds, never whose, and never a key.',
  }),
  responses: {
    200: json(chipClusterSchema, 'The cluster.'),
    ...problems('GET /v1/chips', 'chips_unavailable'),
  },
});

const addRoute = createRoute({
  method: 'post',
  path: '/v1/chips',
  ...about('POST /v1/chips', {
    tag,
    operationId: 'addChip',
    summary: 'Add a chip',
    description:
      'It must answer, pass its self-test and attest itself; then it is certified and takes new keys.',
  }),
  request: { headers: idempotencyHeaderSchema, body: jsonBody(newChipSchema) },
  responses: {
    201: json(chipSchema, 'The chip, in service.'),
    ...problems('POST /v1/chips', 'chip_exists', 'chips_unavailable', 'audit_unavailable'),
  },
});

const drainRoute = createRoute({
  method: 'post',
  path: '/v1/chips/{chip}/drain',
  ...about('POST /v1/chips/{chip}/drain', {
    tag,
    operationId: 'drainChip',
    summary: 'Drain a chip',
    description:
      'Its keys are copied to other chips and wiped from it. Keys keep signing meanwhile; `keysToMove` counts down.',
  }),
  request: { params: chipParamsSchema },
  responses: {
    202: json(chipSchema, 'The chip, draining.'),
    ...problems(
      'POST /v1/chips/{chip}/drain',
      'chip_not_found',
      'chips_too_few',
      'chips_unavailable',
      'audit_unavailable',
    ),
  },
});

const resetRoute = createRoute({
  method: 'post',
  path: '/v1/chips/{chip}/reset',
  ...about('POST /v1/chips/{chip}/reset', {
    tag,
    operationId: 'resetChip',
    summary: 'Empty a drained or quarantined chip',
    description:
      'It forgets every key and its identity, and proves it: no keys, another identity, another storage. Refused while it may have the only copies of keys, unless their loss is accepted.',
  }),
  request: { params: chipParamsSchema, body: jsonBody(resetChipSchema) },
  responses: {
    200: json(chipSchema, 'The chip, empty and out of service.'),
    ...problems(
      'POST /v1/chips/{chip}/reset',
      'chip_not_found',
      'chip_active',
      'chip_holds_keys',
      'chips_unavailable',
      'audit_unavailable',
    ),
  },
});

const readmitRoute = createRoute({
  method: 'post',
  path: '/v1/chips/{chip}/readmit',
  ...about('POST /v1/chips/{chip}/readmit', {
    tag,
    operationId: 'readmitChip',
    summary: 'Take an emptied chip back',
    description:
      'It must be the chip that proved to be empty, and still be so; it gets a new certificate.',
  }),
  request: { params: chipParamsSchema },
  responses: {
    200: json(chipSchema, 'The chip, in service.'),
    ...problems(
      'POST /v1/chips/{chip}/readmit',
      'chip_not_found',
      'chip_active',
      'chip_not_empty',
      'chips_unavailable',
      'audit_unavailable',
    ),
  },
});

const logRoute = createRoute({
  method: 'get',
  path: '/v1/chips/{chip}/log',
  ...about('GET /v1/chips/{chip}/log', {
    tag,
    operationId: 'readChipLog',
    summary: "Read a chip's hash-chained log",
    description:
      'Two hundred records at a time, in order. Heads of it stand in the ledger under `chip/` and the name. A chip keeps its newest 200,000 records.',
  }),
  request: { params: chipParamsSchema, query: chipLogQuerySchema },
  responses: {
    200: json(chipLogSchema, 'Records behind `after`.'),
    ...problems('GET /v1/chips/{chip}/log', 'chip_not_found', 'chips_unavailable'),
  },
});

const anchorRoute = createRoute({
  method: 'post',
  path: '/v1/chips/log-anchors',
  ...about('POST /v1/chips/log-anchors', {
    tag,
    operationId: 'anchorChipLogs',
    summary: "Fix the heads of all chips' logs in the public ledger",
    description: 'As their last heartbeats have them. It happens by itself every hour.',
  }),
  responses: {
    200: json(chipLogAnchorsSchema, 'Where they stand.'),
    ...problems('POST /v1/chips/log-anchors', 'chips_unavailable', 'ledger_unavailable'),
  },
});

const haltRoute = createRoute({
  method: 'post',
  path: '/v1/chips/{chip}/halt',
  ...about('POST /v1/chips/{chip}/halt', {
    tag,
    operationId: 'haltChip',
    summary: 'Stop a chip for a minute, in demo mode',
    description: 'Breaks off whatever it does. Keys go on signing on their other chips.',
  }),
  request: { params: chipParamsSchema },
  responses: {
    202: json(chipHaltSchema, 'The chip is away for so long.'),
    ...problems(
      'POST /v1/chips/{chip}/halt',
      'not_found',
      'chip_not_found',
      'chips_unavailable',
      'audit_unavailable',
    ),
  },
});

export function addChipRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(statusRoute, async (c) => {
    const { chips, events, offers, rootKeyHex, linkKeyHex, ...rest } = await deps.chips.status();
    return c.json(
      {
        ...rest,
        offers: [...offers],
        rootKey: rootKeyHex,
        linkKey: linkKeyHex,
        mayHalt: deps.demo !== undefined,
        chips: chips.map(chipView),
        events: events
          .map(({ atMs, chip, what }) => ({ at: instantText(atMs), chip, what }))
          .reverse(),
      },
      200,
    );
  });
  app.openapi(addRoute, async (c) => {
    const { chip, zone, pool = sharedPool } = c.req.valid('json');
    return c.json(chipView(await addChip(deps, callerOf(c), { chip, zone, pool })), 201);
  });
  app.openapi(drainRoute, async (c) => {
    const { chip } = c.req.valid('param');
    return c.json(chipView(await drainChip(deps, callerOf(c), chip)), 202);
  });
  app.openapi(resetRoute, async (c) => {
    const { chip } = c.req.valid('param');
    const { acceptLoss = false } = c.req.valid('json');
    return c.json(chipView(await resetChip(deps, callerOf(c), chip, acceptLoss)), 200);
  });
  app.openapi(readmitRoute, async (c) => {
    const { chip } = c.req.valid('param');
    return c.json(chipView(await readmitChip(deps, callerOf(c), chip)), 200);
  });
  app.openapi(logRoute, async (c) => {
    const { chip } = c.req.valid('param');
    const records = await deps.chips.log(chip, c.req.valid('query').after ?? -1);
    return c.json({ items: records.map(recordView) }, 200);
  });
  app.openapi(anchorRoute, async (c) => {
    return c.json({ items: [...(await anchorChipLogs(deps))] }, 200);
  });
  app.openapi(haltRoute, async (c) => {
    if (!deps.demo) throw new CinnabarError('not_found');
    const { chip } = c.req.valid('param');
    await haltChip(deps, callerOf(c), chip);
    return c.json({ chip, seconds: haltMs / 1000 }, 202);
  });
}

function chipView(chip: rows.ChipStatus): Chip {
  return {
    chip: chip.chip,
    zone: chip.zone,
    pool: chip.pool,
    protection: chip.protection,
    build: chip.build ?? '',
    health: chip.health,
    duty: chip.duty,
    reason: chip.reason,
    keys: chip.keys,
    keysToMove: chip.keysToMove,
    queue: chip.queue,
    operations: chip.operations,
    bootCount: chip.bootCount,
    logHash: chip.logHashHex,
    seenAt: instantText(chip.seenAtMs),
    latenciesMs: [...chip.latenciesMs],
    loads: [...chip.loads],
  };
}
