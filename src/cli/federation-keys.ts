import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { patterns } from '../core/federation/read.ts';
import { parseRoster, type Roster, rosterHash } from '../core/federation/roster.ts';
import { loadSuite, partyKeys, type SuiteName, suiteNames } from '../core/federation/suite.ts';
import { commitmentOf, type ModelPart, parseModel } from '../domain/federation/model.ts';
import { assertOwnKeys, openFederation } from '../domain/federation/parties.ts';
import {
  consortiumMark,
  makeLine,
  type NodeLine,
  readLine,
  rosterOf,
} from '../domain/federation/party-line.ts';
import { base64urlBytes, base64urlText } from '../lib/base64url.ts';
import { command, required, UsageError } from './command.ts';
import { readJsonFile, writeJsonFile } from './files.ts';
import { settingIn, textOrNothing, withSetting, writePrivateFile } from './private-file.ts';

const consortiumName = 'FEDERATION_CONSORTIUM_KEY';
const decisionName = 'FEDERATION_DECISION_KEY';
const operatorName = 'FEDERATION_OPERATOR_TOKEN';
const rosterName = 'FEDERATION_ROSTER';

/** As `src/workers/node.ts` looks it up. */
const nodeKeyName = (id: string) => `NODE_KEY_${id.toUpperCase().replaceAll('-', '_')}`;

const newSecret = () => randomBytes(32).toString('base64url');

function secretIn(text: string, name: string, path: string): Uint8Array {
  const bytes = base64urlBytes(settingIn(text, name) ?? '');
  if (bytes?.length === 32) return bytes;
  throw new UsageError(`${path}: ${name} is not 32 bytes in base64url`, 'bad_input');
}

/** What the library says of a file that came from elsewhere, as a sentence about that file. */
async function about<T>(path: string, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(`${path}: ${error.message}`, 'bad_input');
  }
}

function suiteOf(text: string | undefined): SuiteName {
  const found = suiteNames.find((name) => name === (text ?? 'x25519'));
  if (found) return found;
  throw new UsageError(`--suite is one of ${suiteNames.join(', ')}, not ${text}`);
}

/** The key that all nodes share: of the first of them, or made by it. */
async function consortiumKey(given: string | undefined, fresh: string | undefined) {
  if (given !== undefined) return (await readFile(given, 'utf8')).trim();
  if (fresh === undefined) {
    throw new UsageError(
      'a node needs --consortium FILE; the first one makes it: --new-consortium',
    );
  }
  if ((await textOrNothing(fresh)) !== '') {
    throw new UsageError(`${fresh} is there already; hand it on with --consortium`, 'bad_input');
  }
  const key = newSecret();
  await writePrivateFile(fresh, `${key}\n`);
  return key;
}

async function nodeLine(
  path: string,
  consortium: Uint8Array,
  says: { provesIdentity: boolean; runByDecision: boolean },
): Promise<NodeLine> {
  const part = (await readJsonFile(path)) as ModelPart;
  if (typeof part?.party !== 'string' || !Number.isSafeInteger(part.mean)) {
    throw new UsageError(`${path} is no part of a federated model`, 'bad_input');
  }
  return {
    part: part.party,
    commitment: commitmentOf(part),
    meanScore: part.mean,
    ...says,
    consortium: consortiumMark(consortium),
  };
}

const keys = command({
  summary: "makes a party's secrets on this machine, and the line that the others may see",
  operands: ['ID'],
  options: {
    secrets: {
      type: 'string',
      value: 'FILE',
      about: 'where the secrets go; what is there is kept',
    },
    line: { type: 'string', value: 'FILE', about: 'where the public line goes (JSON)' },
    en: { type: 'string', value: 'NAME', about: 'what applicants read in English' },
    zh: { type: 'string', value: 'NAME', about: 'and in Chinese' },
    part: { type: 'string', value: 'FILE', about: 'a node: its own part, MODEL.part-*.json' },
    decision: { type: 'boolean', about: 'the decision service, which has no part' },
    consortium: { type: 'string', value: 'FILE', about: 'the key that all nodes share' },
    'new-consortium': { type: 'string', value: 'FILE', about: 'makes it: the first node only' },
    'proves-identity': { type: 'boolean', about: 'this node knows whose number a name is' },
    'run-by-decision': { type: 'boolean', about: 'whoever runs the decision service runs it too' },
    suite: { type: 'string', value: 'NAME', about: `${suiteNames.join(' or ')}; the same for all` },
  },
  details: `
The secrets are lines NAME=value in a file that only you read (0600), for
\`npx wrangler deploy --secrets-file FILE\`. Run again with the same FILE, the keys stay and the line is
made anew: for another part, after a training. The line is signed by the key it names. Nothing is
sent anywhere; docs/operations.md says in which order a federation is set up.`,
  async run([id = ''], values) {
    const secrets = required('secrets', values.secrets);
    const line = required('line', values.line);
    const name = { zh: required('zh', values.zh), en: required('en', values.en) };
    if (!patterns.party.test(id))
      throw new UsageError('ID is small letters, digits and -, 32 at most');
    const isNode = values.part !== undefined;
    if (isNode === (values.decision ?? false)) {
      throw new UsageError('a party is a node (--part FILE) or the decision service (--decision)');
    }
    const suite = await loadSuite(suiteOf(values.suite));
    let text = await textOrNothing(secrets);
    const keep = async (setting: string, make: () => string | Promise<string>) => {
      if (!settingIn(text, setting)) text = withSetting(text, setting, await make());
    };
    const keyName = isNode ? nodeKeyName(id) : decisionName;
    await keep(keyName, newSecret);
    await keep(operatorName, newSecret);
    if (isNode) {
      await keep(consortiumName, () => consortiumKey(values.consortium, values['new-consortium']));
    }
    const own = partyKeys(suite, id, secretIn(text, keyName, secrets));
    const node =
      values.part === undefined
        ? {}
        : {
            node: await nodeLine(values.part, secretIn(text, consortiumName, secrets), {
              provesIdentity: values['proves-identity'] ?? false,
              runByDecision: values['run-by-decision'] ?? false,
            }),
          };
    const made = makeLine(suite, own, { id, name, ...node });
    await writePrivateFile(secrets, text);
    await writeJsonFile(line, made);
    return {
      exit: 0,
      json: { secrets, line: made },
      text: `${secrets}: the secrets of ${id}. Keep a copy where nobody else comes; show it to no one.
${line}: for whoever makes the roster.
  signing key ${made.signKey}
`,
    };
  },
});

function rosterText({ name, nodes, decision }: Roster, hash: string, out: string): string {
  return `${[
    `roster ${name}, ${hash}`,
    ...nodes.map(({ id, part, signKey }) => `  ${id}, part ${part}, signing key ${signKey}`),
    `  ${decision.id}, decides, signing key ${decision.signKey}`,
    `${out}: for every party and the edge. Compare the hash by another way than the file came.`,
  ].join('\n')}\n`;
}

const roster = command({
  summary: 'joins the lines of all parties into the roster that each of them is given',
  operands: ['LINE...'],
  options: {
    model: { type: 'string', value: 'MODEL', about: 'the public model that they compute with' },
    name: { type: 'string', value: 'NAME', about: 'what the federation calls itself' },
    out: { type: 'string', value: 'FILE', about: 'where the roster goes (JSON)' },
  },
  details: `
Refuses lines that were altered, parts of another training, nodes with different consortium keys, and
whatever else would make the protocol unsafe. The same lines give the same roster, in any order.`,
  async run(paths, values) {
    const modelPath = required('model', values.model);
    const name = required('name', values.name);
    const out = required('out', values.out);
    const model = parseModel(await readJsonFile(modelPath));
    const lines = await Promise.all(
      paths.map((path) => about(path, async () => readLine(await readJsonFile(path)))),
    );
    const made = await about('the lines', () => rosterOf(name, model, lines));
    await writeJsonFile(out, made);
    const hash = rosterHash(made);
    return { exit: 0, json: { hash, roster: made }, text: rosterText(made, hash, out) };
  },
});

/** The party whose key is among the secrets; none for the edge. */
function ownPartyIn(text: string, { nodes, decision }: Roster) {
  const node = nodes.find(({ id }) => settingIn(text, nodeKeyName(id)) !== undefined);
  if (node) return { id: node.id, keyName: nodeKeyName(node.id) };
  if (settingIn(text, decisionName) !== undefined)
    return { id: decision.id, keyName: decisionName };
  if (!/^NODE_KEY_/m.test(text)) return undefined;
  throw new UsageError('the roster does not name the party of these secrets', 'bad_input');
}

const accept = command({
  summary: 'puts a roster among the secrets of one party, if it names its keys',
  operands: ['ROSTER'],
  options: {
    secrets: {
      type: 'string',
      value: 'FILE',
      about: "the party's, or the edge's; made if missing",
    },
    hash: { type: 'string', value: 'HASH', about: 'what the others say it is; refused if not' },
  },
  async run([path = ''], values) {
    const secrets = required('secrets', values.secrets);
    const value = await readJsonFile(path);
    const { accepted, hash } = await about(path, () => {
      const parsed = parseRoster(value);
      return { accepted: parsed, hash: rosterHash(parsed) };
    });
    if (values.hash !== undefined && values.hash !== hash) {
      throw new UsageError(`${path} is another roster: ${hash}`, 'bad_input');
    }
    const text = await textOrNothing(secrets);
    const own = ownPartyIn(text, accepted);
    const suite = await loadSuite(accepted.suite);
    await about(path, () => {
      const federation = openFederation(accepted, suite);
      if (!own) return;
      assertOwnKeys(federation, partyKeys(suite, own.id, secretIn(text, own.keyName, secrets)));
    });
    const encoded = base64urlText(new TextEncoder().encode(JSON.stringify(accepted)));
    await writePrivateFile(secrets, withSetting(text, rosterName, encoded));
    const party = own?.id ?? null;
    return {
      exit: 0,
      json: { hash, party, secrets },
      text: `${secrets}: roster ${hash}${party === null ? '' : `, which names the keys of ${party}`}\n`,
    };
  },
});

/** `cinnabar federation keys`, `roster` and `accept`: from nothing to a roster everybody has. */
export const federationKeyCommands = { keys, roster, accept };
