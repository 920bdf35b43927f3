import {
  CloudMisbehaved,
  type MisbehaviourCase,
  ShareUnreadable,
  StatementDiffers,
} from '../client/certificates.ts';
import { ApiError } from '../client/index.ts';
import { FederationError } from '../core/federated.ts';
import { GmError } from '../core/gm.ts';
import { SealError } from '../core/seal-error.ts';
import { TaggerError } from '../core/tagger.ts';
import { TokenError } from '../core/token/error.ts';
import { CinnabarError } from '../domain/errors.ts';
import { audit } from './audit.ts';
import { authority } from './authority.ts';
import { backup, restore, verifyBackup } from './backup.ts';
import { cert } from './cert.ts';
import { chips } from './chips.ts';
import {
  type Command,
  type Group,
  helpOfAll,
  helpOfCommand,
  helpOfGroup,
  UsageError,
} from './command.ts';
import { completion } from './completion.ts';
import { demo } from './demo.ts';
import { deploy } from './deploy.ts';
import { federation } from './federation.ts';
import { gm } from './gm.ts';
import { key } from './key.ts';
import { ledger } from './ledger.ts';
import { pay } from './pay.ts';
import { rotate } from './rotate.ts';
import { seal } from './seal.ts';
import { software } from './software.ts';
import { tag } from './tag.ts';
import { token } from './token.ts';
import { webhook } from './webhook.ts';

/** Put in by wasm-build/package.mjs. */
declare const CINNABAR_VERSION: string;

const groups: Readonly<Record<string, Group>> = {
  audit,
  cert,
  authority,
  seal,
  federation,
  tag,
  gm,
  key,
  ledger,
  chips,
  pay,
  software,
  deploy,
  token,
  webhook,
};

/** Commands that are about the whole service and stand without a group. */
const alone: Readonly<Record<string, Command>> = {
  demo,
  backup,
  restore,
  'verify-backup': verifyBackup,
  rotate,
  completion: completion(() => ({ groups, alone })),
};

/** Own keys only: `cinnabar constructor` is an unknown group like any other. */
function named<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** Which fields the service refused belongs to the sentence; that it is away, too. */
function sentenceOf(error: ApiError): string {
  if (error.code === 'network') return 'the service does not answer; is it running at that --url?';
  const fields = error.fields.map(({ pointer, code }) => `${pointer} ${code}`);
  return [error.message, ...fields].join('; ');
}

/** The code and sentence of what the caller can mend; anything else is a bug and keeps its stack. */
function refusalOf(
  error: unknown,
): { code: string; message: string; report?: MisbehaviourCase } | undefined {
  if (error instanceof ApiError) return { code: error.code, message: sentenceOf(error) };
  if (
    error instanceof UsageError ||
    error instanceof CinnabarError ||
    error instanceof GmError ||
    error instanceof SealError ||
    error instanceof FederationError ||
    error instanceof TaggerError ||
    error instanceof TokenError
  ) {
    return { code: error.code, message: error.message };
  }
  if (error instanceof CloudMisbehaved) {
    // The evidence itself: `cinnabar audit judge` reads it, and the cloud may have kept nothing.
    return { code: 'cloud_misbehaved', message: error.message, report: error.report };
  }
  if (error instanceof ShareUnreadable) {
    return { code: 'share_unreadable', message: 'this terminal’s half of the key does not open' };
  }
  if (error instanceof StatementDiffers)
    return { code: 'statement_differs', message: error.message };
  if (error instanceof Error && 'syscall' in error && 'code' in error) {
    const path = 'path' in error ? error.path : undefined;
    const isAbsent = error.code === 'ENOENT' && path !== undefined;
    const message = isAbsent ? `${path}: no such file` : error.message;
    return { code: String(error.code), message };
  }
  return undefined;
}

async function answer(group: string, name: string, words: readonly string[], command: Command) {
  const full = group === '' ? name : `${group} ${name}`;
  const wantsJson = words.includes('--json');
  try {
    const result = await command.execute(words);
    if (result === 'help') {
      process.stdout.write(helpOfCommand(full, command));
      return 0;
    }
    process.stdout.write(wantsJson ? `${JSON.stringify(result.json)}\n` : result.text);
    return result.exit;
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    if (wantsJson) process.stdout.write(`${JSON.stringify({ error: refusal })}\n`);
    else process.stderr.write(`cinnabar ${full}: ${refusal.message}\n`);
    if (!wantsJson && refusal.report) {
      process.stderr.write(
        `Keep this for cinnabar audit judge:\n${JSON.stringify(refusal.report)}\n`,
      );
    }
    if (!wantsJson && refusal.code === 'wrong_use') {
      process.stderr.write(`cinnabar ${full} --help shows how it is used.\n`);
    }
    return 2;
  }
}

function isHelp(word: string): boolean {
  return ['--help', '-h', 'help'].includes(word);
}

function misused(message: string, help: string): 2 {
  process.stderr.write(`${message}\n\n${help}`);
  return 2;
}

/** Runs one command line, without `node` and the script, and returns the exit status. */
async function main(line: readonly string[]): Promise<number> {
  const [groupName, name, ...words] = line;
  const all = helpOfAll(groups, alone);
  if (groupName === undefined) return misused('cinnabar: which command?', all);
  if (isHelp(groupName)) {
    process.stdout.write(all);
    return 0;
  }
  if (groupName === '--version') {
    process.stdout.write(`${CINNABAR_VERSION}\n`);
    return 0;
  }
  const single = named(alone, groupName);
  if (single) return answer('', groupName, line.slice(1), single);
  const group = named(groups, groupName);
  if (group === undefined) return misused(`cinnabar: there is no group ${groupName}`, all);
  const help = helpOfGroup(groupName, group);
  if (name !== undefined && isHelp(name)) {
    process.stdout.write(help);
    return 0;
  }
  if (name === undefined) return misused(`cinnabar ${groupName}: which command?`, help);
  const command = named(group.commands, name);
  if (command === undefined) {
    return misused(`cinnabar ${groupName}: there is no command ${name}`, help);
  }
  return answer(groupName, name, words, command);
}

// A reader that has seen enough (`| head`) closes the pipe; that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

let status: number;
try {
  status = await main(process.argv.slice(2));
} catch (error) {
  // A defect must not look like the answer "no", which is status 1.
  process.stderr.write(
    `cinnabar: a defect of this tool\n${error instanceof Error ? error.stack : error}\n`,
  );
  status = 2;
}
// Kept-alive connections to a service would hold the process for seconds after the answer.
process.stdout.write('', () => process.exit(status));
