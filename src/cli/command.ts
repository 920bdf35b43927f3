import { type ParseArgsConfig, parseArgs } from 'node:util';

/** What a command found out: exit status 0 for yes, 1 for no; `text` is for people. */
export interface Answer {
  readonly exit: 0 | 1;
  readonly json: unknown;
  readonly text: string;
}

/** Wrong use or bad input: exit status 2, one sentence, no stack. */
export class UsageError extends Error {
  readonly code: string;

  constructor(message: string, code = 'wrong_use') {
    super(message);
    this.name = 'UsageError';
    this.code = code;
  }
}

interface Option {
  readonly type: 'string' | 'boolean';
  /** One letter that means the same. */
  readonly short?: string;
  /** What the value is, in help: `FILE`. Switches have none. */
  readonly value?: string;
  readonly about: string;
}

type Options = Readonly<Record<string, Option>>;

type Values<O extends Options> = {
  readonly [Name in keyof O]: (O[Name]['type'] extends 'boolean' ? boolean : string) | undefined;
};

interface Definition<O extends Options> {
  readonly summary: string;
  /** Names in capitals; a last one that ends in `...` takes one or more. */
  readonly operands: readonly string[];
  readonly options: O;
  /** Longer help: what the answer means, an example. */
  readonly details?: string;
  run(operands: readonly string[], values: Values<O>): Promise<Answer>;
}

/** A definition whose option types have served their purpose. */
export interface Command {
  readonly summary: string;
  readonly operands: readonly string[];
  readonly options: Options;
  readonly details?: string;
  readonly execute: (words: readonly string[]) => Promise<Answer | 'help'>;
}

export type Group = {
  readonly summary: string;
  readonly commands: Readonly<Record<string, Command>>;
};

const everywhere = {
  json: { type: 'boolean', about: 'answer in JSON, for programs' },
  help: { type: 'boolean', short: 'h', about: 'show this text' },
} as const satisfies Options;

function parse(words: readonly string[], options: Options) {
  const known: NonNullable<ParseArgsConfig['options']> = {};
  for (const [name, { type, short }] of Object.entries(options)) {
    known[name] = short === undefined ? { type } : { type, short };
  }
  try {
    return parseArgs({ args: [...words], options: known, allowPositionals: true });
  } catch (error) {
    throw new UsageError(
      error instanceof Error ? error.message : 'these words were not understood',
    );
  }
}

function checkOperands(given: readonly string[], names: readonly string[]): void {
  const missing = names[given.length];
  if (missing !== undefined) throw new UsageError(`${missing.replace('...', '')} is missing`);
  const takesMany = names.at(-1)?.endsWith('...') ?? false;
  if (given.length > names.length && !takesMany) {
    throw new UsageError(`one word too many: ${given[names.length]}`);
  }
}

/** The value of an option that may not be left out. */
export function required(name: string, value: string | undefined): string {
  if (value === undefined) throw new UsageError(`--${name} is missing`);
  return value;
}

/** The whole number that an option's value is, `least` or more. */
export function wholeNumber(name: string, text: string, least = 0): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number) || number < least) {
    throw new UsageError(`--${name} is a whole number from ${least}, not ${text}`);
  }
  return number;
}

export function command<const O extends Options>(definition: Definition<O>): Command {
  const options = { ...definition.options, ...everywhere };
  return {
    ...definition,
    options,
    async execute(words) {
      const { values, positionals } = parse(words, options);
      if (values.help) return 'help';
      checkOperands(positionals, definition.operands);
      // parseArgs was given exactly these names and types.
      return definition.run(positionals, values as Values<O>);
    },
  };
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
}

/** `name` as it is typed, with its group. */
export function helpOfCommand(name: string, command: Command): string {
  const rows = Object.entries(command.options).map(
    ([option, { value, about }]): [string, string] => [
      value ? `--${option} ${value}` : `--${option}`,
      about,
    ],
  );
  const parts = [
    `cinnabar ${[name, ...command.operands].join(' ')} [options]`,
    command.summary,
    columns(rows),
  ];
  if (command.details) parts.push(command.details.trim());
  return `${parts.join('\n\n')}\n`;
}

export function helpOfGroup(group: string, { summary, commands }: Group): string {
  const rows = Object.entries(commands).map(([name, { operands, summary }]): [string, string] => [
    [name, ...operands].join(' '),
    summary,
  ]);
  return `cinnabar ${group}: ${summary}\n\n${columns(rows)}\n\ncinnabar ${group} COMMAND --help says more.\n`;
}

export function helpOfAll(
  groups: Readonly<Record<string, Group>>,
  alone: Readonly<Record<string, Command>>,
): string {
  const rows = [...Object.entries(groups), ...Object.entries(alone)].map(
    ([name, { summary }]): [string, string] => [name, summary],
  );
  return (
    `cinnabar GROUP COMMAND ...\n\n${columns(rows)}\n\n` +
    'cinnabar GROUP --help lists its commands. Every command takes --json.\n' +
    'Exit status: 0 yes, 1 no, 2 wrong use or bad input.\n'
  );
}
