import { shellWord } from '../../../../system/shell-word.ts';

/**
 * Commands of tox, nox and hatch, which start programs without a shell. They are run in Volt's environment as they
 * are, if a shell takes them in the same way.
 */

/** Characters that mean the same to a shell and to Python's shlex, with quotes around the text that has others. */
const plain = /^(?:[\w\s./:=@%+,^-]|"[\w\s./:=@%+,^*?()[\]{}<>|&;~#!'-]*"|'[^'\\\n]*')+$/;

/** Whether a shell runs a command as the tool would. */
export function isPlainCommand(line: string): boolean {
  return line.length <= 1000 && plain.test(line) && !/^\s*[\w]+=/.test(line) && !line.startsWith('-');
}

/** A command made of words, each of which may have any characters. */
export function commandOf(words: readonly string[]): string {
  return words.map(shellWord).join(' ');
}

/** Whether a command runs no tests: one of those that look at the code, print something or do nothing. */
export function runsNoTests(line: string): boolean {
  return (
    /^(?:true|echo)(?: |$)/.test(line) ||
    /^(python\S* -m )?(black|flake8|isort|mypy|pylint|pyright|ruff|bandit|check-manifest|twine|sphinx-build|pre-commit|codespell|vulture|pydocstyle|interrogate|tox|make -C docs)\b/.test(
      line,
    )
  );
}

export function runsPytest(command: string): boolean {
  return /(^|[\s/])(pytest|py\.test)(\s|$)/.test(command);
}

/** The test runner that a line of commands surely starts, if it does not only tell about itself. */
export function startedBy(line: string): 'pytest' | 'unittest' | undefined {
  const start =
    /^(?:(?:coverage|python[\d.]*(?: -[A-Za-z]+)* -m coverage) run(?: -[\w.-]+(?:=\S+)?)* )?(?:python[\d.]*(?: -[A-Za-ln-z]+)* )?(?:-m )?(pytest|py\.test|unittest)(?: (.*))?$/;
  for (const command of line.split(' && ')) {
    const [, name, args = ''] = start.exec(command.trim()) ?? [];
    if (
      name === undefined ||
      /(?:^| )(?:--version|--help|-h|--collect-only|--co|--fixtures|--markers)(?: |$)/.test(args)
    )
      continue;
    return name === 'unittest' ? 'unittest' : 'pytest';
  }
  return undefined;
}
