import type { RoundLoss } from '../domain/federation/training/label-node.ts';

const bars = '▁▂▃▄▅▆▇█';
const width = 40;

/** The last values as bars, the largest at full height. */
function curve(values: readonly number[]): string {
  const shown = values.slice(-width);
  const [low, high] = [Math.min(...shown), Math.max(...shown)];
  const height = (value: number) =>
    high === low ? 0 : Math.round(((value - low) / (high - low)) * (bars.length - 1));
  return shown.map((value) => bars[height(value)] ?? '').join('');
}

/** The loss of a training on one line of the error output; silent when nobody watches. */
export function lossLine(): { round(loss: RoundLoss): void; end(): void } {
  const { stderr } = process;
  if (!stderr.isTTY) return { round: () => {}, end: () => {} };
  const losses: number[] = [];
  return {
    round({ round, train, validation }) {
      losses.push(validation);
      const figures = `loss ${train.toFixed(4)}, validation ${validation.toFixed(4)}`;
      stderr.write(`\r\x1b[Kround ${round}  ${figures}  ${curve(losses)}`);
    },
    end: () => stderr.write('\r\x1b[K'),
  };
}
