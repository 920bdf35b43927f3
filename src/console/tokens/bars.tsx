import { k } from './words.ts';

interface Bar {
  readonly name: string;
  /** 0 to 1. */
  readonly share: number;
}

const percent = (share: number) => `${Math.round(share * 100)} %`;
const [width, labelWidth, valueWidth, row] = [360, 128, 44, 26];

/** Shares as bars in one hue, named at the left and told at the right; the table has the numbers. */
export function Bars({ title, unit, bars }: { title: string; unit: string; bars: readonly Bar[] }) {
  const room = width - labelWidth - valueWidth;
  return (
    <figure class="bars">
      <figcaption>{title}</figcaption>
      <svg viewBox={`0 0 ${width} ${bars.length * row}`} role="img" aria-label={title}>
        {bars.map(({ name, share }, at) => (
          <g key={name} transform={`translate(0 ${at * row})`}>
            <text x={labelWidth - 8} y={row / 2 + 4} text-anchor="end">
              {name}
            </text>
            <rect class="track" x={labelWidth} y={6} width={room} height={row - 12} />
            <rect class="fill" x={labelWidth} y={6} width={room * share} height={row - 12} />
            <text x={width} y={row / 2 + 4} text-anchor="end">
              {percent(share)}
            </text>
          </g>
        ))}
      </svg>
      <Numbers head={unit} rows={bars.map(({ name, share }) => [name, share.toFixed(3)])} />
    </figure>
  );
}

const [hourWidth, plotHeight, foot] = [15, 96, 20];

/** Actions in each hour of the day. */
export function Hours({ title, hours }: { title: string; hours: readonly number[] }) {
  const most = Math.max(1, ...hours);
  return (
    <figure class="bars">
      <figcaption>{title}</figcaption>
      <svg
        viewBox={`0 0 ${hours.length * hourWidth} ${plotHeight + foot}`}
        role="img"
        aria-label={title}
      >
        {hours.map((count, hour) => {
          const height = (count / most) * plotHeight;
          return (
            <g key={hour} transform={`translate(${hour * hourWidth} 0)`}>
              <rect class="track" x={1} y={0} width={hourWidth - 2} height={plotHeight} />
              <rect
                class="fill"
                x={1}
                y={plotHeight - height}
                width={hourWidth - 2}
                height={height}
              />
              {hour % 6 === 0 && (
                <text x={1} y={plotHeight + foot - 4}>
                  {hour}
                </text>
              )}
            </g>
          );
        })}
      </svg>
      <Numbers
        head={k('plot.count')}
        rows={hours.map((count, hour) => [`${hour} ${k('plot.hour')}`, String(count)])}
      />
    </figure>
  );
}

function Numbers({ head, rows }: { head: string; rows: readonly (readonly [string, string])[] }) {
  return (
    <details>
      <summary>{k('plot.numbers')}</summary>
      <table class="table">
        <thead>
          <tr>
            <td />
            <th class="num">{head}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, value]) => (
            <tr key={name}>
              <td>{name}</td>
              <td class="num">{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
