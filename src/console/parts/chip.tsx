import type { ComponentChildren } from 'preact';
import type { Verification } from '../../client/index.ts';
import { type Key, t } from '../i18n/index.ts';
import { Glyph, type GlyphName } from './glyph.tsx';

export type Tone = 'ok' | 'no' | 'wait' | 'run' | 'off';

/** Shape, word and tint; in tables without the box. */
export function Status(props: {
  tone: Tone;
  glyph?: GlyphName;
  chip?: boolean;
  children: ComponentChildren;
}) {
  return (
    <span class={`st ${props.tone}${props.chip ? ' chip' : ''}`}>
      <Glyph name={props.glyph ?? props.tone} />
      {props.children}
    </span>
  );
}

const verdictTones = { pass: 'ok', fail: 'no', review: 'wait' } as const;
const verdictWords: Record<Verification['verdict'], Key> = {
  pass: 'state.pass',
  fail: 'state.fail',
  review: 'state.review',
};

export function VerdictStatus(props: { verdict: Verification['verdict']; chip?: boolean }) {
  return (
    <Status tone={verdictTones[props.verdict]} chip={props.chip ?? false}>
      {t(verdictWords[props.verdict])}
    </Status>
  );
}
