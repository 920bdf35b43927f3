import type { NodeProgress, PreparedApplication, ScoringProgress } from '../../client/index.ts';
import { inLanguage, maybe, t } from '../i18n/index.ts';
import { Status, type Tone } from '../parts/chip.tsx';
import { Panel } from '../parts/page.tsx';

const tones: Record<NodeProgress['state'], Tone> = {
  waiting: 'run',
  opened: 'run',
  settled: 'ok',
  lost: 'wait',
  refused: 'no',
};

/** Each party and how far it is: shape, word, and why it does not go on. */
export function NodeStates(props: {
  roster: PreparedApplication['roster'];
  progress: ScoringProgress | undefined;
  isRunning: boolean;
}) {
  const { roster, progress, isRunning } = props;
  const stage = progress?.stage ?? 'open';
  return (
    <Panel title={t('nodes.title')}>
      <p role="status">{isRunning ? t(`stage.${stage}`) : t('nodes.ended')}</p>
      <ul class="parties">
        {roster.nodes.map(({ id, name }) => {
          const found = progress?.nodes.find(({ node }) => node === id);
          const state = found?.state ?? 'waiting';
          return (
            <li key={id}>
              <b>{inLanguage(name)}</b>
              <Status tone={tones[state]} chip>
                {t(`node.${state}`)}
              </Status>
              {found?.code && (
                <span class="small muted">{maybe(`refusal.${found.code}`) ?? found.code}</span>
              )}
            </li>
          );
        })}
        <li>
          <b>{inLanguage(roster.decision.name)}</b>
          <Status tone={stage === 'decide' || stage === 'record' ? 'run' : 'off'} glyph="todo" chip>
            {t(
              stage === 'record'
                ? 'node.decided'
                : stage === 'decide'
                  ? 'node.deciding'
                  : 'state.todo',
            )}
          </Status>
        </li>
      </ul>
      {progress && (
        <p class="small faint">
          {t('nodes.transcript')} <span class="mono">{progress.requestId}</span>
        </p>
      )}
    </Panel>
  );
}
