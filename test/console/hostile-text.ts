import type { Page } from 'playwright-core';

/** What a text may try to be: markup, script, a template, an address, and far too long a word. */
export const hostileTexts = [
  '<script>window.struck=1</script><b data-struck>b</b>',
  '"><img data-struck src=x onerror="window.struck=2">',
  '<svg data-struck onload="window.struck=3"><a href="javascript:window.struck=4">x</a></svg>',
  'javascript:window.struck=5//',
  '{{constructor.constructor("window.struck=6")()}} #{window.struck=7} <%= window.struck=8 %>',
  `<iframe data-struck srcdoc="<script>parent.struck=9</script>"></iframe>${'x'.repeat(90)}`,
] as const;

/** Beside them what only stores of before may hold: characters that turn the text behind them. */
export const turningText = 'a\u202eb\u2066c<i data-struck>d</i>';

type Schema = Readonly<Record<string, unknown>>;

/** Names of fields whose text the contract leaves free: no form, no format, no list of values. */
export function freeTextFields(document: unknown): ReadonlySet<string> {
  const free = new Set<string>();
  const bound = new Set<string>();
  walk(document, (value) => {
    const properties = value.properties as Readonly<Record<string, Schema>> | undefined;
    for (const [name, schema] of Object.entries(properties ?? {})) {
      if (![schema.type].flat().includes('string')) continue;
      const isLine = String(schema.pattern ?? '').includes('\\p{Zl}');
      const isBound = ['enum', 'format', 'const'].some((key) => key in schema);
      (isBound || (schema.pattern !== undefined && !isLine) ? bound : free).add(name);
    }
  });
  // One name may be a text here and a code there: what is anywhere a code stays one.
  return new Set([...free].filter((name) => !bound.has(name)));
}

function walk(value: unknown, visit: (value: Schema) => void): void {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) visit(value as Schema);
  for (const item of Object.values(value)) walk(item, visit);
}

/**
 * Lets the service answer with hostile texts wherever its contract leaves a text free.
 *
 * @param reached takes the fields that were met
 */
export async function answerHostile(
  page: Page,
  free: ReadonlySet<string>,
  reached: Set<string>,
): Promise<void> {
  const texts = [...hostileTexts, turningText];
  let turn = 0;
  const altered = (value: unknown, name = ''): unknown => {
    if (typeof value === 'string') {
      if (!free.has(name) || value === '') return value;
      reached.add(name);
      return texts[turn++ % texts.length];
    }
    if (Array.isArray(value)) return value.map((item) => altered(item, name));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([key, item]) => [key, altered(item, key)]);
    return Object.fromEntries(entries);
  };
  await page.route(/\/(?:v1|ledger)\//, async (route) => {
    // Who one is stays what it is: a page without a person shows nothing.
    if (/\/v1\/demo\/token/.test(route.request().url())) return route.fallback();
    const response = await route.fetch();
    const isJson = response.headers()['content-type']?.startsWith('application/json');
    if (!isJson) return route.fulfill({ response });
    return route.fulfill({ response, json: altered(await response.json()) });
  });
}

/** What the texts have done to the page: anything is too much. */
export function strikes(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const { struck } = window as unknown as { struck?: number };
    if (struck !== undefined) found.push(`a script ran: ${struck}`);
    for (const element of document.querySelectorAll('[data-struck], script:not([src])')) {
      found.push(`a text became markup: ${element.outerHTML.slice(0, 80)}`);
    }
    for (const element of document.querySelectorAll('[href], [src], [action]')) {
      for (const name of ['href', 'src', 'action']) {
        const address = element.getAttribute(name)?.trim().toLowerCase() ?? '';
        if (/^(?:javascript|vbscript|data:text)/.test(address)) found.push(`${name}=${address}`);
      }
    }
    const over = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    if (over > 0) found.push(`it sticks out by ${over}`);
    return found;
  });
}
