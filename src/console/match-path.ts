/**
 * Returns the parameters when `pattern` (`/seals/:id`) fits, else undefined. A parameter is one
 * segment, decoded; a segment that does not decode fits nothing.
 */
export function matchPath(pattern: string, at: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const given = at.split('/');
  if (wanted.length !== given.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, segment] of wanted.entries()) {
    const actual = given[index] ?? '';
    if (!segment.startsWith(':')) {
      if (segment !== actual) return undefined;
      continue;
    }
    if (actual === '') return undefined;
    try {
      parameters[segment.slice(1)] = decodeURIComponent(actual);
    } catch {
      return undefined;
    }
  }
  return parameters;
}
