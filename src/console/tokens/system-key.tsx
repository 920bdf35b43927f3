import { useState } from 'preact/hooks';
import type { BusinessSystem, NewBusinessSystem } from '../../client/index.ts';
import { answerChallenge, type SystemCurve, systemKeys } from '../../core/business.ts';
import { base64urlText } from '../../lib/base64url.ts';
import { formatMoment, shortHash } from '../format.ts';
import { Refusal } from '../parts/states.tsx';
import { allows, client } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { k } from './words.ts';

const secretBytes = 32;

export interface MadeKey {
  /** What the system keeps, in base64url. */
  readonly secret: string;
  readonly jwk: NewBusinessSystem['key'];
  /** The answer to a challenge of the centre, for the system of this name. */
  answer(challenge: string, name: string): Promise<string>;
}

/** A fresh secret of a business system, made here, with the key that follows from it. */
export async function makeKey(curve: SystemCurve): Promise<MadeKey> {
  const secret = crypto.getRandomValues(new Uint8Array(secretBytes));
  const { jwk, key } = await systemKeys(secret, curve);
  return {
    secret: base64urlText(secret),
    jwk: jwk as NewBusinessSystem['key'],
    answer: async (challenge, name) =>
      answerChallenge(challenge, key, { issuer: await client.tokens.issuer(), name }),
  };
}

/** The key in force, and what stands before or behind it. */
export function KeyCell({ system }: { system: BusinessSystem }) {
  const { curve, kid, nextKey, oldKey } = system;
  const isOldAlive = oldKey !== undefined && Date.parse(oldKey.until) > Date.now();
  return (
    <td class="mono" title={`${curve} ${kid}`}>
      {curve} {shortHash(kid)}
      {nextKey && (
        <div class="small faint" data-next={nextKey.isProven}>
          {k(nextKey.isProven ? 'systems.next' : 'systems.next.open', {
            kid: shortHash(nextKey.kid),
          })}
        </div>
      )}
      {isOldAlive && (
        <div class="small faint" data-old>
          {k('systems.old', { kid: shortHash(oldKey.kid), until: formatMoment(oldKey.until) })}
        </div>
      )}
    </td>
  );
}

/**
 * The way to another key in two visits: here the next one is made and proved; once the system opens
 * tokens with both, here the centre is told to use it.
 */
export function KeyChange(props: {
  system: BusinessSystem;
  onChanged: () => void;
  onDone: () => void;
}) {
  const { id, curve, nextKey } = props.system;
  const [secret, setSecret] = useState<string | undefined>(undefined);
  const make = useWrite<string>(async (name) => {
    const made = await makeKey(curve === 'SM2' ? 'SM2' : 'X25519');
    const { challenge } = await client.businessSystems.nameNextKey(name, made.jwk);
    await client.businessSystems.proveNextKey(name, await made.answer(challenge, name));
    setSecret(made.secret);
    props.onChanged();
  });
  const use = useWrite<string>(async (name) => {
    await client.businessSystems.useNextKey(name);
    showToast({ text: k('systems.changed', { name }) });
    props.onDone();
  });
  if (secret !== undefined) {
    return (
      <div class="system-form">
        <p role="status">{k('systems.next.made', { name: id })}</p>
        <div>
          <div class="label">{k('systems.key')}</div>
          <code class="secret-once">{secret}</code>
        </div>
        <div class="acts">
          <button type="button" class="btn primary" onClick={props.onDone}>
            {k('systems.kept')}
          </button>
        </div>
      </div>
    );
  }
  const isReady = nextKey?.isProven === true && allows('changeSystems');
  const error = make.error ?? use.error;
  return (
    <div class="system-form">
      <p>{k(isReady ? 'systems.use.what' : 'systems.next.what')}</p>
      {error && <Refusal what={{ said: k('systems.not-changed') }} error={error} />}
      <div class="acts">
        <button
          type="button"
          class={isReady ? 'btn' : 'btn primary'}
          aria-busy={make.busy}
          onClick={() => void make.run(id)}
        >
          {k(nextKey ? 'systems.next.again' : 'systems.next.make')}
        </button>
        {isReady && (
          <button
            type="button"
            class="btn primary"
            aria-busy={use.busy}
            onClick={() => void use.run(id)}
          >
            {k('systems.use')}
          </button>
        )}
      </div>
    </div>
  );
}
