import { readFile } from 'node:fs/promises';
import type { BusinessAnswer, TokenAnswer } from '../client/index.ts';
import { newIdempotencyKey, tokenHolder } from '../client/index.ts';
import {
  type ProfileName,
  parseKeySet,
  pinnedKeys,
  profileNames,
  TokenError,
  tokenReader,
} from '../core/business.ts';
import { readCompactJws, textOf } from '../core/token/compact.ts';
import { parseStrictObject } from '../core/token/strict-json.ts';
import { instantText } from '../lib/time.ts';
import { command, type Group, required, UsageError } from './command.ts';
import { readInput, readJsonFile } from './files.ts';
import { connect, originOf, serviceOptions, sessionOf } from './service.ts';
import { table } from './table.ts';
import { keysIn, systemCommands } from './token-systems.ts';

const profileOption = {
  type: 'string',
  value: 'PROFILE',
  about: `one of ${profileNames.join(', ')}; cin-sealed-1`,
} as const;

function profileOf(text: string | undefined): ProfileName {
  const found = profileNames.find((name) => name === (text ?? 'cin-sealed-1'));
  if (!found) throw new UsageError(`--profile is one of ${profileNames.join(', ')}, not ${text}`);
  return found;
}

/** A token out of a file, `-` for the standard input: never out of the process list. */
async function tokenIn(path: string): Promise<string> {
  const text = new TextDecoder().decode(await readInput(path)).trim();
  if (!text.startsWith('{')) return text;
  const { accessToken } = JSON.parse(text) as { readonly accessToken?: unknown };
  if (typeof accessToken !== 'string') throw new UsageError(`${path} holds no token`, 'bad_input');
  return accessToken;
}

function releasedText(answer: TokenAnswer): string {
  const parts = answer.released.map(
    ({ system, labels }) => `  sealed to ${system}: ${labels.join(', ') || 'nothing'}\n`,
  );
  const dropped = answer.dropped.length > 0 ? `  dropped: ${answer.dropped.join(', ')}\n` : '';
  return `${parts.join('')}${dropped}`;
}

const issue = command({
  summary: 'gets a token for business systems',
  operands: ['SYSTEM...'],
  options: {
    identity: {
      type: 'string',
      value: 'FILE',
      about: 'JSON of what is known of the person; the tagger decides what is sensitive',
    },
    certificate: { type: 'string', value: 'SERIAL', about: 'whose permissions and limits it gets' },
    profile: profileOption,
    ...serviceOptions,
  },
  details: 'The token is the last line. With --json the refresh token is in the answer too.',
  async run(audiences, { identity, certificate, profile, ...service }) {
    const known = identity === undefined ? {} : { identity: await readJsonFile(identity) };
    const answer = await connect(service).tokens.grant({
      audiences: [...audiences],
      profile: profileOf(profile),
      ...(known as { identity?: Record<string, unknown> }),
      ...(certificate === undefined ? {} : { certificate }),
    });
    const text = `${answer.profile}, until ${answer.expiresAt}\n${releasedText(answer)}${answer.accessToken}\n`;
    return { exit: 0, json: answer, text };
  },
});

const inspect = command({
  summary: 'shows what a terminal reads in a token, without verifying it',
  operands: ['FILE'],
  options: {},
  details: 'FILE holds the token, or the answer of `token issue --json`; - reads a pipe.',
  async run([path = '-']) {
    const jws = readCompactJws(await tokenIn(path));
    const { sealed, ...claims } = parseStrictObject(textOf(jws.payload));
    const parts = Array.isArray(sealed) ? sealed.length : 0;
    const json = { header: jws.header, claims, sealedParts: parts };
    return { exit: 0, json, text: `${JSON.stringify(json, null, 2)}\n` };
  },
});

const open = command({
  summary: 'verifies and opens a token as a business system does, offline',
  operands: ['FILE'],
  options: {
    key: { type: 'string', value: 'FILE', about: 'secret of the system, 32 bytes in base64url' },
    name: { type: 'string', value: 'SYSTEM', about: 'name of the system, the audience' },
    issuer: { type: 'string', value: 'URL', about: 'who must have issued it' },
    keys: { type: 'string', value: 'FILE', about: 'published keys, a JWK set' },
    values: { type: 'boolean', about: 'show the values, not only their labels' },
    profile: profileOption,
  },
  details: 'Exit status 1: the token is not accepted. Which check failed is said here only.',
  async run([path = '-'], { key, name, issuer, keys, values, profile }) {
    const accepted = profileOf(profile);
    const curve = accepted === 'cin-sm-1' ? 'SM2' : 'X25519';
    const own = await keysIn(required('key', key), curve);
    const published = parseKeySet(await readFile(required('keys', keys), 'utf8'));
    const reader = tokenReader({
      issuer: required('issuer', issuer),
      name: required('name', name),
      keys: pinnedKeys(published),
      openingKeys: [own.key],
      profiles: [accepted],
      now: () => Date.now(),
    });
    try {
      const { claims, subject, facts } = await reader.open(await tokenIn(path));
      const shown = facts.map(({ label, name: at, value }) => ({
        label,
        name: at,
        ...(values ? { value } : {}),
      }));
      const lines = shown.map((fact) => `  ${Object.values(fact).join('  ')}\n`).join('');
      const text = `accepted, until ${instantText(claims.exp * 1000)}, for ${subject}\n${lines}`;
      return { exit: 0, json: { accepted: true, subject, claims, facts: shown }, text };
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      const { code, reason } = error;
      return {
        exit: 1,
        json: { accepted: false, code, reason },
        text: `not accepted: ${reason}\n`,
      };
    }
  },
});

const list = command({
  summary: 'lists tokens, the newest twenty',
  operands: [],
  options: serviceOptions,
  async run(_operands, values) {
    const page = await connect(values).tokens.list();
    const rows = page.items.map((one) => [
      one.id,
      one.issuedAt,
      one.holder,
      one.profile,
      one.audiences.join(' '),
      one.state,
    ]);
    const headings = ['token', 'issued', 'holder', 'profile', 'for', 'state'];
    return { exit: 0, json: page, text: table(headings, rows) };
  },
});

const revoke = command({
  summary: 'ends a token and all that came from the same authentication',
  operands: ['TOKEN-ID'],
  options: serviceOptions,
  async run([id = ''], values) {
    await connect(values).tokens.revoke(id);
    return { exit: 0, json: { revoked: id }, text: `${id} is good no more\n` };
  },
});

type Keys = Awaited<ReturnType<ReturnType<typeof connect>['issuerKeys']['list']>>;

function keysText({ items, overlapSeconds }: Keys) {
  const rows = items.map(({ id, algorithm, state, changedAt, kid }) => [
    id,
    algorithm,
    state,
    changedAt,
    kid,
  ]);
  const heading = table(['key', 'algorithm', 'state', 'since', 'kid'], rows);
  return `${heading}passive keys verify for ${overlapSeconds} seconds\n`;
}

const keysAnswer = (found: Keys) => ({ exit: 0 as const, json: found, text: keysText(found) });

const keys = command({
  summary: 'lists the signing keys of the authentication centre',
  operands: [],
  options: serviceOptions,
  run: async (_operands, values) => keysAnswer(await connect(values).issuerKeys.list()),
});

const rotate = command({
  summary: 'lets the next signing key sign from now on',
  operands: [],
  options: {
    algorithm: { type: 'string', value: 'ALG', about: 'ES256 or SM2-SM3; ES256' },
    ...serviceOptions,
  },
  async run(_operands, { algorithm = 'ES256', ...service }) {
    if (algorithm !== 'ES256' && algorithm !== 'SM2-SM3') {
      throw new UsageError(`--algorithm is ES256 or SM2-SM3, not ${algorithm}`);
    }
    return keysAnswer(await connect(service).issuerKeys.rotate(algorithm));
  },
});

const revokeKey = command({
  summary: 'withdraws a signing key at once: every token that it signed is refused',
  operands: ['KEY-ID'],
  options: {
    yes: { type: 'boolean', about: 'it is meant; without this nothing is done' },
    ...serviceOptions,
  },
  async run([id = ''], { yes, ...service }) {
    if (!yes) throw new UsageError('this ends all tokens of the key; repeat it with --yes');
    return keysAnswer(await connect(service).issuerKeys.revoke(id));
  },
});

const ask = command({
  summary: 'has the sample business system handle something, with a token bound to a fresh key',
  operands: ['ACTION'],
  options: {
    bill: { type: 'string', value: 'BILL', about: 'which bill, for bill.show and bill.pay' },
    identity: { type: 'string', value: 'FILE', about: 'JSON of what is known of the person' },
    confirmed: { type: 'boolean', about: 'do it although it is unusual' },
    ...serviceOptions,
  },
  async run([action = ''], { bill, identity, confirmed, ...service }) {
    const known = identity === undefined ? {} : { identity: await readJsonFile(identity) };
    const client = connect(service);
    const { name } = await client.business.system();
    const holder = await tokenHolder({ baseUrl: originOf(service), session: sessionOf(service) });
    const { accessToken } = await holder.grant({
      audiences: [name],
      ...(known as { identity?: Record<string, unknown> }),
    });
    const answer = await holder.call<BusinessAnswer>(accessToken, 'POST', '/v1/business/requests', {
      id: newIdempotencyKey(),
      session: newIdempotencyKey(),
      action,
      ...(bill === undefined ? {} : { bill }),
      ...(confirmed ? { confirmed } : {}),
    });
    return { exit: 0, json: answer, text: `${JSON.stringify(answer.result, null, 2)}\n` };
  },
});

export const token: Group = {
  summary: 'tokens: get, read, open, end; signing keys and business systems',
  commands: {
    issue,
    inspect,
    open,
    list,
    revoke,
    keys,
    rotate,
    'revoke-key': revokeKey,
    ...systemCommands,
    ask,
  },
};
