import { useState } from 'preact/hooks';
import type { NewCertificateApplication } from '../../client/index.ts';
import { t } from '../i18n/index.ts';
import { saveFile } from '../save-file.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { Field } from './field.tsx';
import { isKeyPassword, KeyPassword } from './key-password.tsx';

type Algorithm = NewCertificateApplication['algorithm'];

/** Whether the text can be a request at all; the service looks inside. */
export function isRequest(text: string): boolean {
  return text.includes('CERTIFICATE REQUEST');
}

/** Makes a key in this browser; its private part is saved encrypted and kept nowhere else. */
function MakeKey(props: { algorithm: Algorithm; onRequest: (request: string) => void }) {
  const [password, setPassword] = useState('');
  const [left, setLeft] = useState(false);
  const make = useWrite<{ password: string }>(async (draft) => {
    const { makeP256Request, makeSm2Request } = await import('../../client/certificate-request.ts');
    const made = props.algorithm === 'sm2' ? makeSm2Request : makeP256Request;
    const { request, encryptedKey } = await made(draft.password);
    saveFile('cinnabar-key.pem', encryptedKey);
    props.onRequest(request);
    showToast({ text: t('apply.key.made') });
  });
  return (
    <>
      <KeyPassword
        value={password}
        onInput={setPassword}
        isChecked={left}
        onBlur={() => setLeft(true)}
      />
      <button
        type="button"
        class="btn"
        aria-busy={make.busy}
        onClick={() => {
          setLeft(true);
          if (isKeyPassword(password)) void make.run({ password });
        }}
      >
        {t('apply.key.make')}
      </button>
    </>
  );
}

/** A request over a fresh key: made here, or pasted. */
export function KeyRequest(props: {
  algorithm: Algorithm;
  request: string;
  onRequest: (request: string) => void;
  wrong?: string | undefined;
}) {
  return (
    <>
      <MakeKey algorithm={props.algorithm} onRequest={props.onRequest} />
      <Field label={t('apply.request')} hint={t('apply.request.hint')} wrong={props.wrong}>
        {(ids) => (
          <textarea
            {...ids}
            class="input mono"
            rows={6}
            spellcheck={false}
            value={props.request}
            onInput={(event) => props.onRequest(event.currentTarget.value)}
          />
        )}
      </Field>
    </>
  );
}
