import { useEffect, useState } from 'preact/hooks';
import { useResource } from '../resource.ts';

/** The address of a blob for as long as the component shows it. */
export function useBlobUrl(blob: Blob | undefined): string | undefined {
  const [url, setUrl] = useState<string | undefined>(undefined);
  useEffect(() => {
    if (!blob) {
      setUrl(undefined);
      return;
    }
    const made = URL.createObjectURL(blob);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  return url;
}

/** A picture that needs the token, so it is fetched and not linked. */
export function FetchedPicture(props: {
  load: (signal: AbortSignal) => Promise<Blob>;
  inputs: readonly unknown[];
  alt: string;
  class?: string;
}) {
  const [picture] = useResource(props.load, props.inputs);
  const url = useBlobUrl(picture.kind === 'ready' ? picture.value : undefined);
  return (
    <div class={`thumb ${props.class ?? ''}`}>
      {url && <img src={url} alt={props.alt} />}
      {picture.kind === 'failed' && <span class="small faint">{props.alt}</span>}
    </div>
  );
}
