import { useState } from 'preact/hooks';
import { type TrustFile, type UsageVerdict, verifyRecords } from '../../client/certificates.ts';
import type { NamedFile } from '../../client/institution-api.ts';
import { certificatesIn } from '../../lib/pem.ts';
import { formatMoment } from '../format.ts';
import { setTick } from '../home/ticks.ts';
import { t } from '../i18n/index.ts';
import { codeText, FileInput } from '../institution/parts.tsx';
import { Status } from '../parts/chip.tsx';
import { SelectField } from '../parts/field.tsx';
import { Glyph } from '../parts/glyph.tsx';
import { PageHead, Panel } from '../parts/page.tsx';
import { Loading, Refusal } from '../parts/states.tsx';
import { openClient } from '../session.ts';
import { useWrite } from '../write.ts';

/** An export of ten thousand records is some 40 MB. */
const exportBytesMax = 64 * 1024 * 1024;
/** As many lines as a person looks through; the first wrong one is named above them anyway. */
const shownMax = 500;

interface Trust {
  readonly ledger: TrustFile;
  readonly roots: readonly string[];
}

async function serviceTrust(): Promise<Trust> {
  const [ledger, pem] = await Promise.all([
    openClient.ledger.trust(),
    openClient.certificateAuthorities(),
  ]);
  return { ledger, roots: certificatesIn(pem) };
}

async function fileTrust(roots: NamedFile, ledger: NamedFile): Promise<Trust> {
  const [pem, text] = await Promise.all([roots.bytes.text(), ledger.bytes.text()]);
  return { roots: certificatesIn(pem), ledger: JSON.parse(text) as TrustFile };
}

/** Verifies a dropped export right here: the file is read, and nothing is sent. */
export function VerifyEvidencePage() {
  const [source, setSource] = useState<'service' | 'files'>('service');
  const [roots, setRoots] = useState<NamedFile | undefined>(undefined);
  const [ledger, setLedger] = useState<NamedFile | undefined>(undefined);
  const [file, setFile] = useState<NamedFile | undefined>(undefined);
  const [verdict, setVerdict] = useState<UsageVerdict | undefined>(undefined);
  const verify = useWrite<{ file: NamedFile }>(async (draft) => {
    setVerdict(undefined);
    const own = source === 'files' && roots && ledger;
    const trust = own ? await fileTrust(roots, ledger) : await serviceTrust();
    const found = await verifyRecords(await draft.file.bytes.text(), trust, Date.now());
    setVerdict(found);
    if (found.ok) setTick('signing.verify');
  });
  function take(next: NamedFile | undefined) {
    setFile(next);
    setVerdict(undefined);
    if (next) void verify.run({ file: next });
  }
  return (
    <>
      <PageHead
        title={t('check.title')}
        crumbs={[{ text: t('uses.title'), href: '/audit/uses' }]}
        facts={<span>{t('check.lead')}</span>}
      />
      <div class="body">
        <Panel title={t('check.file')}>
          <SelectField
            label={t('check.trust')}
            value={source}
            options={[
              { value: 'service', text: t('check.trust.service') },
              { value: 'files', text: t('check.trust.files') },
            ]}
            onChange={setSource}
          />
          {source === 'files' && (
            <div class="fields">
              <FileInput label={t('check.trust.roots')} value={roots} onChange={setRoots} />
              <FileInput label={t('check.trust.ledger')} value={ledger} onChange={setLedger} />
            </div>
          )}
          <FileInput
            label={t('check.file')}
            value={file}
            accept=".ndjson,application/x-ndjson"
            bytesMax={exportBytesMax}
            onChange={take}
          />
        </Panel>
        {verify.busy && <Loading lines={6} />}
        {verify.error && <Refusal what="check.failed" error={verify.error} />}
        {verdict && <Result verdict={verdict} />}
      </div>
    </>
  );
}

function Result({ verdict }: { verdict: UsageVerdict }) {
  const { ok, findings, line = 0, code = '', asOf = '' } = verdict;
  const count = findings.filter(({ index }) => index !== undefined).length;
  // The head of a part is worth a line only when something is wrong with it.
  const lines = findings.filter((finding) => finding.index !== undefined || !finding.ok);
  return (
    <>
      <div class={`verdict ${ok ? 'ok' : 'no'}`} role={ok ? 'status' : 'alert'}>
        <Glyph name={ok ? 'ok' : 'no'} />
        <h2>
          {ok
            ? t('check.ok', { count, asOf: asOf === '' ? '–' : formatMoment(asOf) })
            : t('check.bad', { line, code: codeText(code) })}
        </h2>
        {!ok && <p>{t('check.why')}</p>}
      </div>
      <Panel title={t('uses.title')} flush>
        <table class="table list">
          <thead>
            <tr>
              <th class="num">{t('check.line')}</th>
              <th>{t('verification.time')}</th>
              <th>{t('operation.person')}</th>
              <th class="wide">{t('grant.operations')}</th>
              <th>{t('check.verdict')}</th>
            </tr>
          </thead>
          <tbody>
            {lines.slice(0, shownMax).map((finding) => (
              <tr key={finding.line} class={finding.ok ? '' : 'bad'}>
                <td class="num" data-label={t('check.line')}>
                  {finding.line}
                </td>
                <td class="date">
                  {finding.atMs === undefined ? '–' : formatMoment(new Date(finding.atMs))}
                </td>
                <td data-label={t('operation.person')}>{finding.actor ?? '–'}</td>
                <td data-label={t('grant.operations')}>
                  {finding.operation ?? '–'} {finding.documentType ?? ''}
                </td>
                <td>
                  <Status tone={finding.ok ? 'ok' : 'no'}>
                    {finding.ok ? t('state.pass') : codeText(finding.code ?? '')}
                  </Status>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Panel>
    </>
  );
}
