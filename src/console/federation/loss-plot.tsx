import { t } from '../i18n/index.ts';
import { Plot } from './plot.tsx';

const million = 1_000_000;

/** Losses of a training round by round; each entry is a round and its two losses, in millionths. */
export function LossPlot(props: {
  readonly history: readonly (readonly [round: number, training: number, validation: number])[];
}) {
  const loss = (at: 1 | 2) =>
    props.history.map((entry) => [entry[0], entry[at] / million] as const);
  return (
    <Plot
      title={t('plot.loss')}
      x={t('plot.round')}
      y={t('plot.loss.unit')}
      digits={3}
      series={[
        { name: t('plot.training'), points: loss(1) },
        { name: t('plot.validation'), points: loss(2), dashed: true },
      ]}
    />
  );
}
