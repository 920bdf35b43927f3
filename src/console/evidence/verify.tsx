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
import { Loaded, Refusal } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { allows, openClient } from '../session.ts';
import { Reports } from './reports.tsx';

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

async function verdictOf(sources: Sources, file: NamedFile): Promise<UsageVerdict> {
  const trust = await trustOf(sources);
  const verdict = await verifyRecords(await file.bytes.text(), trust, Date.now());
  if (verdict.ok) setTick('signing.verify');
  return verdict;
}

/** Those that are named, or any while what is written there is not yet a list of them. */
function pinnedIn(text: string): readonly string[] | undefined {
  try {
    return text.trim() === '' ? undefined : chipsIn(text);
  } catch {
    return undefined;
  }
}

/** Verifies a dropped export right here: the file is read, and nothing is sent. */
export function VerifyEvidencePage() {
  const [sources, setSources] = useState<Sources>({
    source: 'service',
    roots: undefined,
    ledger: undefined,
    chips: '',
  });
  const [file, setFile] = useState<NamedFile | undefined>(undefined);
  // With each change all is looked at anew: no verdict stands beside other sources than its own.
  const [round, setRound] = useState(0);
  const change = (part: Partial<Sources>) => {
    setSources((old) => ({ ...old, ...part }));
    setRound((count) => count + 1);
  };
  const { source, roots, ledger, chips } = sources;
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
            onChange={(next) => change({ source: next })}
          />
          {source === 'files' && (
            <div class="fields">
              <FileInput
                label={t('check.trust.roots')}
                value={roots}
                onChange={(next) => change({ roots: next })}
              />
              <FileInput
                label={t('check.trust.ledger')}
                value={ledger}
                onChange={(next) => change({ ledger: next })}
              />
            </div>
          )}
          <TextField
            label={t('check.chips')}
            hint={t('check.chips.hint')}
            value={chips}
            mono
            onInput={(next) => change({ chips: next })}
          />
          <FileInput
            label={t('check.file')}
            value={file}
            accept=".ndjson,application/x-ndjson"
            bytesMax={exportBytesMax}
            onChange={(next) => {
              setFile(next);
              change({});
            }}
          />
        </Panel>
        {file && <Checked key={round} sources={sources} file={file} />}
        {allows('readReports') && <Reports chips={pinnedIn(chips)} />}
      </div>
    </>
  );
}

/** The verdict for what is chosen now: whatever of it changes, the one before counts no more. */
function Checked({ sources, file }: { sources: Sources; file: NamedFile }) {
  const { source, roots, ledger, chips } = sources;
  const [resource, reload] = useResource(
    () => verdictOf(sources, file),
    [file, source, roots, ledger, chips],
  );
  if (resource.kind === 'failed') {
    return <Refusal what="check.failed" error={resource.error} retry={reload} />;
  }
  return (
    <Loaded resource={resource} reload={reload} lines={6}>
      {(verdict) => <Result verdict={verdict} />}
    </Loaded>
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
