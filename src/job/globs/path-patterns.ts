import { resolve, sep } from 'node:path';
import { StepFault } from '../fault.ts';
import { Glob, isPattern, type MatchCost } from './glob.ts';

/** Patterns of one step. */
const mostPatterns = 1000;
/** Characters that all patterns with a `*`, `?` or `[` may have together: each path is compared with all of them. */
const mostCharacters = 5000;

interface Pattern {
  excludes: boolean;
  path: string;
  /** the deepest folder or file that contains all it can match */
  base: string;
  /** the pattern after the base; undefined if the base itself is meant */
  glob: Glob | undefined;
}

/**
 * Patterns for paths, as in `@actions/glob`: the last one that matches a path decides; `!` in front excludes, `#`
 * begins a comment, `~` is the home.
 */
export class PathPatterns {
  /** paths without pattern characters */
  readonly paths: string[];
  /** for each other pattern that does not exclude, the deepest folder that contains all it can match */
  readonly globBases: string[];
  readonly #patterns: readonly Pattern[];
  readonly #cost: MatchCost;

  /**
   * @param lines one pattern each
   * @param around `workspace` is the folder of relative patterns; `cost` counts the steps of matching
   * @throws StepFault if there are too many
   */
  constructor(
    lines: readonly string[],
    { workspace, home, cost }: { workspace: string; home: string; cost: MatchCost },
  ) {
    const given = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
    if (given.length > mostPatterns) throw new StepFault(`there are more than ${mostPatterns} patterns for paths`);
    this.#cost = cost;
    this.#patterns = given.map((line) => read(line, { workspace, home, cost }));
    const globs = this.#patterns.filter(({ glob }) => glob);
    if (globs.reduce((sum, { path }) => sum + path.length, 0) > mostCharacters) {
      throw new StepFault(`the patterns for paths have more than ${mostCharacters} characters together`);
    }
    const choosing = this.#patterns.filter(({ excludes }) => !excludes);
    this.paths = choosing.flatMap(({ base, glob }) => (glob ? [] : [base]));
    this.globBases = [...new Set(choosing.flatMap(({ base, glob }) => (glob ? [base] : [])))];
  }

  /** @param within whether a pattern that matches a folder chooses all in it */
  choose(path: string, within: boolean): boolean {
    let chosen = false;
    for (const pattern of this.#patterns) {
      if (chosen === pattern.excludes && this.#means(pattern, path, within)) chosen = !chosen;
    }
    return chosen;
  }

  #means({ base, glob }: Pattern, path: string, within: boolean): boolean {
    this.#cost.steps += 10;
    if (path === base) return !glob;
    const start = base === sep ? sep : base + sep;
    if (!path.startsWith(start)) return false;
    if (!glob) return within;
    const rest = path.slice(start.length);
    return within ? glob.chooses(rest) : glob.matches(rest);
  }
}

function read(line: string, { workspace, home, cost }: { workspace: string; home: string; cost: MatchCost }): Pattern {
  const own = line.replace(/^!+/, '').trim();
  const path = resolve(workspace, own === '~' || own.startsWith('~/') ? `${home}${own.slice(1)}` : own);
  const parts = path.split(sep);
  const first = parts.findIndex(isPattern);
  const excludes = line.startsWith('!');
  if (first < 0) return { excludes, path, base: path, glob: undefined };
  const base = parts.slice(0, first).join(sep) || sep;
  return { excludes, path, base, glob: new Glob(parts.slice(first).join(sep), cost) };
}
