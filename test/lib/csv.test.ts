import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsvError, parseCsv } from '../../src/lib/csv.ts';

describe('A4: tables in files', () => {
  it('reads rows, quotes, both line ends and a byte order mark', () => {
    expect(parseCsv('\uFEFFa,b\r\n1,2\r\n3,\r\n')).toEqual({
      header: ['a', 'b'],
      rows: [
        ['1', '2'],
        ['3', ''],
      ],
    });
    expect(parseCsv('a,b\n"x, ""y""\nz",2\n')).toEqual({
      header: ['a', 'b'],
      rows: [['x, "y"\nz', '2']],
    });
  });

  it('any table that was quoted comes back', () => {
    const cells = fc.array(fc.string(), { minLength: 2, maxLength: 2 });
    fc.assert(
      fc.property(fc.array(cells, { minLength: 1, maxLength: 6 }), (rows) => {
        const header = ['"one"', '"two"'];
        const quoted = rows.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`));
        const text = [header, ...quoted].map((row) => row.join(',')).join('\n');
        expect(parseCsv(text).rows).toEqual(rows);
      }),
    );
  });

  it.each([
    ['', 1],
    ['a,a\n1,2', 1],
    ['a,b\n1,2\n1', 3],
    ['a,b\n"1"2,3', 2],
    ['a,b\n"1,3', 2],
  ])('refuses %j at line %i', (text, line) => {
    expect(() => parseCsv(text)).toThrow(CsvError);
    try {
      parseCsv(text);
    } catch (error) {
      expect(error).toMatchObject({ line });
    }
  });
});
