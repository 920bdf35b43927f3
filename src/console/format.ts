const pad = (value: number) => String(value).padStart(2, '0');

/** 2026-11-21, in the zone of this machine. */
export function formatDate(time: string | Date): string {
  const date = new Date(time);
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

export function formatTime(time: string | Date): string {
  const date = new Date(time);
  return `${pad(date.getHours())}:${pad(date.getMinutes())}`;
}

/** 2026-11-21 09:42 */
export function formatMoment(time: string | Date): string {
  return `${formatDate(time)} ${formatTime(time)}`;
}

/** An account number in fours: 3301 0428 8800 1957. One with its own separators stays as it is. */
export function inFours(text: string): string {
  if (!/^\w+$/.test(text)) return text;
  return text.replace(/(\S{4})(?=\S)/g, '$1 ');
}

/** The first eight and the last four of a hash; the whole stands in the title and the copy. */
export function shortHash(hash: string): string {
  return hash.length <= 16 ? hash : `${hash.slice(0, 4)} ${hash.slice(4, 8)} … ${hash.slice(-4)}`;
}

export function formatBytes(bytes: number): string {
  return bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KB`;
}
