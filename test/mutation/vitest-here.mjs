// What the tests of a group use of Vitest, in the process that runs their mutants: Vitest itself
// would load every module anew for each of them.

const suiteOf = (name) => ({
  name,
  beforeAll: [],
  beforeEach: [],
  afterEach: [],
  afterAll: [],
  members: [],
});

let open = suiteOf('');

/** Vitest's own. */
export let expect;

/** The suite that loading a file of tests declares. */
export async function collected(name, vitestExpect, load) {
  expect = vitestExpect;
  open = suiteOf(name);
  const suite = open;
  await load();
  return suite;
}

export function describe(name, declare) {
  const outer = open;
  open = suiteOf(name);
  outer.members.push(open);
  declare();
  open = outer;
}

export function test(name, run) {
  open.members.push({ name, run });
}
export { test as it };

/** Numbered, since many rows may have one name. */
test.each = (rows) => (name, run) => {
  for (const [i, row] of rows.entries()) {
    const values = Array.isArray(row) ? row : [row];
    test(`${name} [${i}]`, () => run(...values));
  }
};

const hook = (kind) => (run) => {
  open[kind].push(run);
};
export const beforeAll = hook('beforeAll');
export const beforeEach = hook('beforeEach');
export const afterEach = hook('afterEach');
export const afterAll = hook('afterAll');
