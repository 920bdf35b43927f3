import { type Command, command, type Group, UsageError } from './command.ts';

const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

interface Words {
  readonly groups: Readonly<Record<string, Group>>;
  readonly alone: Readonly<Record<string, Command>>;
}

const optionsOf = ({ options }: Command) => Object.keys(options).map((name) => `--${name}`);

/** What may follow each beginning of a line; options by the words before them. */
function following({ groups, alone }: Words): [string, string[]][] {
  return [
    ['', [...Object.keys(groups), ...Object.keys(alone)]],
    ...Object.entries(alone).map(([name, one]): [string, string[]] => [name, optionsOf(one)]),
    ...Object.entries(groups).flatMap(([name, { commands }]): [string, string[]][] => [
      [name, Object.keys(commands)],
      ...Object.entries(commands).map(([verb, one]): [string, string[]] => [
        `${name} ${verb}`,
        optionsOf(one),
      ]),
    ]),
  ];
}

/** Files are completed where no word of ours fits: operands are mostly files. */
function bashScript(words: Words): string {
  const cases = following(words).map(
    ([line, next]) => `    '${line}') words='${next.join(' ')}' ;;`,
  );
  return `_cinnabar() {
  local current=\${COMP_WORDS[COMP_CWORD]} line words
  case $COMP_CWORD in
    1) line='' ;;
    2) line=\${COMP_WORDS[1]} ;;
    *) line="\${COMP_WORDS[1]} \${COMP_WORDS[2]}" ;;
  esac
  case $line in
${cases.join('\n')}
    *) case \${COMP_WORDS[1]} in
${Object.entries(words.alone)
  .map(([name, one]) => `      ${name}) words='${optionsOf(one).join(' ')}' ;;`)
  .join('\n')}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [[ \${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- "$current"))
}
complete -o filenames -F _cinnabar cinnabar
`;
}

function fishScript(words: Words): string {
  const lines = following(words).flatMap(([line, next]) => {
    const [group, verb] = line.split(' ');
    const seen = (word: string) => `__fish_seen_subcommand_from ${word}`;
    const when =
      group === ''
        ? '__fish_use_subcommand'
        : verb === undefined
          ? seen(group ?? '')
          : `${seen(group ?? '')}; and ${seen(verb)}`;
    return next.map((word) =>
      word.startsWith('--')
        ? `complete -c cinnabar -n '${when}' -l ${word.slice(2)}`
        : `complete -c cinnabar -n '${when}' -a ${word}`,
    );
  });
  return `${lines.join('\n')}\n`;
}

function scriptFor(shell: Shell, words: Words): string {
  if (shell === 'fish') return fishScript(words);
  // zsh runs what bash does.
  const start = shell === 'zsh' ? 'autoload -U +X bashcompinit && bashcompinit\n' : '';
  return start + bashScript(words);
}

/** `words` is asked for when it runs: the command is itself one of them. */
export function completion(words: () => Words): Command {
  return command({
    summary: 'prints what completes these words in a shell',
    operands: ['SHELL'],
    options: {},
    details: `
SHELL is ${shells.join(', ')}. In bash: eval "$(cinnabar completion bash)"`,
    async run([shell = '']) {
      const wanted = shells.find((one) => one === shell);
      if (!wanted) throw new UsageError(`SHELL is one of ${shells.join(', ')}`);
      const text = scriptFor(wanted, words());
      return { exit: 0, json: { shell: wanted, script: text }, text };
    },
  });
}
