import { useEffect, useRef, useState } from 'preact/hooks';
import type { Imprint } from '../../client/index.ts';
import { maybe, t } from '../i18n/index.ts';
import { type Look, lookAtRaster } from '../look.ts';
import { Status } from './chip.tsx';

/** Long enough for a phone to look and to draw, short enough to follow a hand. */
const lookEveryMs = 250;
const jpegQuality = 0.95;

/** The frame as a picture of the size that the camera gives. */
function frameOf(video: HTMLVideoElement, canvas: HTMLCanvasElement) {
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context || canvas.width === 0) return undefined;
  context.drawImage(video, 0, 0);
  const { width, height, data } = context.getImageData(0, 0, canvas.width, canvas.height);
  return { width, height, rgba: new Uint8Array(data.buffer) };
}

function Box({ look }: { look: Look }) {
  const { box, ok } = look.precheck;
  if (!box) return null;
  const share = (value: number, whole: number) => `${(100 * value) / whole}%`;
  return (
    <i
      class={`live-box${ok ? ' ok' : ''}`}
      aria-hidden="true"
      style={{
        left: share(box.x, look.width),
        top: share(box.y, look.height),
        width: share(box.width, look.width),
        height: share(box.height, look.height),
      }}
    />
  );
}

/**
 * The camera with the core's quick look on every frame (B11): where the imprint is, and whether it
 * is sharp, whole and dark enough. Frames stay in this browser; one that the person takes becomes
 * the chosen picture, and goes out only with the form.
 */
export function LiveCheck(props: { onTake: (imprint: Imprint) => void; onClose: () => void }) {
  const video = useRef<HTMLVideoElement>(null);
  const canvas = useRef<HTMLCanvasElement>(document.createElement('canvas'));
  const [look, setLook] = useState<Look | undefined>(undefined);
  const [isRefused, setRefused] = useState(false);

  useEffect(() => {
    let stream: MediaStream | undefined;
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    async function watch() {
      const raster = video.current && frameOf(video.current, canvas.current);
      if (raster) {
        const seen = await lookAtRaster(raster);
        if (!isOver) setLook(seen);
      }
      if (!isOver) timer = setTimeout(() => void watch(), lookEveryMs);
    }
    async function open() {
      try {
        const wanted = { facingMode: 'environment', width: { ideal: 1280 } };
        stream = await navigator.mediaDevices.getUserMedia({ video: wanted });
        if (isOver || !video.current) return;
        video.current.srcObject = stream;
        await video.current.play();
        await watch();
      } catch {
        if (!isOver) setRefused(true);
      } finally {
        if (isOver) for (const track of stream?.getTracks() ?? []) track.stop();
      }
    }
    void open();
    return () => {
      isOver = true;
      clearTimeout(timer);
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
  }, []);

  function take() {
    const { current } = canvas;
    if (!video.current || !frameOf(video.current, current)) return;
    current.toBlob(
      (bytes) => bytes && props.onTake({ bytes, name: 'camera.jpg' }),
      'image/jpeg',
      jpegQuality,
    );
  }

  const [reason] = look?.precheck.reasons ?? [];
  return (
    <div class="live">
      {isRefused ? (
        <p class="wrong">{t('camera.none')}</p>
      ) : (
        <div class="live-view">
          <video ref={video} muted playsInline />
          {look && <Box look={look} />}
        </div>
      )}
      <p role="status" class="small">
        {!look && !isRefused && t('camera.looking')}
        {look?.precheck.ok && <Status tone="ok">{t('camera.good')}</Status>}
        {reason && <Status tone="wait">{maybe(`reason.${reason.code}`) ?? reason.detail}</Status>}
      </p>
      <p class="small faint">{t('camera.local')}</p>
      <div class="choose">
        {!isRefused && (
          <button type="button" class="btn primary" disabled={!look} onClick={take}>
            {t('camera.take')}
          </button>
        )}
        <button type="button" class="btn quiet" onClick={props.onClose}>
          {t('camera.close')}
        </button>
      </div>
    </div>
  );
}
