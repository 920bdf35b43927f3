import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsvError, parseCsv } from '../../src/lib/csv.ts';

function outcome(text: string) {
  try {
    return parseCsv(text);
  } catch (error) {
    expect(error).toBeInstanceOf(CsvError);
    return undefined;
  }
}

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

  it('a text is the same table with its cells in quotes and without', () => {
    const bare = fc.stringMatching(/^[^",\r\n]{1,6}$/);
    const cells = fc.array(bare, { minLength: 2, maxLength: 2 });
    fc.assert(
      fc.property(
        fc.array(cells, { minLength: 1, maxLength: 5 }),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        (rows, end, isQuoted) => {
          const written = [['a', isQuoted ? '"b"' : 'b'], ...rows];
          const text = written.map((row) => row.join(',')).join(end);
          expect(parseCsv(text)).toEqual({ header: ['a', 'b'], rows });
        },
      ),
    );
    // A mark of byte order counts in front alone: elsewhere it is part of its cell.
    expect(parseCsv('a,b\n1,\uFEFF2').rows).toEqual([['1', '\uFEFF2']]);
  });

  it('M1: any text at all is a table or a CsvError, and the same one with a quote behind it', () => {
    const piece = fc.constantFrom('a', '"', '""', ',', '\n', '\r', '\r\n', '\uFEFF', ' ');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const text = pieces.join('');
        const read = outcome(text);
        if (read === undefined || text.includes('"')) return;
        // Its last row is one that only the reader of quotes takes.
        const quoted = `${text}\n${read.header.map(() => '""').join(',')}`;
        const others = outcome(quoted)?.rows ?? [];
        expect(others.slice(0, read.rows.length)).toEqual(read.rows);
      }),
      { numRuns: 3_000 },
    );
  });

  it('M1: millions of quotes, commas and letters end in a table or a CsvError', () => {
    const many = 4_000_000;
    expect(parseCsv(`a\n"${'x'.repeat(6 * many)}"`).rows[0]?.[0]).toHaveLength(6 * many);
    expect(parseCsv(`a\n"${'""'.repeat(many)}"`).rows[0]?.[0]).toHaveLength(many);
    for (const text of [
      `a\n"${'x'.repeat(many)}`,
      `a\n"x"${',"'.repeat(many)}`,
      ','.repeat(many),
    ]) {
      expect(() => parseCsv(text)).toThrow(CsvError);
    }
  });

  it.each([
    ['', 1],
    ['a,a\n1,2', 1],
    ['a,b\n1,2\n1', 3],
    ['a,b\n"1"2,3', 2],
    ['a,b\n"1,3', 2],
    ['a,b\n1,2\r3', 2],
    ['a,"b"\n1,2\r3', 2],
    ['a,b\n1,2\n\n1', 3],
  ])('refuses %j at line %i', (text, line) => {
    expect(() => parseCsv(text)).toThrow(CsvError);
    try {
      parseCsv(text);
    } catch (error) {
      expect(error).toMatchObject({ line });
    }
  });
});
