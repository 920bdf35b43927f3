import { useEffect, useState } from 'preact/hooks';
import { Field } from '../parts/field.tsx';
import { p } from './words.ts';

/** What fits into one message of a session. */
const bytesMax = 24_000;
const sidePx = 360;
const qualities = [0.85, 0.75, 0.6, 0.45];

/** A picture of the person, made small here: nothing of the large one leaves the browser. */
export function FaceSample(props: { onSample: (sample: Uint8Array | undefined) => void }) {
  const [shown, setShown] = useState('');
  const [wrong, setWrong] = useState<string | undefined>(undefined);
  useEffect(() => () => URL.revokeObjectURL(shown), [shown]);

  async function take(file: File | undefined) {
    props.onSample(undefined);
    setShown('');
    if (!file) return;
    const small = await smallPicture(file).catch(() => undefined);
    setWrong(small ? undefined : p('face.unreadable'));
    if (!small) return;
    setShown(URL.createObjectURL(small));
    props.onSample(new Uint8Array(await small.arrayBuffer()));
  }

  return (
    <>
      <Field label={p('face.picture')} hint={p('face.picture.hint')} wrong={wrong}>
        {(ids) => (
          <input
            {...ids}
            class="input"
            type="file"
            accept="image/*"
            capture="user"
            onChange={(event) => void take(event.currentTarget.files?.[0])}
          />
        )}
      </Field>
      {shown !== '' && <img class="face" src={shown} alt={p('face.picture.shown')} />}
    </>
  );
}

/** @throws what the browser says of a file that is no picture */
async function smallPicture(file: Blob): Promise<Blob | undefined> {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, sidePx / Math.max(picture.width, picture.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  for (const quality of qualities) {
    const made = await new Promise<Blob | null>((resolve) =>
      canvas.toBlob(resolve, 'image/jpeg', quality),
    );
    if (made && made.size <= bytesMax) return made;
  }
  return undefined;
}
