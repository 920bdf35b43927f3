import type { Imprint } from '../../client/index.ts';
import { SealError } from '../../core/seal-error.ts';
import { maybe, t } from '../i18n/index.ts';
import { type Look, lookAt } from '../look.ts';
import { useResource } from '../resource.ts';
import { Status } from './chip.tsx';

type Seen =
  | { kind: 'seen'; look: Look }
  | { kind: 'unreadable'; code: string }
  | { kind: 'unknown' };

async function see(
  imprint: Imprint,
  reserved: ((signal: AbortSignal) => Promise<Blob>) | undefined,
  signal: AbortSignal,
): Promise<Seen> {
  try {
    return { kind: 'seen', look: await lookAt(imprint, await reserved?.(signal)) };
  } catch (error) {
    if (error instanceof SealError) return { kind: 'unreadable', code: error.code };
    // The check is a courtesy: where it cannot run, the service still decides.
    return { kind: 'unknown' };
  }
}

function Reasons({ look }: { look: Look }) {
  const { reasons } = look.precheck;
  if (reasons.length === 0) return <Status tone="ok">{t('precheck.ok')}</Status>;
  return (
    <ul>
      {reasons.map((reason) => (
        <li key={reason.code}>
          <Status tone="wait">{maybe(`reason.${reason.code}`) ?? reason.detail}</Status>
        </li>
      ))}
    </ul>
  );
}

/**
 * The quick look of the same core that decides later, in this browser, before the upload (B11). It
 * advises; it neither stops nor passes anything.
 */
export function Precheck(props: {
  imprint: Imprint;
  reserved?: ((signal: AbortSignal) => Promise<Blob>) | undefined;
  /** Names the reserved imprint that `reserved` gives. */
  reservedId?: string | undefined;
}) {
  const [seen] = useResource(
    (signal) => see(props.imprint, props.reserved, signal),
    [props.imprint, props.reservedId],
  );
  if (seen.kind !== 'ready') return <div class="precheck" aria-busy="true" />;
  const found = seen.value;
  return (
    <div class="precheck" role="status">
      <h3>{t('precheck.title')}</h3>
      {found.kind === 'unknown' && <p class="small muted">{t('precheck.unknown')}</p>}
      {found.kind === 'unreadable' && (
        <Status tone="no">
          {maybe(`error.${found.code}.why`) ?? t('error.picture_corrupt.why')}
        </Status>
      )}
      {found.kind === 'seen' && (
        <>
          <Reasons look={found.look} />
          <p class="small faint num">
            <span>
              {found.look.width} × {found.look.height} px
            </span>
            {found.look.dpi !== undefined && <span>{Math.round(found.look.dpi)} dpi</span>}
            <span>
              {t('quality.sharpness')} {found.look.precheck.sharpness.toFixed(2)}
            </span>
            <span>
              {t('quality.completeness')} {found.look.precheck.completeness.toFixed(2)}
            </span>
            {found.look.precheck.likeness !== undefined && (
              <span>
                {t('precheck.likeness')} {found.look.precheck.likeness.toFixed(2)}
              </span>
            )}
          </p>
        </>
      )}
    </div>
  );
}
