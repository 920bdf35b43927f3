import type { RiskSimulation } from '../../client/index.ts';
import { Plot } from '../federation/plot.tsx';
import { q } from '../pay/words.ts';

const verdicts = ['allow', 'challenge', 'terminate'] as const;

/** What other rules would have said of the payments that were. */
export function Simulation({ found }: { found: RiskSimulation }) {
  if (found.orders === 0) return <p role="status">{q('sim.none')}</p>;
  const points = (counts: readonly number[]) =>
    counts.map((count, bin) => [bin, count] as readonly [number, number]);
  const most = Math.max(1, ...found.scoresBefore, ...found.scoresAfter);
  return (
    <section class="simulation" aria-label={q('sim.title')}>
      <h3>{q('sim.title')}</h3>
      <p role="status">{q('sim.orders', { n: found.orders, changed: found.changed.length })}</p>
      <div class="simulated">
        <table class="table">
          <thead>
            <tr>
              <th>
                {q('sim.now')} ↓ {q('sim.then')} →
              </th>
              {verdicts.map((then) => (
                <th key={then} class="num">
                  {q(`risk.verdict.${then}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {verdicts.map((now) => (
              <tr key={now}>
                <th scope="row">{q(`risk.verdict.${now}`)}</th>
                {verdicts.map((then) => (
                  <td key={then} class={now === then ? 'num faint' : 'num'}>
                    {found.verdicts[now][then]}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
        <Plot
          title={q('sim.plot')}
          x={q('sim.score')}
          y={q('sim.count')}
          digits={0}
          range={{ x: [0, found.scoresBefore.length - 1], y: [0, most] }}
          series={[
            { name: q('sim.before'), points: points(found.scoresBefore) },
            { name: q('sim.after'), points: points(found.scoresAfter), dashed: true },
          ]}
        />
      </div>
      {found.changed.length > 0 && (
        <details>
          <summary>{q('sim.changed')}</summary>
          <table class="table">
            <tbody>
              {found.changed.map(({ id, before, after, scoreBefore, scoreAfter }) => (
                <tr key={id}>
                  <td class="mono">{id}</td>
                  <td>
                    {q(`risk.verdict.${before}`)} ({scoreBefore}) → {q(`risk.verdict.${after}`)} (
                    {scoreAfter})
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </section>
  );
}
