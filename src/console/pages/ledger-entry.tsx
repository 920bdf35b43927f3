import { useState } from 'preact/hooks';
import type { ApiError } from '../../client/index.ts';
import { formatMoment, shortHash } from '../format.ts';
import { t } from '../i18n/index.ts';
import { useKeys } from '../keys.ts';
import { checkEntry, hexOfBytes, type LedgerCheck, LedgerRefusal } from '../ledger-check.ts';
import { Glyph } from '../parts/glyph.tsx';
import { LedgerRefused } from '../parts/ledger-refused.tsx';
import { Facts, PageHead, Panel } from '../parts/page.tsx';
import { Loaded, Refusal } from '../parts/states.tsx';
import { asApiError, useResource } from '../resource.ts';
import { openClient } from '../session.ts';
import { LedgerTable, typeWords } from './ledger.tsx';

type Checked =
  | { kind: 'not-yet' }
  | { kind: 'busy' }
  | { kind: 'ok'; check: LedgerCheck }
  | { kind: 'refused'; code: string }
  | { kind: 'failed'; error: ApiError };

/** One entry, what it says, and whether it is what was written: computed in this browser. */
export function LedgerEntryPage({ index }: { index: number }) {
  const [resource, reload] = useResource(
    async (signal) => {
      const entry = await openClient.ledger.entry(index, { signal });
      const { entries } = await openClient.ledger.history(String(entry.event.subject), { signal });
      return { entry, entries };
    },
    [index],
  );
  const [checked, setChecked] = useState<Checked>({ kind: 'not-yet' });

  async function verify() {
    setChecked({ kind: 'busy' });
    try {
      setChecked({ kind: 'ok', check: await checkEntry(index) });
    } catch (cause) {
      if (cause instanceof LedgerRefusal) setChecked({ kind: 'refused', code: cause.code });
      else setChecked({ kind: 'failed', error: asApiError(cause) });
    }
  }

  useKeys([{ key: 'v', label: t('ledger.verify'), run: () => void verify() }]);
  return (
    <Loaded resource={resource} reload={reload} lines={8}>
      {({ entry, entries }) => (
        <>
          <PageHead
            title={t('ledger.entry', { index: String(index) })}
            crumbs={[{ text: t('nav.ledger'), href: '/ledger' }]}
            facts={
              <>
                <span>{typeWords(entry.event.type)}</span>
                <span class="date">{formatMoment(String(entry.event.at))}</span>
              </>
            }
            actions={
              <button
                type="button"
                class="btn primary"
                aria-busy={checked.kind === 'busy'}
                onClick={() => void verify()}
              >
                {t(checked.kind === 'not-yet' ? 'ledger.verify' : 'ledger.verify.again')}{' '}
                <kbd>V</kbd>
              </button>
            }
          />
          <div class="body columns">
            <Panel title={t('ledger.event')}>
              <Facts items={fieldsOf(entry.event)} />
            </Panel>
            <div class="stack">
              <CheckPanel checked={checked} />
            </div>
            <Panel title={t('ledger.history')} flush class="across">
              <LedgerTable entries={entries} />
            </Panel>
          </div>
        </>
      )}
    </Loaded>
  );
}

function fieldsOf(event: Readonly<Record<string, unknown>>) {
  return Object.entries(event).map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return [
      name,
      <span key={name} class="mono cut" title={text}>
        {/^[0-9a-f]{64}$/.test(text) ? shortHash(text) : text}
      </span>,
    ] as const;
  });
}

function CheckPanel({ checked }: { checked: Checked }) {
  switch (checked.kind) {
    case 'not-yet':
      return (
        <Panel title={t('ledger.verify')}>
          <p class="small faint">{t('ledger.verify.hint')}</p>
        </Panel>
      );
    case 'busy':
      return (
        <Panel title={t('ledger.verify')}>
          <p role="status">{t('ledger.verify.busy')}</p>
        </Panel>
      );
    case 'failed':
      return <Refusal what="error.not-loaded" error={checked.error} />;
    case 'refused':
      return <LedgerRefused code={checked.code} />;
    case 'ok':
      return <Proven check={checked.check} />;
  }
}

function Proven({ check }: { check: LedgerCheck }) {
  const { checkpoint, keysKnown, knownSize, steps } = check;
  return (
    <>
      <div class="verdict ok" role="status">
        <Glyph name="ok" />
        <h2>{t('ledger.ok')}</h2>
        <p>{t('ledger.verify.hint')}</p>
      </div>
      <Panel title={t('ledger.verify')}>
        <Facts
          items={[
            [
              t('ledger.step.keys'),
              t(keysKnown ? 'ledger.step.keys.same' : 'ledger.step.keys.first'),
            ],
            [
              t('ledger.step.checkpoint'),
              t('ledger.step.checkpoint.text', {
                size: String(checkpoint.size),
                count: String(checkpoint.cosignedBy.length),
              }),
            ],
            [
              t('ledger.step.consistency'),
              knownSize === undefined
                ? t('ledger.step.consistency.first')
                : t('ledger.step.consistency.text', { size: String(knownSize) }),
            ],
            [
              t('ledger.step.inclusion'),
              t('ledger.step.inclusion.text', { count: String(steps.length) }),
            ],
          ]}
        />
      </Panel>
      <ProofPanel check={check} />
    </>
  );
}

/** The way up: at each level the hash that joins, and what the two make. */
function ProofPanel({ check }: { check: LedgerCheck }) {
  const rows = [
    { level: t('ledger.proof.leaf'), joins: '', hash: check.leaf },
    ...check.steps.map((step, at) => ({
      level: at === check.steps.length - 1 ? t('ledger.proof.root') : String(at + 1),
      joins: `${t(`ledger.proof.${step.side}`)} ${shortHash(hexOfBytes(step.sibling))}`,
      hash: step.hash,
    })),
  ].reverse();
  return (
    <Panel title={t('ledger.proof')} flush>
      <table class="table">
        <tbody>
          {rows.map(({ level, joins, hash }) => (
            <tr key={level}>
              <td class="nowrap">{level}</td>
              <td class="mono" title={hexOfBytes(hash)}>
                {shortHash(hexOfBytes(hash))}
              </td>
              <td class="small faint">{joins}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}
