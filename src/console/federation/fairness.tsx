import { useState } from 'preact/hooks';
import { t } from '../i18n/index.ts';
import { Field } from '../parts/field.tsx';
import { Panel } from '../parts/page.tsx';

/** A part of what `cinnabar federation evaluate --fairness --json` writes; shares from 0 to 1. */
interface ColumnFairness {
  readonly column: string;
  /** Absent when no group is large enough to be compared. */
  readonly ratio?: number;
  readonly groups: readonly Group[];
}

interface Group {
  readonly group: string;
  readonly rows: number;
  readonly admitted: number;
  readonly meanPd: number;
  readonly defaultRate: number;
  /** No number where all of a group paid, or none. */
  readonly auc: number | null;
}

type Loaded = { kind: 'none' } | { kind: 'wrong' } | { kind: 'report'; report: ColumnFairness[] };

const shown = ['rows', 'admitted', 'meanPd', 'defaultRate', 'auc'] as const;

function isGroup(value: unknown): value is Group {
  const group = value as Partial<Record<keyof Group, unknown>> | null;
  return (
    typeof group?.group === 'string' &&
    shown.every(
      (name) => typeof group[name] === 'number' || (name === 'auc' && group[name] === null),
    )
  );
}

function isColumn(value: unknown): value is ColumnFairness {
  const column = value as Partial<Record<keyof ColumnFairness, unknown>> | null;
  return (
    typeof column?.column === 'string' &&
    (column.ratio === undefined || typeof column.ratio === 'number') &&
    Array.isArray(column.groups) &&
    column.groups.every(isGroup)
  );
}

async function read(file: File): Promise<Loaded> {
  try {
    const { fairness } = JSON.parse(await file.text()) as { fairness?: unknown };
    const isReport = Array.isArray(fairness) && fairness.every(isColumn);
    return isReport ? { kind: 'report', report: fairness } : { kind: 'wrong' };
  } catch {
    return { kind: 'wrong' };
  }
}

const perCent = (share: number) => `${(100 * share).toFixed(1)} %`;

/**
 * The report of whoever may hold protected columns beside the outcome. It is read here and sent
 * nowhere: the service never gets these columns.
 */
export function Fairness() {
  const [loaded, setLoaded] = useState<Loaded>({ kind: 'none' });
  return (
    <Panel title={t('fairness.title')}>
      <p class="small muted">{t('fairness.lead')}</p>
      <Field
        label={t('fairness.file')}
        hint={<code>cinnabar federation evaluate DIR --model MODEL --fairness --json</code>}
        wrong={loaded.kind === 'wrong' ? t('fairness.wrong') : undefined}
      >
        {(ids) => (
          <input
            {...ids}
            class="input"
            type="file"
            accept="application/json,.json"
            onChange={(event) => {
              const [file] = event.currentTarget.files ?? [];
              if (file) void read(file).then(setLoaded);
            }}
          />
        )}
      </Field>
      {loaded.kind === 'report' &&
        loaded.report.map((column) => <Column key={column.column} {...column} />)}
    </Panel>
  );
}

function Column({ column, ratio, groups }: ColumnFairness) {
  return (
    <table class="table list">
      <caption class="label">
        {column} · {t('fairness.ratio', { ratio: ratio?.toFixed(3) ?? '–' })}
      </caption>
      <thead>
        <tr>
          <th>{t('fairness.group')}</th>
          {shown.map((name) => (
            <th key={name} class="num">
              {t(`fairness.${name}`)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {groups.map((group) => (
          <tr key={group.group}>
            <td>
              <b>{group.group}</b>
            </td>
            <td class="num" data-label={t('fairness.rows')}>
              {group.rows}
            </td>
            {(['admitted', 'meanPd', 'defaultRate'] as const).map((name) => (
              <td key={name} class="num" data-label={t(`fairness.${name}`)}>
                {perCent(group[name])}
              </td>
            ))}
            <td class="num" data-label={t('fairness.auc')}>
              {group.auc?.toFixed(4) ?? '–'}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
