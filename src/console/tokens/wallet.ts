import { signal } from '@preact/signals';
import {
  type Extract,
  newIdempotencyKey,
  type TokenAnswer,
  type TokenHolder,
  tokenHolder,
} from '../../client/index.ts';
import { identity, sessionToken } from '../session.ts';

export type Label = NonNullable<Extract['sensitive']>[number]['label'];

/** What was sent of a field, and what the service found in it. */
export interface SentField {
  readonly name: string;
  readonly characters: number;
  /** Absent for one that is not sensitive. */
  readonly label?: Label;
}

export interface HeldToken {
  readonly identity: string;
  readonly answer: TokenAnswer;
  readonly sent: readonly SentField[];
}

/** The token of this tab. Nowhere but here: a reload forgets it, and its key. */
export const held = signal<HeldToken | undefined>(undefined);
/** Actions of one visit to the business system have the same. */
export const visit = signal(newIdempotencyKey());

let terminal: { readonly identity: string; readonly holder: Promise<TokenHolder> } | undefined;

/** This tab as a terminal, with a key of the current person that cannot be taken out. */
export function terminalOf(): Promise<TokenHolder> {
  const id = identity.value?.id ?? '';
  if (terminal?.identity !== id) {
    terminal = { identity: id, holder: tokenHolder({ session: sessionToken }) };
  }
  return terminal.holder;
}

/** The held token, as long as it is of the person in front. */
export function ownToken(): HeldToken | undefined {
  return held.value?.identity === identity.value?.id ? held.value : undefined;
}
