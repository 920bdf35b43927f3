import { useId, useState } from 'preact/hooks';
import type { Certificate } from '../../client/index.ts';
import { t } from '../i18n/index.ts';
import { saveFile } from '../save-file.ts';
import { client } from '../session.ts';
import { useWrite } from '../write.ts';
import { PasswordField } from './field.tsx';
import { Panel } from './page.tsx';
import { Refusal } from './states.tsx';

/** A PKCS#12 file needs the private key: only its holder has it, and other programs take P-256. */
export function canHavePkcs12({ algorithm, keyId, delivery }: Certificate): boolean {
  return algorithm === 'p256' && keyId === undefined && delivery === 'delivered';
}

/** Puts certificate, chain and the holder's key file into one file, in this browser. */
export function Pkcs12Panel(props: { certificate: Certificate; onClose: () => void }) {
  const { serial, subject } = props.certificate;
  const id = useId();
  const [file, setFile] = useState<File | undefined>(undefined);
  const [password, setPassword] = useState('');
  const [checked, setChecked] = useState(false);
  const [refused, setRefused] = useState<string | undefined>(undefined);
  const make = useWrite<{ file: File; password: string }>(async (draft) => {
    setRefused(undefined);
    const { KeyFileError, makePkcs12 } = await import('../../client/certificates.ts');
    const { certificate, chain } = await client.certificates.bundle(serial);
    const encryptedKey = await draft.file.text();
    try {
      const made = await makePkcs12({
        encryptedKey,
        password: draft.password,
        certificate,
        chain,
        name: subject.commonName,
      });
      saveFile(`${serial.slice(0, 12)}.p12`, Uint8Array.from(made));
      props.onClose();
    } catch (error) {
      if (!(error instanceof KeyFileError)) throw error;
      setRefused(t(`certificate.pkcs12.${error.code}`));
    }
  });
  return (
    <Panel title={t('certificate.pkcs12')} flush>
      <form
        class="in"
        onSubmit={(event) => {
          event.preventDefault();
          setChecked(true);
          if (file && password !== '') void make.run({ file, password });
        }}
      >
        {make.error && <Refusal what="certificate.not-delivered" error={make.error} />}
        <p>{t('certificate.pkcs12.lead')}</p>
        <div class="field">
          <label for={id}>{t('certificate.pkcs12.file')}</label>
          <input
            id={id}
            class="input"
            type="file"
            accept=".pem"
            aria-describedby={`${id}-note`}
            onChange={(event) => setFile(event.currentTarget.files?.[0])}
          />
          <p id={`${id}-note`} class={checked && !file ? 'wrong' : 'hint'}>
            {t('certificate.pkcs12.file.hint')}
          </p>
        </div>
        <PasswordField
          label={t('apply.password')}
          hint={t('certificate.pkcs12.password.hint')}
          wrong={refused ?? (checked && password === '' ? t('apply.missing') : undefined)}
          value={password}
          onInput={setPassword}
        />
        <div class="foot">
          <button type="button" class="btn quiet" onClick={props.onClose}>
            {t('action.cancel')}
          </button>
          <button type="submit" class="btn primary" aria-busy={make.busy}>
            {t('certificate.pkcs12.make')}
          </button>
        </div>
      </form>
    </Panel>
  );
}
