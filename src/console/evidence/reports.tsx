import {
  judgeMisbehaviour,
  type MisbehaviourCase,
  type MisbehaviourVerdict,
} from '../../client/certificates.ts';
import type { Misbehaviour } from '../../client/index.ts';
import { loadGm } from '../../core/gm.ts';
import { formatMoment } from '../format.ts';
import { t } from '../i18n/index.ts';
import { Status, type Tone } from '../parts/chip.tsx';
import { type Column, ListTable } from '../parts/list-table.tsx';
import { Panel } from '../parts/page.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { saveFile } from '../save-file.ts';
import { client, identity } from '../session.ts';

interface Judged {
  readonly report: Misbehaviour;
  readonly found: MisbehaviourCase;
  readonly verdict: MisbehaviourVerdict;
}

const tones: Partial<Record<MisbehaviourVerdict, Tone>> = { proved: 'no', answer_right: 'ok' };

/** Reports that the other half of a key answered wrongly, each judged here, by the chips named. */
export function Reports({ chips }: { chips: readonly string[] | undefined }) {
  const [resource, reload] = useResource(
    async (signal): Promise<readonly Judged[]> => {
      const { items } = await client.personalKeys.reports({ limit: 50 }, { signal });
      const gm = await loadGm();
      return items.map((report) => {
        const found = caseOf(report);
        return { report, found, verdict: judgeMisbehaviour(gm, found, chips) };
      });
    },
    [identity.value?.id, chips?.join() ?? ''],
  );
  return (
    <Panel title={t('reports.title')} flush>
      <Loaded resource={resource} reload={reload} lines={3}>
        {(items) =>
          items.length === 0 ? (
            <Empty title={t('reports.none')} hint={t('reports.none.hint')} />
          ) : (
            <ListTable items={items} idOf={({ report }) => report.id} columns={columns()} />
          )
        }
      </Loaded>
    </Panel>
  );
}

/** As `cinnabar audit judge` reads it. */
function caseOf({ personalKeyId, transcript, attestation }: Misbehaviour): MisbehaviourCase {
  const given = attestation as unknown as MisbehaviourCase['attestation'] | null;
  return {
    tenant: identity.value?.institution.id ?? '',
    keyId: personalKeyId,
    transcript,
    ...(given ? { attestation: given } : {}),
  };
}

const columns = (): readonly Column<Judged>[] => [
  {
    title: t('verification.time'),
    class: 'date',
    plain: true,
    cell: ({ report }) => formatMoment(report.at),
  },
  { title: t('reports.by'), wide: true, cell: ({ report }) => report.reportedBy },
  {
    title: t('check.verdict'),
    cell: ({ verdict }) => (
      <Status tone={tones[verdict] ?? 'wait'}>{t(`reports.verdict.${verdict}`)}</Status>
    ),
  },
  {
    title: t('reports.case'),
    cell: ({ report, found }) => (
      <button
        type="button"
        class="link"
        onClick={() => saveFile(`report-${report.id.slice(0, 8)}.json`, JSON.stringify(found))}
      >
        {t('reports.save')}
      </button>
    ),
  },
];
