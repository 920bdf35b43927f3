import type { Verification } from '../../client/index.ts';
import { maybe, t } from '../i18n/index.ts';

const bins = 20;
const [barWidth, plotHeight, foot] = [15, 96, 20];
const width = bins * barWidth;

interface VendorScores {
  readonly code: string;
  readonly name: string;
  /** Verifications by twentieths of the score, those that match and those that differ. */
  readonly counts: readonly { match: number; differ: number }[];
  /** Of the newest verification; a policy may have changed it since older ones. */
  readonly threshold: number;
}

function scoresOf(verifications: readonly Verification[]): VendorScores[] {
  const found = new Map<
    string,
    { name: string; threshold: number; counts: VendorScores['counts'] }
  >();
  for (const { vendors } of verifications) {
    for (const { code, name, score, match, threshold } of vendors) {
      const own = found.get(code) ?? {
        name: maybe(`vendor.${code}`) ?? name,
        threshold,
        counts: Array.from({ length: bins }, () => ({ match: 0, differ: 0 })),
      };
      found.set(code, own);
      const bin = own.counts[Math.min(bins - 1, Math.floor(score * bins))];
      if (bin) bin[match ? 'match' : 'differ']++;
    }
  }
  return [...found].map(([code, own]) => ({ code, ...own }));
}

/** How the scores of each vendor lie around its threshold, over what the list shows. */
export function ScorePlots({ verifications }: { verifications: readonly Verification[] }) {
  return (
    <div class="score-plots">
      {scoresOf(verifications).map((vendor) => (
        <Plot key={vendor.code} {...vendor} />
      ))}
    </div>
  );
}

function Plot({ name, counts, threshold }: VendorScores) {
  const most = Math.max(1, ...counts.map(({ match, differ }) => match + differ));
  const heightOf = (count: number) => (count / most) * plotHeight;
  return (
    <figure>
      <figcaption>{name}</figcaption>
      <svg viewBox={`0 0 ${width} ${plotHeight + foot}`} role="img" aria-label={name}>
        <title>{t('scores.title')}</title>
        {counts.map(({ match, differ }, at) => (
          <g key={at} transform={`translate(${at * barWidth} 0)`}>
            <rect
              class="match"
              x={1}
              y={plotHeight - heightOf(match)}
              width={barWidth - 2}
              height={heightOf(match)}
            />
            <rect
              class="differ"
              x={1}
              y={plotHeight - heightOf(match + differ)}
              width={barWidth - 2}
              height={heightOf(differ)}
            />
          </g>
        ))}
        <path class="axis" d={`M0 ${plotHeight}H${width}`} />
        <path class="threshold" d={`M${threshold * width} 0V${plotHeight}`} />
        <text x={0} y={plotHeight + foot - 4}>
          {threshold < 0.2 ? '' : '0'}
        </text>
        <text
          x={threshold * width}
          y={plotHeight + foot - 4}
          text-anchor={threshold > 0.85 ? 'end' : threshold < 0.2 ? 'start' : 'middle'}
        >
          {t('scores.threshold', { threshold: threshold.toFixed(3) })}
        </text>
        <text x={width} y={plotHeight + foot - 4} text-anchor="end">
          {threshold > 0.6 ? '' : '1'}
        </text>
      </svg>
      <details class="small">
        <summary>{t('scores.numbers')}</summary>
        <table class="table">
          <thead>
            <tr>
              <th>{t('scores.from')}</th>
              <th class="num">{t('vendor.match')}</th>
              <th class="num">{t('vendor.differs')}</th>
            </tr>
          </thead>
          <tbody>
            {counts.map(({ match, differ }, at) =>
              match + differ === 0 ? null : (
                <tr key={at}>
                  <td>{(at / bins).toFixed(2)}</td>
                  <td class="num">{match}</td>
                  <td class="num">{differ}</td>
                </tr>
              ),
            )}
          </tbody>
        </table>
      </details>
    </figure>
  );
}
