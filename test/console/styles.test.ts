import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('../../src/console', import.meta.url));
const tokens = readFileSync(join(folder, 'styles/tokens.css'), 'utf8');

function colours(selector: string): Map<string, string> {
  const start = tokens.indexOf(`${selector} {`);
  const block = tokens.slice(start, tokens.indexOf('\n}', start));
  return new Map(
    [...block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/gi)].map(([, name, hex]) => [
      name ?? '',
      hex ?? '',
    ]),
  );
}

const light = colours(':root');
const dark = new Map([...light, ...colours(':root[data-theme="dark"]')]);

/** WCAG 2.2, relative luminance. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(theme: Map<string, string>, one: string, other: string): number {
  const [a, b] = [one, other].map((name) => {
    const hex = theme.get(name);
    if (hex === undefined) throw new Error(`tokens.css has no --${name}`);
    return luminance(hex);
  });
  const [high, low] = [Math.max(a ?? 0, b ?? 0), Math.min(a ?? 0, b ?? 0)];
  return (high + 0.05) / (low + 0.05);
}

const grounds = ['paper', 'surface', 'raised'];
const texts = ['ink', 'ink-2', 'ink-3', 'cinnabar-ink', 'azurite', 'malachite', 'ochre', 'plum'];

describe.each([
  ['light', light],
  ['dark', dark],
] as const)('tokens, %s', (_, theme) => {
  it('give every text 4.5 to 1 on every ground', () => {
    for (const text of texts) {
      for (const ground of grounds) {
        expect(contrast(theme, text, ground), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  it('give status words 4.5 to 1 on their own tint, and the sunken captions too', () => {
    for (const tone of ['azurite', 'malachite', 'ochre', 'plum']) {
      expect(contrast(theme, tone, `${tone}-tint`), tone).toBeGreaterThanOrEqual(4.5);
    }
    for (const text of ['ink', 'ink-2', 'ink-3']) {
      expect(contrast(theme, text, 'sunken'), text).toBeGreaterThanOrEqual(4.5);
    }
    expect(contrast(theme, 'on-ink', 'ink')).toBeGreaterThanOrEqual(4.5);
    expect(contrast(theme, 'on-cinnabar', 'cinnabar')).toBeGreaterThanOrEqual(4.5);
  });

  it('give controls, focus and the imprints on the stage 3 to 1', () => {
    for (const ground of grounds) {
      expect(contrast(theme, 'line-control', ground), ground).toBeGreaterThanOrEqual(3);
      expect(contrast(theme, 'focus', ground), ground).toBeGreaterThanOrEqual(3);
    }
    for (const imprint of ['imprint-reserved', 'imprint-query', 'imprint-agree']) {
      expect(contrast(theme, imprint, 'stage'), imprint).toBeGreaterThanOrEqual(3);
    }
  });
});

describe('styles outside tokens.css', () => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => /\.(css|tsx?|html)$/.test(name) && !name.endsWith('tokens.css'),
  );

  it('state no colour, no family and no shadow of their own', () => {
    const wrong = files.flatMap((name) =>
      readFileSync(join(folder, name), 'utf8')
        .split('\n')
        .filter(
          (line) =>
            /#[0-9a-f]{3,8}\b(?!-)/i.test(line.replace(/href="#|'#|#page|#stage/g, '')) ||
            /\b(rgba?|hsla?|oklch|lab)\(\s*\d/.test(line) ||
            /font-family:(?!\s*var\()/.test(line) ||
            /box-shadow:(?!\s*(var\(|inset))/.test(line),
        )
        .map((line) => `${name}: ${line.trim()}`),
    );
    expect(wrong).toEqual([]);
  });

  it('name only tokens that exist', () => {
    const known = new Set([...tokens.matchAll(/--([\w-]+):/g)].map(([, name]) => name));
    const local = new Set(['v', 't', 'tone']);
    const sheets = files.filter((name) => name.endsWith('.css'));
    const unknown = sheets
      .flatMap((name) => [...readFileSync(join(folder, name), 'utf8').matchAll(/var\(--([\w-]+)/g)])
      .map(([, name]) => name ?? '')
      .filter((name) => !known.has(name) && !local.has(name));
    expect(unknown).toEqual([]);
  });

  // Which of two sheets wins is decided by their order, far away from both.
  it('set a property of a selector in one sheet', () => {
    const setIn = new Map<string, string>();
    const twice: string[] = [];
    for (const name of files.filter((file) => file.endsWith('.css'))) {
      const text = readFileSync(join(folder, name), 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '');
      // Rules alone; what a width or a device changes is indented, and changes what another sheet sets.
      for (const [, selectors = '', body = ''] of text.matchAll(
        /^([^\s@{}][^{}]*)\{([^{}]*)\}/gm,
      )) {
        for (const selector of selectors.split(',')) {
          for (const [, property = ''] of body.matchAll(/([\w-]+)\s*:/g)) {
            const key = `${selector.trim()} { ${property} }`;
            const other = setIn.get(key) ?? name;
            if (other !== name) twice.push(`${key}: ${other}, ${name}`);
            setIn.set(key, name);
          }
        }
      }
    }
    expect(twice).toEqual([]);
  });

  it('never move without being asked to stand still', () => {
    expect(tokens).toContain('prefers-reduced-motion');
  });
});
