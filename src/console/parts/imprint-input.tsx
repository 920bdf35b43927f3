import { useId, useRef, useState } from 'preact/hooks';
import type { Imprint } from '../../client/index.ts';
import { formatBytes } from '../format.ts';
import { t } from '../i18n/index.ts';
import { useResource } from '../resource.ts';
import {
  loadSamples,
  openSample,
  type Sample,
  type Samples,
  sampleAddress,
  sampleFileName,
  sampleNumber,
} from '../samples.ts';
import { Glyph } from './glyph.tsx';
import { LiveCheck } from './live-check.tsx';
import { useBlobUrl } from './picture.tsx';
import { Precheck } from './precheck.tsx';

const acceptedTypes = ['image/png', 'image/jpeg'];
const bytesMax = 8 * 1024 * 1024;

function SampleRow(props: {
  samples: Samples;
  kind: Sample['role'];
  sealName: string | undefined;
  chosen: string | undefined;
  onPick: (sample: Sample) => void;
}) {
  const named = props.samples.seals.find((seal) => seal.name === props.sealName);
  const items = props.samples.items.filter(
    (item) => item.role === props.kind && (named === undefined || item.seal === named.id),
  );
  return (
    <fieldset class="samples" aria-label={t('imprint.samples')}>
      {items.map((sample) => {
        const seal = props.samples.seals.find((item) => item.id === sample.seal);
        return (
          <button
            key={sample.id}
            type="button"
            class="sample"
            data-sample={sample.id}
            aria-pressed={props.chosen === sampleFileName(props.samples, sample)}
            onClick={() => props.onPick(sample)}
          >
            <img src={sampleAddress(sample)} alt="" loading="lazy" width="72" height="72" />
            <span lang="zh-CN">{seal?.name}</span>
            <span class="faint">
              {sample.role === 'reserved'
                ? t('imprint.sample.reserved')
                : t('imprint.sample.query', { n: sampleNumber(props.samples, sample) })}
            </span>
          </button>
        );
      })}
    </fieldset>
  );
}

/**
 * Takes one imprint picture: dropped, chosen, or one of the samples. It is shown at once, and the
 * core checks it here, before anything is sent.
 */
export function ImprintInput(props: {
  label: string;
  kind: Sample['role'];
  value: Imprint | undefined;
  onChange: (imprint: Imprint | undefined, sample?: Sample) => void;
  /** Shows only the samples of this seal, when there are any. */
  sealName?: string | undefined;
  /** The reserved imprint to look beside, and which one it is. */
  reserved?: ((signal: AbortSignal) => Promise<Blob>) | undefined;
  reservedId?: string | undefined;
  wrong?: string | undefined;
}) {
  const id = useId();
  const file = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const [filming, setFilming] = useState(false);
  const [refused, setRefused] = useState<string | undefined>(undefined);
  const [samples] = useResource(loadSamples, []);
  const url = useBlobUrl(props.value?.bytes);
  const wrong = refused ?? props.wrong;

  function take(chosen: File | undefined) {
    if (!chosen) return;
    if (!acceptedTypes.includes(chosen.type)) return setRefused(t('imprint.wrong-type'));
    if (chosen.size > bytesMax) return setRefused(t('imprint.too-large'));
    setRefused(undefined);
    props.onChange({ bytes: chosen, name: chosen.name });
  }

  async function pick(sample: Sample) {
    try {
      const imprint = await openSample(sample);
      setRefused(undefined);
      props.onChange(imprint, sample);
    } catch {
      setRefused(t('imprint.sample-failed'));
    }
  }

  return (
    <div class="imprint-input">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the file field inside does the same by keyboard */}
      <div
        class={`drop${over ? ' over' : ''}${url ? ' filled' : ''}`}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          take(event.dataTransfer?.files[0]);
        }}
      >
        {url ? (
          <img class="scan" src={url} alt={t('imprint.preview')} />
        ) : (
          <p class="faint">{t('imprint.drop')}</p>
        )}
        <div class="under">
          <input
            ref={file}
            id={id}
            class="vh"
            type="file"
            accept={acceptedTypes.join(',')}
            aria-label={props.label}
            aria-describedby={`${id}-note`}
            onChange={(event) => {
              take(event.currentTarget.files?.[0]);
              // Choosing the same file again must be noticed too.
              event.currentTarget.value = '';
            }}
          />
          <label class="btn" for={id}>
            {t(url ? 'imprint.other' : 'imprint.choose')}
          </label>
          <button type="button" class="btn quiet" onClick={() => setFilming(true)}>
            {t('camera.open')}
          </button>
          {props.value && (
            <span class="small faint ellipsis">
              {props.value.name} · {formatBytes(props.value.bytes.size)}
            </span>
          )}
        </div>
      </div>
      <p id={`${id}-note`} class={wrong ? 'wrong' : 'hint'}>
        {wrong ? (
          <>
            <Glyph name="no" /> {wrong}
          </>
        ) : (
          t('imprint.limits')
        )}
      </p>
      {filming && (
        <LiveCheck
          onTake={(imprint) => {
            setFilming(false);
            setRefused(undefined);
            props.onChange(imprint);
          }}
          onClose={() => setFilming(false)}
        />
      )}
      {props.value && (
        <Precheck imprint={props.value} reserved={props.reserved} reservedId={props.reservedId} />
      )}
      {samples.kind === 'ready' && (
        <>
          <h3>{t('imprint.samples')}</h3>
          {props.kind === 'query' && <p class="hint">{t('imprint.samples.hint')}</p>}
          <SampleRow
            samples={samples.value}
            kind={props.kind}
            sealName={props.sealName}
            chosen={props.value?.name}
            onPick={(sample) => void pick(sample)}
          />
        </>
      )}
    </div>
  );
}
