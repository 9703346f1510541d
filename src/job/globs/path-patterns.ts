import { resolve, sep } from 'node:path';
import { StepFault } from '../fault.ts';
import { Glob, isPattern, type Trial } from './glob.ts';

/** Patterns and paths of one step. */
const mostPatterns = 1000;
/** Characters that those with a `*`, `?` or `[` may have together: each path is compared with all of them at once. */
const mostCharacters = 5000;

interface Pattern {
  excludes: boolean;
  path: string;
  /** the deepest folder or file that all it can choose is in */
  base: string;
  /** what follows the base; undefined where the base is what is meant */
  glob: Glob | undefined;
}

/**
 * Patterns for paths, as `@actions/glob` has them: the last that speaks of a path decides; `!` in front leaves out, `#`
 * begins a comment, `~` is the home.
 */
export class PathPatterns {
  /** paths that are named as they are */
  readonly paths: string[];
  /** for each other pattern that chooses, the deepest folder that all it can choose is in */
  readonly globBases: string[];
  readonly #patterns: readonly Pattern[];
  readonly #trial: Trial;

  /**
   * @param lines one pattern each
   * @param around `workspace` is what relative ones begin at; `trial` counts what choosing takes
   * @throws StepFault where there are too many
   */
  constructor(lines: readonly string[], { workspace, home, trial }: { workspace: string; home: string; trial: Trial }) {
    const given = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
    if (given.length > mostPatterns) throw new StepFault(`there are more than ${mostPatterns} patterns for paths`);
    this.#trial = trial;
    this.#patterns = given.map((line) => read(line, { workspace, home, trial }));
    const globs = this.#patterns.filter(({ glob }) => glob);
    if (globs.reduce((sum, { path }) => sum + path.length, 0) > mostCharacters) {
      throw new StepFault(`the patterns for paths have more than ${mostCharacters} characters together`);
    }
    const choosing = this.#patterns.filter(({ excludes }) => !excludes);
    this.paths = choosing.flatMap(({ base, glob }) => (glob ? [] : [base]));
    this.globBases = [...new Set(choosing.flatMap(({ base, glob }) => (glob ? [base] : [])))];
  }

  /** @param within whether one that chooses a folder chooses all that is in it */
  choose(path: string, within: boolean): boolean {
    let chosen = false;
    for (const pattern of this.#patterns) {
      if (chosen === pattern.excludes && this.#means(pattern, path, within)) chosen = !chosen;
    }
    return chosen;
  }

  #means({ base, glob }: Pattern, path: string, within: boolean): boolean {
    this.#trial.steps += 10;
    if (path === base) return !glob;
    const start = base === sep ? sep : base + sep;
    if (!path.startsWith(start)) return false;
    if (!glob) return within;
    const rest = path.slice(start.length);
    return within ? glob.chooses(rest) : glob.matches(rest);
  }
}

function read(line: string, { workspace, home, trial }: { workspace: string; home: string; trial: Trial }): Pattern {
  const own = line.replace(/^!+/, '').trim();
  const path = resolve(workspace, own === '~' || own.startsWith('~/') ? `${home}${own.slice(1)}` : own);
  const parts = path.split(sep);
  const first = parts.findIndex(isPattern);
  const excludes = line.startsWith('!');
  if (first < 0) return { excludes, path, base: path, glob: undefined };
  const base = parts.slice(0, first).join(sep) || sep;
  return { excludes, path, base, glob: new Glob(parts.slice(first).join(sep), trial) };
}
