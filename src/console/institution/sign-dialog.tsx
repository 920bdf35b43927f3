import type { ComponentChildren } from 'preact';
import { type KeySession, StatementDiffers, withPersonalKey } from '../../client/certificates.ts';
import { ApiError } from '../../client/index.ts';
import { ActivationDialog } from '../person/confirm.tsx';

/** Shows what will be signed, in words and exactly, opens the personal key for it, and does it. */
export function SignDialog(props: {
  title: string;
  open: boolean;
  onClose: () => void;
  /** The exact text, or what the signed digest is made from. */
  text: string;
  /** The keys that may sign; any own one when absent. */
  keyIds?: readonly string[] | undefined;
  act: (session: KeySession, keyId: string) => Promise<void>;
  children: ComponentChildren;
}) {
  const { title, open, onClose, text, keyIds, act } = props;
  return (
    <ActivationDialog
      title={title}
      open={open}
      onClose={onClose}
      text={text}
      {...(keyIds ? { keyIds } : {})}
      run={async ({ terminal }, keyId) => {
        try {
          await withPersonalKey(terminal, keyId, (session) => act(session, keyId));
        } catch (cause) {
          if (cause instanceof StatementDiffers) throw new ApiError('statement_differs', { cause });
          throw cause;
        }
        onClose();
      }}
    >
      {props.children}
    </ActivationDialog>
  );
}
