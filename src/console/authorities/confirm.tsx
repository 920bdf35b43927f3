import { useState } from 'preact/hooks';
import type { AuthorityRevocation, IssuingAuthority } from '../../client/index.ts';
import { formatMoment } from '../format.ts';
import { DialogActs } from '../parts/dialog.tsx';
import { SelectField } from '../parts/field.tsx';
import { Refusal } from '../parts/states.tsx';
import { client } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { a } from './words.ts';

export interface Asked {
  readonly what: 'open' | 'revoke';
  /** The one to revoke, or the newest before the one to open. */
  readonly authority: IssuingAuthority;
}

type Reason = AuthorityRevocation['reason'];

const reasons: readonly Reason[] = ['cACompromise', 'superseded', 'cessationOfOperation'];

/** What will happen, in words, before it does. */
export function Confirm(props: { asked: Asked; onClose: () => void; onDone: () => void }) {
  const { what, authority } = props.asked;
  const { algorithm, generation, certificates, revocation } = authority;
  const [chosen, setChosen] = useState<Reason>('superseded');
  // The second person does what the first proposed, and nothing else.
  const reason = revocation?.reason ?? chosen;
  const act = useWrite<Reason>(async (why) => {
    const { authorities } = client.certificates;
    if (what === 'open') {
      await authorities.open({ algorithm, generation: generation + 1 });
      showToast({ text: a('opened') });
    } else {
      const now = await authorities.revoke({ algorithm, generation }, why);
      showToast({ text: a(now.state === 'revoked' ? 'wasRevoked' : 'wasProposed') });
    }
    props.onDone();
  });
  return (
    <>
      {what === 'open' && <p>{a('open.what')}</p>}
      {what === 'revoke' && revocation && (
        <p>
          {a('revoke.second', {
            who: revocation.proposedBy,
            at: formatMoment(revocation.proposedAt),
            reason: a(`reason.${reason}`),
            count: certificates,
          })}
        </p>
      )}
      {what === 'revoke' && !revocation && (
        <>
          <p>{a('revoke.what', { count: certificates })}</p>
          <SelectField
            label={a('reason')}
            value={chosen}
            options={reasons.map((one) => ({ value: one, text: a(`reason.${one}`) }))}
            onChange={setChosen}
          />
        </>
      )}
      {act.error && <Refusal what={{ said: a('refused') }} error={act.error} />}
      <DialogActs
        label={a(what)}
        danger={what !== 'open'}
        busy={act.busy}
        onCancel={props.onClose}
        onDo={() => void act.run(reason)}
      />
    </>
  );
}
