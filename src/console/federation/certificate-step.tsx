import type { NewCertificateApplication, OpenedScoring } from '../../client/index.ts';
import { t } from '../i18n/index.ts';
import { Panel } from '../parts/page.tsx';
import { Refusal } from '../parts/states.tsx';
import { navigate } from '../router.ts';
import { saveFile } from '../save-file.ts';
import { client } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';

/** The key that the decision is for, as the terminal made it before anything was sent. */
export interface TerminalKey {
  readonly request: string;
  readonly encryptedKey: string;
  readonly publicKeySha256: string;
}

/** From a decision to the application for a certificate; the key file is saved on the way. */
export function CertificateStep(props: {
  name: string;
  opened: OpenedScoring;
  terminalKey: TerminalKey;
}) {
  const { name, opened, terminalKey: made } = props;
  const body: NewCertificateApplication = {
    kind: 'person',
    algorithm: 'sm2',
    subject: { commonName: name, country: 'CN' },
    request: made.request,
    requested: withoutReadonly(opened.decision.explanation.requested),
    scored: { ...opened.scored },
  };
  const write = useWrite<NewCertificateApplication>(async (sent, keyFor) => {
    saveFile('cinnabar-key.pem', made.encryptedKey);
    const { id } = await client.certificates.applications.create(sent, {
      idempotencyKey: keyFor('apply'),
    });
    showToast({ text: t('apply.key.made') });
    navigate(`/certificates/applications/${id}`);
  });
  return (
    <Panel title={t('decision.certificate')}>
      {write.error && (
        <Refusal what="apply.not-made" error={write.error} retry={() => void write.run(body)} />
      )}
      <p class="small muted">{t('decision.certificate.how')}</p>
      <div class="foot">
        <button
          type="button"
          class="btn primary"
          aria-busy={write.busy}
          onClick={() => void write.run(body)}
        >
          {t('decision.certificate.apply')}
        </button>
      </div>
    </Panel>
  );
}

function withoutReadonly({
  permissions,
  limits,
  ...rest
}: OpenedScoring['decision']['explanation']['requested']): NewCertificateApplication['requested'] {
  return { ...rest, permissions: [...permissions], limits: [...limits] };
}
