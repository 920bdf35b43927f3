import { parseRosterNode, parseRosterParty, type RosterParty } from '../core/federation/roster.ts';
import { loadSuite, partyKeys, type SuiteName, suiteNames } from '../core/federation/suite.ts';
import { base64urlBytes, base64urlText } from '../lib/base64url.ts';
import { command, required, UsageError } from './command.ts';
import { firstLine, readJsonFile } from './files.ts';

function suiteOf(text: string = 'x25519'): SuiteName {
  const name = suiteNames.find((known) => known === text);
  if (name) return name;
  throw new UsageError(`--suite is one of ${suiteNames.join(', ')}, not ${text}`);
}

async function partyOf(
  suite: SuiteName,
  secretFile: string,
  names: { readonly id: string; readonly zh: string; readonly en: string },
): Promise<RosterParty> {
  const secret = base64urlBytes((await firstLine(secretFile)).trim());
  if (secret?.length !== 32) {
    throw new UsageError(`${secretFile} is not 32 bytes in base64url`, 'bad_input');
  }
  const { id, ...name } = names;
  const { box, sign } = partyKeys(await loadSuite(suite), id, secret);
  return {
    id,
    name,
    boxKey: base64urlText(box.publicKey),
    signKey: base64urlText(sign.publicKey),
  };
}

/** What a part of a model says that the roster must know; the rest stays with the node. */
async function partOf(
  path: string,
): Promise<{ readonly part: string; readonly meanScore: number }> {
  const { party, mean } = (await readJsonFile(path)) as Readonly<Record<string, unknown>>;
  if (typeof party !== 'string' || !Number.isSafeInteger(mean)) {
    throw new UsageError(`${path} is no part of a model`, 'bad_input');
  }
  return { part: party, meanScore: mean as number };
}

/** As every party will read it when it is configured. */
function checked<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), 'bad_input');
  }
}

export const keys = command({
  summary: "prints a party's line of the roster, from its secret",
  operands: ['SECRET'],
  options: {
    id: { type: 'string', value: 'ID', about: 'the NODE_ID of the party, or `decision`' },
    zh: { type: 'string', value: 'NAME', about: 'its name in Chinese' },
    en: { type: 'string', value: 'NAME', about: 'its name in English' },
    part: { type: 'string', value: 'FILE', about: 'of a node: its part of the model' },
    mandatory: { type: 'boolean', about: 'of a node: without it a person must decide' },
    'proves-identity': { type: 'boolean', about: 'of a node: it knows names and numbers' },
    'run-by-decision': { type: 'boolean', about: 'of a node: run by who runs the decisions' },
    suite: { type: 'string', value: 'SUITE', about: `${suiteNames.join(' or ')}; x25519` },
  },
  details: `SECRET is a file, or - for the standard input, whose first line is NODE_KEY_<ID> or
FEDERATION_DECISION_KEY: 32 bytes in base64url. Only public keys are printed. Without --part it is
the line of the decision service. The part stays with the node; the roster takes its name and mean.`,
  async run([secretFile = ''], values) {
    const suite = suiteOf(values.suite);
    const party = await partyOf(suite, secretFile, {
      id: required('id', values.id),
      zh: required('zh', values.zh),
      en: required('en', values.en),
    });
    const node = values.part !== undefined && {
      ...(await partOf(values.part)),
      mandatory: values.mandatory ?? false,
      provesIdentity: values['proves-identity'] ?? false,
      runByDecision: values['run-by-decision'] ?? false,
    };
    const line = checked(() =>
      node ? parseRosterNode({ ...party, ...node }, suite) : parseRosterParty(party, suite),
    );
    return { exit: 0, json: line, text: `${JSON.stringify(line)}\n` };
  },
});
