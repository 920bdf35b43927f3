import { useState } from 'preact/hooks';
import { enrolBiometric } from '../../client/biometric.ts';
import type { Biometrics } from '../../client/index.ts';
import { withPersonalKey } from '../../client/personal-key.ts';
import { formatDate, formatMoment } from '../format.ts';
import { Panel } from '../parts/page.tsx';
import { Empty, Loaded, Refusal } from '../parts/states.tsx';
import { hasSessionKeys, payingClient } from '../pay/session.ts';
import { useResource } from '../resource.ts';
import { client, identity } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { ConfirmWithKey } from './confirm.tsx';
import { FaceSample } from './face-sample.tsx';
import { type KeyHere, keysHere } from './keys-here.ts';
import { Sure } from './sure.tsx';
import { p } from './words.ts';

type Offer = Biometrics['offered'][number];

interface FaceState {
  readonly offer: Offer | undefined;
  readonly enrolled: Biometrics['enrolled'][number] | undefined;
  /** A key here that can sign the consent, and has sessions to send the picture in. */
  readonly held: KeyHere | undefined;
}

async function loadFace(): Promise<FaceState> {
  const { offered, enrolled } = await client.biometrics.get();
  const isFace = ({ modality }: { modality: string }) => modality === 'face';
  const offer = offered.find(isFace);
  let held: KeyHere | undefined;
  for (const one of offer ? await keysHere() : []) {
    if (!held && (await hasSessionKeys(one.key.id))) held = one;
  }
  return { offer, enrolled: enrolled.find(isFace), held };
}

/** The person's face as a means of confirming; nothing where the institution compares nobody so. */
export function FacePanel() {
  const [resource, reload] = useResource(loadFace, [identity.value?.id]);
  if (resource.kind === 'ready' && !resource.value.offer) return null;
  return (
    <Panel title={p('face.title')}>
      <Loaded resource={resource} reload={reload} lines={3}>
        {({ offer, enrolled, held }) =>
          offer && (
            <>
              <Terms offer={offer} />
              {enrolled && <Enrolled enrolled={enrolled} reload={reload} />}
              {held ? (
                <Enrol
                  key={enrolled?.enrolledAt}
                  offer={offer}
                  held={held}
                  reload={reload}
                  isAgain={Boolean(enrolled)}
                />
              ) : (
                <Empty title={p('face.no-device')} hint={p('face.no-device.hint')} />
              )}
            </>
          )
        }
      </Loaded>
    </Panel>
  );
}

/** What the person agrees to, before anything is taken. */
function Terms({ offer }: { offer: Offer }) {
  return (
    <ul class="small terms">
      <li>{p('face.terms.what')}</li>
      <li>{p('face.terms.who', { service: offer.service, days: offer.days })}</li>
      <li>{p(`face.liveness.${offer.liveness}`)}</li>
      <li>{p('face.terms.free')}</li>
    </ul>
  );
}

function Enrolled(props: { enrolled: NonNullable<FaceState['enrolled']>; reload: () => void }) {
  const { enrolledAt, endsAt } = props.enrolled;
  const withdraw = useWrite<{ modality: 'face' }>(async ({ modality }) => {
    await client.biometrics.withdraw(modality);
    showToast({ text: p('face.withdrawn') });
    props.reload();
  });
  return (
    <>
      <p role="status">
        {p('face.enrolled', {
          at: formatMoment(enrolledAt),
          until: formatDate(new Date(endsAt)),
        })}
      </p>
      {withdraw.error && (
        <Refusal what={{ said: p('face.not-withdrawn') }} error={withdraw.error} />
      )}
      <Sure
        label={p('face.withdraw')}
        warning={p('face.withdraw.warning')}
        busy={withdraw.busy}
        onDo={() => void withdraw.run({ modality: 'face' })}
      />
    </>
  );
}

function Enrol(props: { offer: Offer; held: KeyHere; isAgain: boolean; reload: () => void }) {
  const { offer, held, isAgain, reload } = props;
  const [sample, setSample] = useState<Uint8Array | undefined>(undefined);
  return (
    <>
      <FaceSample onSample={setSample} />
      {sample && (
        <ConfirmWithKey
          held={held}
          through={payingClient(held.key.id)}
          label={p(isAgain ? 'face.enrol.again' : 'face.enrol')}
          refused={p('face.not-enrolled')}
          run={async ({ terminal }, keyId) => {
            const subject = {
              institution: identity.value?.institution.id ?? '',
              person: identity.value?.id ?? '',
              keyId,
            };
            await withPersonalKey(terminal, keyId, (key) =>
              enrolBiometric(payingClient(keyId), key, subject, offer, sample),
            );
            showToast({ text: p('face.done') });
            reload();
          }}
        />
      )}
    </>
  );
}
