import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { en } from '../../src/console/i18n/en.ts';
import { payEn } from '../../src/console/i18n/pay.en.ts';
import { payZh } from '../../src/console/i18n/pay.zh.ts';
import { personEn } from '../../src/console/i18n/person.en.ts';
import { personZh } from '../../src/console/i18n/person.zh.ts';
import { tokensEn } from '../../src/console/i18n/tokens.en.ts';
import { tokensZh } from '../../src/console/i18n/tokens.zh.ts';
import { zh } from '../../src/console/i18n/zh.ts';
import { auditActions } from '../../src/domain/audit/actions.ts';
import { errorTitles } from '../../src/domain/errors.ts';

const folder = fileURLToPath(new URL('../../src/console', import.meta.url));
const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name) && !name.startsWith('i18n'))
  .map((name) => readFileSync(join(folder, name), 'utf8'))
  .join('\n');

const holes = (text: string) =>
  [...new Set([...text.matchAll(/\{\w+\}/g)].map(([hole]) => hole))].sort();

const tables = [
  ['of the frame', zh, en],
  ['of the person', personZh, personEn],
  ['of payments', payZh, payEn],
  ['of tokens', tokensZh, tokensEn],
] as const satisfies readonly [string, Record<string, string>, Record<string, string>][];

describe.each<
  readonly [string, Readonly<Record<string, string>>, Readonly<Record<string, string>>]
>(tables)('the words %s', (_, inZh, inEn) => {
  const keys = Object.keys(inZh);

  it('exist in both languages, with the same places to fill', () => {
    expect(Object.keys(inEn).sort()).toEqual([...keys].sort());
    for (const key of keys) {
      expect(inEn[key]?.trim(), key).not.toBe('');
      expect(inZh[key]?.trim(), key).not.toBe('');
      expect(holes(inEn[key] ?? ''), key).toEqual(holes(inZh[key] ?? ''));
    }
  });

  it('are set as Chinese in Chinese: full-width punctuation, no exclamation marks', () => {
    for (const key of keys) {
      expect(inZh[key], key).not.toMatch(/[一-鿿][,;:!?]|[!！]/);
      expect(inEn[key], key).not.toMatch(/!|[一-鿿]|[，。；：]/);
    }
  });

  it('are all used', () => {
    const prefixes = [...sources.matchAll(/`([a-z.-]+\.)\$\{/g)].map(([, prefix]) => prefix ?? '');
    const unused = keys.filter(
      (key) =>
        !sources.includes(`'${key}'`) &&
        !sources.includes(`"${key}"`) &&
        !prefixes.some((prefix) => key.startsWith(prefix)),
    );
    expect(unused).toEqual([]);
  });
});

describe('the words of the console', () => {
  it('give every error of the service a reason and a next step', () => {
    for (const code of [...Object.keys(errorTitles), 'network', 'unexpected_answer']) {
      expect(zh).toHaveProperty([`error.${code}.why`]);
      expect(zh).toHaveProperty([`error.${code}.next`]);
    }
  });

  it('name every action of the audit log, and no other', () => {
    const named = Object.keys(zh).filter((key) => key.startsWith('audit.action.'));
    expect(named.sort()).toEqual(auditActions.map((action) => `audit.action.${action}`).sort());
  });

  it('leave no Chinese in the pages themselves', () => {
    const spoken = sources
      .split('\n')
      .filter((line) => /[一-鿿]/.test(line) && !/^\s*(\/\/|\*|\/\*)/.test(line));
    // The stamp, the name of the other language, and the words of Chinese amounts stay Chinese.
    const allowed = /验讫|付讫|中文|numerals|groups|places|Words|words|支付结算办法|'零'|[壹贰]/;
    expect(spoken.filter((line) => !allowed.test(line))).toEqual([]);
  });
});
