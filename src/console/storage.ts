/** Small preferences of this browser. Storage may be forbidden: then they last one page. */
export function remembered(name: string): string | undefined {
  try {
    return localStorage.getItem(`cinnabar.${name}`) ?? undefined;
  } catch {
    return undefined;
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(`cinnabar.${name}`, value);
  } catch {
    // Nothing depends on it being kept.
  }
}
