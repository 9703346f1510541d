/** Whose fault it is that packages could not be installed, and what to do. */
export interface Blame {
  /**
   * `commit`: its manifest, lock file or own script; `outside`: network, registry, or a library of the machine; `tool`:
   * a program, or a version of one, that the runner does not have
   */
  fault: 'commit' | 'outside' | 'tool';
  /** what is wrong, with the name of the package: a sentence without its dot */
  what: string;
  /** what to do, with the words to type: a sentence without its dot */
  remedy: string;
}

/** What one line of a package manager tells. */
export interface Rule {
  /** whether it holds in the installation only, since tests may end with the same words */
  installing?: boolean;
  /** takes time in proportion to the line */
  line: RegExp;
  fault: Blame['fault'];
  what: What;
  remedy: string;
}

/**
 * What is wrong, with `$1` for what the first group of the line has found, and so on; or made from these groups, of which
 * those that have found nothing are `''`, and all lines. Without a text, the rule does not hold.
 */
type What = string | ((found: string[], lines: readonly string[]) => string | undefined);

/** The commit asks for what the registry does not have, or for what does not fit together. */
export function commit(line: RegExp, what: What, remedy: string): Rule {
  return { line, fault: 'commit', what, remedy };
}

/** The machine, or what it reaches, is at fault. */
export function machine(line: RegExp, what: What, remedy: string): Rule {
  return { line, fault: 'outside', what, remedy };
}

/** The machine lacks a program, or a version of one. */
export function tool(line: RegExp, what: What, remedy: string): Rule {
  return { line, fault: 'tool', what, remedy };
}

/** @param what such as `npm could not reach the registry` */
export function network(line: RegExp, what: What): Rule {
  return machine(
    line,
    what,
    'Check the network of the runner, or name a mirror of the registry with `volt repo set NAME --env`',
  );
}

/** A registry that refuses access. */
export function access(line: RegExp, what: What): Rule {
  return machine(
    line,
    what,
    "Give the job the registry's credentials with `volt secret set NAME --repo REPOSITORY --env`",
  );
}

/** A package with native parts. */
export function notBuilt(line: RegExp, what: What = 'the package $1 could not be built'): Rule {
  return machine(line, what, 'Install the compilers and libraries that it needs on the runner; the log names them');
}

/** A script of the commit. */
export function ownScript(
  line: RegExp,
  what: What = "the project's own script failed during the installation with code $1",
): Rule {
  return commit(line, what, 'Read the log, and fix it');
}

/** A rule that holds in the installation only. */
export function whileInstalling(rule: Rule): Rule {
  return { ...rule, installing: true };
}

/** The first of the rules that holds for one of the lines. */
export function firstBlame(rules: readonly Rule[], lines: readonly string[]): Blame | undefined {
  for (const { line, fault, what, remedy } of rules) {
    for (const text of lines) {
      const groups = line.exec(text)?.slice(1);
      if (!groups) continue;
      const found = groups.map((part) => part?.trim() ?? '');
      const filled = (template: string) => template.replace(/\$(\d)/g, (_, group) => found[group - 1] ?? '');
      const told = typeof what === 'string' ? filled(what) : what(found, lines);
      if (told) return { fault, what: told, remedy: filled(remedy) };
    }
  }
  return undefined;
}

/** The first group of the first line that a pattern matches; all that it matches where it has no group. */
export function firstMatch(lines: readonly string[], pattern: RegExp): string | undefined {
  for (const line of lines) {
    const found = pattern.exec(line);
    if (found) return (found[1] ?? found[0]).trim();
  }
  return undefined;
}
