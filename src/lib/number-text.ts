/** What was meant by a pasted number: `3301-0428 8800…` without what people put between. */
export function normaliseNumber(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/[\s\-–—.·]/g, '')
    .toUpperCase();
}
