import {
  type Checkpoint,
  formatCheckpoint,
  parseCheckpoint,
} from '../../core/ledger/checkpoint.ts';
import {
  formatNote,
  parseNote,
  parseNoteKey,
  signatureLine,
  verifyNote,
} from '../../core/ledger/note.ts';
import { CinnabarError } from '../errors.ts';
import type { LogStore, NoteSigner, Witness } from './ports.ts';
import type { LogTree } from './tree.ts';

export interface NamedWitness {
  readonly name: string;
  readonly witness: Witness;
}

export interface PublishDeps {
  readonly store: LogStore;
  readonly signer: NoteSigner;
  readonly signerSm2: NoteSigner;
  readonly witnesses: readonly NamedWitness[];
  readonly quorum: number;
}

const utf8 = new TextEncoder();

/** A checkpoint under both signatures of the log. */
async function signedByLog(deps: PublishDeps, checkpoint: Checkpoint): Promise<string> {
  const text = formatCheckpoint(checkpoint);
  const lines = [deps.signer, deps.signerSm2].map(async (signer) => {
    const signature = await signer.sign(utf8.encode(text), `checkpoint:${checkpoint.size}`);
    return signatureLine(await signer.key(), signature);
  });
  return formatNote(text, await Promise.all(lines));
}

/**
 * A signed checkpoint of the first `size` entries with the cosignatures of a quorum.
 *
 * It does not wait for more witnesses than the quorum needs; a slow one catches up next time.
 *
 * @throws CinnabarError `ledger_unavailable` when a quorum cannot be had
 */
export async function makeCheckpoint(
  deps: PublishDeps,
  tree: LogTree,
  size: number,
): Promise<string> {
  const origin = (await deps.signer.key()).name;
  const signed = await signedByLog(deps, { origin, size, root: tree.root(size) });
  const lines = await firstOf(
    deps.quorum,
    deps.witnesses.map((witness) => cosigned(deps, tree, witness, signed)),
  );
  if (!lines) {
    throw new CinnabarError('ledger_unavailable', { detail: 'Too few witnesses have cosigned.' });
  }
  return `${signed}${lines.join('')}`;
}

/** A verified cosignature line of one witness, or `undefined`. */
async function cosigned(
  { store }: PublishDeps,
  tree: LogTree,
  { name, witness }: NamedWitness,
  signed: string,
): Promise<string | undefined> {
  const { size } = parseCheckpoint(parseNote(signed).text);
  const ask = (known: number) =>
    witness.cosign({ known, proof: tree.consistency(known, size), checkpoint: signed });
  const known = store.witnessed(name);
  // Once more after a conflict: the answer tells which tree the witness knows.
  let reply = await ask(known);
  if (!reply.ok && reply.code === 'conflict' && reply.known <= size) reply = await ask(reply.known);
  if (!reply.ok) return undefined;
  const note = parseNote(`${signed}${reply.line}`);
  const key = parseNoteKey(await witness.key());
  if (!(await verifyNote(note, key)).valid) return undefined;
  store.setWitnessed(name, Math.max(size, store.witnessed(name)));
  return reply.line;
}

/** The first `count` results; `undefined` when so many cannot come any more. */
function firstOf(
  count: number,
  attempts: readonly Promise<string | undefined>[],
): Promise<readonly string[] | undefined> {
  return new Promise((resolve) => {
    const found: string[] = [];
    let left = attempts.length;
    const settle = (line: string | undefined) => {
      left--;
      if (line !== undefined) found.push(line);
      if (found.length >= count) resolve(found.slice());
      else if (found.length + left < count) resolve(undefined);
    };
    if (count === 0 || attempts.length < count) resolve(count === 0 ? [] : undefined);
    // A witness that fails is a witness that did not sign.
    for (const attempt of attempts) attempt.then(settle, () => settle(undefined));
  });
}
