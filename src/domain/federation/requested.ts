import {
  countOf,
  type Fields,
  fieldsOf,
  listOf,
  patterns,
  textOf,
  wordOf,
} from '../../core/federation/read.ts';
import {
  type Cap,
  type Caps,
  type ChannelLimit,
  channels,
  permissions,
  type RequestedSettings,
  settingsRoles,
} from './settings.ts';

const limitsMax = 16;

/** @throws TypeError */
export function parseRequested(value: unknown): RequestedSettings {
  const fields = fieldsOf(value, ['role', 'permissions', 'limits', 'dualControlAbove?']);
  const dual = fields.dualControlAbove;
  return {
    role: wordOf(fields, 'role', settingsRoles),
    permissions: permissionsOf(fields),
    limits: listOf(fields.limits, limitsMax, parseLimit),
    ...(dual === undefined
      ? {}
      : { dualControlAbove: textOf(fields, 'dualControlAbove', patterns.amount) }),
  };
}

/** @throws TypeError */
export function parseCaps(value: unknown): Caps {
  const fields = fieldsOf(value, ['enterprise?', 'account?']);
  return {
    ...(fields.enterprise === undefined ? {} : { enterprise: parseCap(fields.enterprise) }),
    ...(fields.account === undefined ? {} : { account: parseCap(fields.account) }),
  };
}

function parseCap(value: unknown): Cap {
  const fields = fieldsOf(value, ['permissions?', 'limits?']);
  return {
    ...(fields.permissions === undefined ? {} : { permissions: permissionsOf(fields) }),
    ...(fields.limits === undefined
      ? {}
      : { limits: listOf(fields.limits, limitsMax, parseLimit) }),
  };
}

function permissionsOf(fields: Fields) {
  return listOf(fields.permissions, permissions.length, (name) =>
    wordOf({ name }, 'name', permissions),
  );
}

function parseLimit(value: unknown): ChannelLimit {
  const fields = fieldsOf(value, ['channel', 'currency', 'single', 'daily', 'count']);
  return {
    channel: wordOf(fields, 'channel', channels),
    currency: textOf(fields, 'currency', /^[A-Z]{3}$/),
    single: textOf(fields, 'single', patterns.amount),
    daily: textOf(fields, 'daily', patterns.amount),
    count: countOf(fields, 'count', 1_000_000),
  };
}
