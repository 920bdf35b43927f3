// Numbers of trained models as AssemblyScript tables: int16 with one scale an array.
const LEVELS = 32767;

function lines(numbers) {
  const rows = [];
  let row = ' ';
  for (const number of numbers) {
    const next = ` ${number},`;
    if (row.length + next.length > 99) {
      rows.push(row);
      row = ' ';
    }
    row += next;
  }
  return [...rows, row].join('\n');
}

/** The tables `scales` and `values` of `arrays`, one after another; each may say its number of levels. */
export function quantised(arrays, levels = LEVELS, type = 'i16') {
  const values = [];
  const scales = [];
  for (const array of arrays) {
    const numbers = [array].flat(Infinity);
    const scale = Math.max(1e-9, ...numbers.map(Math.abs)) / (array.levels ?? levels);
    scales.push(Math.fround(scale));
    for (const number of numbers) values.push(Math.round(number / scale));
  }
  return `/** One scale per array. */
export const scales = memory.data<f32>([
${lines(scales)}
]);
export const values = memory.data<${type}>([
${lines(values)}
]);
`;
}
