import type { Summary } from '../../lib/measure.ts';
import { t } from '../i18n/index.ts';
import {
  bytesOf,
  type Figures,
  type Group,
  groups,
  perSecond,
  type RowId,
  type Setting,
} from './plan.ts';

/** All that is needed to judge the figures, beside the figures. */
export interface Report {
  readonly at: Date;
  readonly userAgent: string;
  readonly processors: number;
  readonly rounds: number;
  readonly setting: Setting;
  readonly figures: Figures;
}

/** Three significant digits or all before the point, thousands apart: 0.512 · 31.4 · 12,345. */
export function formatFigure(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
  return value.toLocaleString('en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** The median in the group's unit. */
export function formatMedian(group: Group, { median }: Summary): string {
  return formatFigure(group.unit === 'millis' ? median / 1000 : median);
}

/** The distance of the quartiles in hundredths of the median. */
export function formatSpread({ median, low, high }: Summary): string {
  return ((100 * (high - low)) / median).toFixed(1);
}

export function formatRate(row: RowId, { median }: Summary): string {
  return formatFigure(perSecond(row, median));
}

export function rateUnit(group: Group): string {
  return t(group.id === 'bytes' ? 'core.rate.bytes' : 'core.rate.runs');
}

export function sentenceOfClock({ clockStepMicros }: Setting): string {
  return clockStepMicros === undefined
    ? t('core.clock.still')
    : t('core.clock.step', { millis: (clockStepMicros / 1000).toFixed(3) });
}

export function toMarkdown(report: Report): string {
  const { setting, figures } = report;
  const lines = [
    `## Cinnabar · ${t('core.title')}`,
    '',
    `- ${report.at.toISOString()}`,
    `- ${report.userAgent}`,
    `- ${t('core.processors')}: ${report.processors}`,
    `- ${t('core.clock')}: ${sentenceOfClock(setting)}`,
    `- ${t('core.rounds')}: ${report.rounds}`,
    ...setting.modules.map(
      ({ name, bytes, gzipBytes }) => `- ${name}.wasm: ${bytes} B (gzip ${gzipBytes} B)`,
    ),
  ];
  for (const group of groups) {
    const measured = group.rows.filter((row) => figures.has(row));
    if (measured.length === 0) continue;
    const median = t(`core.median.${group.unit}`);
    lines.push(
      '',
      `| ${t(`core.group.${group.id}`)} | ${median} | ${t('core.spread')} | ${rateUnit(group)} |`,
      '| --- | ---: | ---: | ---: |',
    );
    for (const row of measured) {
      const summary = figures.get(row);
      if (!summary) continue;
      const cells = [
        t(`core.row.${row}`),
        formatMedian(group, summary),
        formatSpread(summary),
        formatRate(row, summary),
      ];
      lines.push(`| ${cells.join(' | ')} |`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** For programs: names and units do not follow the page's language. */
export function toJson(report: Report): string {
  const { at, figures, setting, ...rest } = report;
  const rows = [...figures].map(([id, { median, low, high, samples }]) => ({
    id,
    medianMicros: median,
    lowerQuartileMicros: low,
    upperQuartileMicros: high,
    samples,
    ...(bytesOf[id] === undefined
      ? { runsPerSecond: perSecond(id, median) }
      : { bytesPerRun: bytesOf[id], megabytesPerSecond: perSecond(id, median) }),
  }));
  return `${JSON.stringify({ at: at.toISOString(), ...rest, ...setting, rows }, null, 2)}\n`;
}
