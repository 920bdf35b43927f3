import { readFile } from 'node:fs/promises';
import type { NewBusinessSystem } from '../client/index.ts';
import {
  answerChallenge,
  type SealableLabel,
  type SystemCurve,
  sealableLabels,
  systemKeys,
} from '../core/business.ts';
import { base64urlBytes } from '../lib/base64url.ts';
import { command, required, UsageError } from './command.ts';
import { connect, serviceOptions } from './service.ts';
import { table } from './table.ts';

/** A secret of a business system, in base64url in a file of its own. */
export async function keysIn(path: string, curve: SystemCurve = 'X25519') {
  const secret = base64urlBytes((await readFile(path, 'utf8')).trim());
  if (secret?.length !== 32)
    throw new UsageError(`${path} holds no 32 bytes in base64url`, 'bad_input');
  return systemKeys(secret, curve);
}

const systems = command({
  summary: 'lists the business systems and what may be released to them',
  operands: [],
  options: serviceOptions,
  async run(_operands, values) {
    const found = await connect(values).businessSystems.list();
    const rows = found.items.map(({ id, title, state, curve, release }) => [
      id,
      title,
      state,
      curve,
      release.labels.join(' '),
      release.purpose,
    ]);
    const headings = ['system', 'title', 'state', 'curve', 'released', 'purpose'];
    return { exit: 0, json: found, text: table(headings, rows) };
  },
});

function labelsOf(text: string): SealableLabel[] {
  return text.split(',').map((word) => {
    const label = sealableLabels.find((one) => one === word);
    if (!label) throw new UsageError(`--labels are of ${sealableLabels.join(', ')}, not ${word}`);
    return label;
  });
}

const releaseOptions = {
  labels: {
    type: 'string',
    value: 'L,L',
    about: `what may be released: ${sealableLabels.join(', ')}`,
  },
  purpose: { type: 'string', value: 'TEXT', about: 'what for; people are shown it' },
} as const;

const curveOption = {
  type: 'string',
  value: 'CURVE',
  about: 'X25519, or SM2 for tokens of the GM profile; X25519',
} as const;

function curveOf(text: string | undefined): SystemCurve {
  const curve = text ?? 'X25519';
  if (curve === 'X25519' || curve === 'SM2') return curve;
  throw new UsageError(`--curve is X25519 or SM2, not ${text}`);
}

const register = command({
  summary: 'registers a business system and proves its key',
  operands: ['SYSTEM'],
  options: {
    title: { type: 'string', value: 'TEXT', about: 'what people call it' },
    key: { type: 'string', value: 'FILE', about: 'its secret, 32 bytes in base64url' },
    curve: curveOption,
    issuer: {
      type: 'string',
      value: 'URL',
      about: 'the centre’s name; the service says it itself',
    },
    ...releaseOptions,
    ...serviceOptions,
  },
  details: 'The secret for introspection is shown once.',
  async run([name = ''], { title, key, curve, issuer, labels, purpose, ...service }) {
    const own = await keysIn(required('key', key), curveOf(curve));
    const client = connect(service);
    const release = {
      labels: labelsOf(required('labels', labels)),
      purpose: required('purpose', purpose),
    };
    const { challenge } = await client.businessSystems.register({
      id: name,
      title: title ?? name,
      key: own.jwk as NewBusinessSystem['key'],
      release,
    });
    const centre = { issuer: issuer ?? (await client.tokens.issuer()), name };
    const answer = await answerChallenge(challenge, own.key, centre);
    const proven = await client.businessSystems.prove(name, answer);
    const text = `${name} is in service\nsecret, shown once: ${proven.secret}\n`;
    return { exit: 0, json: proven, text };
  },
});

const nextKey = command({
  summary: 'names the next key of a business system in service, and proves it',
  operands: ['SYSTEM'],
  options: {
    key: { type: 'string', value: 'FILE', about: 'its next secret, 32 bytes in base64url' },
    curve: curveOption,
    ...serviceOptions,
  },
  details:
    'Before `use-key` the system must open tokens with both keys; tokens stay sealed to the one in force.',
  async run([name = ''], { key, curve, ...service }) {
    const own = await keysIn(required('key', key), curveOf(curve));
    const { businessSystems, tokens } = connect(service);
    const jwk = own.jwk as NewBusinessSystem['key'];
    const { challenge } = await businessSystems.nameNextKey(name, jwk);
    const answer = await answerChallenge(challenge, own.key, {
      issuer: await tokens.issuer(),
      name,
    });
    const system = await businessSystems.proveNextKey(name, answer);
    return { exit: 0, json: system, text: `${name}: the next key is ${system.nextKey?.kid}\n` };
  },
});

const useKey = command({
  summary: 'seals to the next key of a business system from now on',
  operands: ['SYSTEM'],
  options: {
    yes: {
      type: 'boolean',
      about: 'the system opens with both keys; without this nothing is done',
    },
    ...serviceOptions,
  },
  async run([name = ''], { yes, ...service }) {
    if (!yes)
      throw new UsageError('the system must open with both keys first; repeat it with --yes');
    const system = await connect(service).businessSystems.useNextKey(name);
    const text = `${name}: sealed to ${system.kid}; it keeps ${system.oldKey?.kid} until ${system.oldKey?.until}\n`;
    return { exit: 0, json: system, text };
  },
});

const release = command({
  summary: 'changes what may be released to a business system',
  operands: ['SYSTEM'],
  options: { ...releaseOptions, ...serviceOptions },
  async run([name = ''], { labels, purpose, ...service }) {
    const changed = await connect(service).businessSystems.change(name, {
      release: {
        labels: labelsOf(required('labels', labels)),
        purpose: required('purpose', purpose),
      },
    });
    return { exit: 0, json: changed, text: `${name}: ${changed.release.labels.join(', ')}\n` };
  },
});

const stateCommand = (state: 'active' | 'suspended', summary: string) =>
  command({
    summary,
    operands: ['SYSTEM'],
    options: serviceOptions,
    async run([name = ''], values) {
      const changed = await connect(values).businessSystems.change(name, { state });
      return { exit: 0, json: changed, text: `${name} is ${changed.state}\n` };
    },
  });

/** What `cinnabar token` does with business systems. */
export const systemCommands = {
  systems,
  register,
  'next-key': nextKey,
  'use-key': useKey,
  release,
  suspend: stateCommand('suspended', 'takes a business system out of service'),
  resume: stateCommand('active', 'takes a business system into service again'),
};
