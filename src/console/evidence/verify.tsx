import { useState } from 'preact/hooks';
import { type TrustFile, type UsageVerdict, verifyRecords } from '../../client/certificates.ts';
import { ApiError } from '../../client/index.ts';
import type { NamedFile } from '../../client/institution-api.ts';
import { certificatesIn } from '../../lib/pem.ts';
import { formatMoment } from '../format.ts';
import { setTick } from '../home/ticks.ts';
import { t } from '../i18n/index.ts';
import { codeText, FileInput } from '../institution/parts.tsx';
import { Status } from '../parts/chip.tsx';
import { SelectField, TextField } from '../parts/field.tsx';
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
  readonly chips?: readonly string[];
}

interface Sources {
  readonly source: 'service' | 'files';
  readonly roots: NamedFile | undefined;
  readonly ledger: NamedFile | undefined;
  readonly chips: string;
}

/**
 * Whom to trust: what the person chose, and never something else in its place.
 *
 * @throws ApiError `trust_file_missing`, `trust_file_malformed`
 */
async function trustOf({ source, roots, ledger, chips }: Sources): Promise<Trust> {
  if (source === 'files' && !(roots && ledger)) throw new ApiError('trust_file_missing');
  const trust = roots && ledger && source === 'files' ? fileTrust(roots, ledger) : serviceTrust();
  return { ...(await trust), ...(chips.trim() === '' ? {} : { chips: chipsIn(chips) }) };
}

async function serviceTrust(): Promise<Trust> {
  const [ledger, pem] = await Promise.all([
    openClient.ledger.trust(),
    openClient.certificateAuthorities(),
  ]);
  return { ledger, roots: certificatesIn(pem) };
}

/** @throws ApiError `trust_file_malformed` for what holds no certificate, or is no JSON */
async function fileTrust(roots: NamedFile, ledger: NamedFile): Promise<Trust> {
  const [pem, text] = await Promise.all([roots.bytes.text(), ledger.bytes.text()]);
  const certificates = certificatesIn(pem);
  const keys = jsonIn<TrustFile>(text);
  if (certificates.length === 0 || !keys) throw new ApiError('trust_file_malformed');
  return { roots: certificates, ledger: keys };
}

function jsonIn<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}

/** Identity keys of chips: 130 hex digits each, as a JSON list or one a line. */
function chipsIn(text: string): readonly string[] {
  const listed = jsonIn<unknown>(text);
  const keys = Array.isArray(listed) ? listed : text.split(/[\s,]+/).filter((one) => one !== '');
  const areKeys = keys.every((key) => typeof key === 'string' && /^04[0-9a-f]{128}$/.test(key));
  if (!areKeys) throw new ApiError('trust_file_malformed');
  return keys as readonly string[];
}

/** Verifies a dropped export right here: the file is read, and nothing is sent. */
export function VerifyEvidencePage() {
  const [source, setSource] = useState<'service' | 'files'>('service');
  const [roots, setRoots] = useState<NamedFile | undefined>(undefined);
  const [ledger, setLedger] = useState<NamedFile | undefined>(undefined);
  const [file, setFile] = useState<NamedFile | undefined>(undefined);
  const [verdict, setVerdict] = useState<UsageVerdict | undefined>(undefined);
  const [chips, setChips] = useState('');
  const sources = { source, roots, ledger, chips };
  const verify = useWrite<Sources & { file: NamedFile }>(async (draft) => {
    setVerdict(undefined);
    const trust = await trustOf(draft);
    const found = await verifyRecords(await draft.file.bytes.text(), trust, Date.now());
    setVerdict(found);
    if (found.ok) setTick('signing.verify');
  });
  /** Whatever of it changes, what was found with it before counts no more. */
  function take(change: Partial<Sources>, next = file) {
    setVerdict(undefined);
    if (next) void verify.run({ ...sources, ...change, file: next });
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
            onChange={(next) => {
              setSource(next);
              take({ source: next });
            }}
          />
          {source === 'files' && (
            <div class="fields">
              <FileInput
                label={t('check.trust.roots')}
                value={roots}
                onChange={(next) => {
                  setRoots(next);
                  take({ roots: next });
                }}
              />
              <FileInput
                label={t('check.trust.ledger')}
                value={ledger}
                onChange={(next) => {
                  setLedger(next);
                  take({ ledger: next });
                }}
              />
            </div>
          )}
          <TextField
            label={t('check.chips')}
            hint={t('check.chips.hint')}
            value={chips}
            mono
            onInput={(next) => {
              setChips(next);
              take({ chips: next });
            }}
          />
          <FileInput
            label={t('check.file')}
            value={file}
            accept=".ndjson,application/x-ndjson"
            bytesMax={exportBytesMax}
            onChange={(next) => {
              setFile(next);
              take({}, next);
            }}
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
