import { t } from '../i18n/index.ts';

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [number, number])[];
  /** The second of two, told apart without colour. */
  readonly dashed?: boolean;
}

interface PlotProps {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
  /** Ends of both axes; those of the data where it is not given. */
  readonly range?: { readonly x: readonly [number, number]; readonly y: readonly [number, number] };
  readonly digits: number;
}

const [width, height, left, bottom, top, right] = [420, 260, 52, 34, 12, 12];

/** Lines over a hairline grid, one hue, labelled where they end; the same numbers stand in a table. */
export function Plot({ title, x, y, series, range, digits }: PlotProps) {
  const all = series.flatMap(({ points }) => points);
  const [x0, x1] = range?.x ?? ends(all.map(([value]) => value));
  const [y0, y1] = range?.y ?? ends(all.map(([, value]) => value));
  const atX = (value: number) => left + ((value - x0) / (x1 - x0 || 1)) * (width - left - right);
  const atY = (value: number) =>
    height - bottom - ((value - y0) / (y1 - y0 || 1)) * (height - bottom - top);
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  return (
    <figure class="plot">
      <figcaption class="label">{title}</figcaption>
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={title}>
        {ticks.map((tick) => {
          const value = y0 + tick * (y1 - y0);
          return (
            <g key={tick}>
              <path class="grid" d={`M${left} ${atY(value)}H${width - right}`} />
              <text x={left - 6} y={atY(value) + 4} text-anchor="end">
                {value.toFixed(digits)}
              </text>
            </g>
          );
        })}
        {[x0, x1].map((value, index) => (
          <text
            key={value}
            x={atX(value)}
            y={height - bottom + 16}
            text-anchor={index === 0 ? 'start' : 'end'}
          >
            {Number.isInteger(value) ? value : value.toFixed(digits)}
          </text>
        ))}
        <text x={(left + width - right) / 2} y={height - 4} text-anchor="middle">
          {x}
        </text>
        {series.map(({ name, points, dashed }) => (
          <path
            key={name}
            class={dashed ? 'line dashed' : 'line'}
            d={points.map(([px, py], i) => `${i === 0 ? 'M' : 'L'}${atX(px)} ${atY(py)}`).join('')}
          />
        ))}
      </svg>
      <p class="small muted">
        {series.map(({ name, dashed }) => `${dashed ? '┄' : '—'} ${name}`).join('   ')} · {y}
      </p>
      <details>
        <summary>{t('plot.numbers')}</summary>
        {series.map(({ name, points }) => (
          <table key={name} class="table">
            <caption class="label">{name}</caption>
            <thead>
              <tr>
                <th class="num">{x}</th>
                <th class="num">{y}</th>
              </tr>
            </thead>
            <tbody>
              {points.map(([px, py]) => (
                <tr key={px}>
                  <td class="num">{Number.isInteger(px) ? px : px.toFixed(3)}</td>
                  <td class="num">{py.toFixed(4)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        ))}
      </details>
    </figure>
  );
}

function ends(values: readonly number[]): readonly [number, number] {
  return [Math.min(...values), Math.max(...values)];
}
