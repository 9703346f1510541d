import { resolve, sep } from 'node:path';
import { Minimatch } from 'minimatch';
import { runCommand } from '../../exec/command.ts';
import { StepFault } from '../steps/fault.ts';
import type { WorkflowState } from '../steps/workflow-state.ts';

/** As GitHub's own package for it has them (`@actions/glob`). */
const options = { dot: true, nobrace: true, nocomment: true, noext: true, nonegate: true } as const;
/** Bytes of the names that are looked at; patterns that lead to more are not meant so. */
const longestList = 64 * 1_048_576;

/** Patterns for paths, the last that speaks of one decides; `!` in front leaves out. */
export class PathPatterns {
  /** paths that are named as they are */
  readonly paths: string[];
  /** for each other pattern that chooses, the deepest folder that all it can choose is in */
  readonly globBases: string[];
  readonly #patterns: { excludes: boolean; itself: Minimatch; inside: Minimatch }[];

  /**
   * @param text one pattern a line; `~` is the home
   * @param workspace what relative ones begin at
   */
  constructor(text: string, { workspace, home }: { workspace: string; home: string }) {
    const lines = text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#'));
    const read = lines.map((line) => {
      const own = line.replace(/^!+/, '').trim();
      const path = resolve(workspace, own === '~' || own.startsWith('~/') ? `${home}${own.slice(1)}` : own);
      const parts = path.split(sep);
      const glob = parts.findIndex((part) => /[*?[]/.test(part));
      const base = glob < 0 ? path : parts.slice(0, glob).join(sep) || sep;
      return { excludes: line.startsWith('!'), path, base };
    });
    const choosing = read.filter(({ excludes }) => !excludes);
    this.paths = choosing.flatMap(({ path, base }) => (path === base ? [path] : []));
    this.globBases = [...new Set(choosing.flatMap(({ path, base }) => (path === base ? [] : [base])))];
    this.#patterns = read.map(({ excludes, path }) => ({
      excludes,
      itself: new Minimatch(path, options),
      inside: new Minimatch(`${path}/**`, options),
    }));
  }

  /** @param within whether one that chooses a folder chooses all that is in it */
  choose(path: string, within: boolean): boolean {
    let chosen = false;
    for (const { excludes, itself, inside } of this.#patterns) {
      if (chosen === excludes && (itself.match(path) || (within && inside.match(path)))) chosen = !chosen;
    }
    return chosen;
  }
}

/**
 * Looks for paths as the job sees them, with its rights: what it must not see it does not find.
 * @param tests of find(1), as `-type f`
 * @returns in no order
 * @throws StepFault where there are far too many
 */
export async function findPaths(
  job: WorkflowState,
  starts: readonly string[],
  tests: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const chunks: Buffer[] = [];
  let length = 0;
  if (starts.length === 0) return [];
  const find = 'exec find "$@" -print0 2>/dev/null';
  await runCommand({
    scope: await job.around.scope,
    argv: ['sh', '-c', find, 'sh', ...starts, ...tests],
    cwd: job.folders.workspace,
    env: job.around.env,
    output: (chunk) => {
      length += chunk.length;
      if (length <= longestList) chunks.push(Buffer.from(chunk));
    },
    signal,
  });
  signal.throwIfAborted();
  if (length > longestList) throw new StepFault('the patterns lead to too many files');
  return Buffer.concat(chunks)
    .toString()
    .split('\0')
    .filter((path) => path !== '');
}
