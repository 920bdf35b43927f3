import { useState } from 'preact/hooks';
import type { Certificate } from '../../client/index.ts';
import { t } from '../i18n/index.ts';
import { navigate } from '../router.ts';
import { client } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { isRequest, KeyRequest } from './key-request.tsx';
import { Panel } from './page.tsx';
import { Refusal } from './states.tsx';

/** Applies for the successor, always over a fresh key that its subject made. */
export function RenewalPanel(props: { certificate: Certificate; onCancel: () => void }) {
  const { serial, algorithm } = props.certificate;
  const [request, setRequest] = useState('');
  const [checked, setChecked] = useState(false);
  const isMissing = !isRequest(request);
  const renew = useWrite<{ request: string }>(async (draft, keyFor) => {
    const write = { idempotencyKey: keyFor('renew') };
    const application = await client.certificates.renew(serial, draft.request.trim(), write);
    showToast({ text: t('apply.done') });
    navigate(`/certificates/applications/${application.id}`);
  });
  return (
    <Panel title={t('certificate.renew')} flush>
      <form
        class="in"
        onSubmit={(event) => {
          event.preventDefault();
          setChecked(true);
          if (!isMissing) void renew.run({ request });
        }}
      >
        {renew.error && <Refusal what="apply.not-made" error={renew.error} />}
        <p>{t('certificate.renew.own')}</p>
        <KeyRequest
          algorithm={algorithm}
          request={request}
          onRequest={setRequest}
          wrong={checked && isMissing ? t('apply.request.missing') : undefined}
        />
        <div class="foot">
          <button type="button" class="btn quiet" onClick={props.onCancel}>
            {t('action.cancel')}
          </button>
          <button type="submit" class="btn primary" aria-busy={renew.busy}>
            {t('apply.send')}
          </button>
        </div>
      </form>
    </Panel>
  );
}
