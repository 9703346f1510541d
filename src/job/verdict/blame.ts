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
  /** @returns undefined if the other lines tell otherwise */
  blame(found: string[], lines: readonly string[]): Blame | undefined;
}

/** The commit asks for what the registry does not have, or for what does not fit together. */
export function ofCommit(what: string, remedy: string): Blame {
  return { fault: 'commit', what, remedy };
}

/** @param what such as `npm could not reach the registry` */
export function ofNetwork(what: string): Blame {
  return {
    fault: 'outside',
    what,
    remedy: 'Check the network of the runner, or name a mirror of the registry with `volt repo set NAME --env`',
  };
}

export function ofAccess(what: string): Blame {
  return {
    fault: 'outside',
    what,
    remedy: "Give the job the registry's credentials with `volt secret set NAME --repo REPOSITORY --env`",
  };
}

export function ofMachine(what: string, remedy: string): Blame {
  return { fault: 'outside', what, remedy };
}

export function ofTool(what: string, remedy: string): Blame {
  return { fault: 'tool', what, remedy };
}

/** The first of the rules that holds for one of the lines. */
export function firstBlame(rules: readonly Rule[], lines: readonly string[]): Blame | undefined {
  for (const { line, blame } of rules) {
    for (const text of lines) {
      const found = line.exec(text);
      const known =
        found &&
        blame(
          found.slice(1).map((part) => part ?? ''),
          lines,
        );
      if (known) return known;
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
