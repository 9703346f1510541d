import { dirname, isAbsolute, join } from 'node:path';
import { runCommand } from '../../exec/command.ts';
import { foldersOn, isProgram } from '../../system/search-path.ts';
import { seek, statInside } from '../files/inside.ts';
import type { StepContext } from '../job-context.ts';

/**
 * Finds files and programs as the steps of a job see them. Volt itself only looks in the job's folders, without
 * following links out of them, and on the machine's search path. For anything else it asks a process with the rights of
 * the job: otherwise a job would learn what is in folders that it may not read.
 */
export class PathLookup {
  readonly #context: StepContext;
  readonly #workspace: string;

  constructor(context: StepContext) {
    this.#context = context;
    this.#workspace = join(context.folder, 'workspace');
  }

  async hasFolder(path: string): Promise<boolean> {
    return statInside(this.#context.folder, path)?.isDirectory() === true || this.#test('-d', path);
  }

  async has(path: string): Promise<boolean> {
    return statInside(this.#context.folder, path) !== undefined || this.#test('-e', path);
  }

  /**
   * The first program of that name on the search path of a step, or the program at a path.
   * @returns its path
   */
  async program(name: string, path: string): Promise<string | undefined> {
    const files = name.includes('/') ? [name] : foldersOn(path).map((folder) => join(folder, name));
    for (const file of files) {
      const found = this.#find(file);
      if (found === 'unknown') return pathIn(await this.#ask(['sh', '-c', 'command -v -- "$1"', 'sh', name], path));
      if (found === 'there') return file;
    }
    return undefined;
  }

  #find(file: string): 'there' | 'absent' | 'unknown' {
    const { sandbox, env, folder, home, toolCache } = this.#context;
    if (!isAbsolute(file)) return 'unknown';
    const known = !sandbox.isClosed || foldersOn(env.PATH ?? '').includes(dirname(file));
    if (known) return isProgram(file) ? 'there' : 'absent';
    const roots = home === undefined ? [folder] : [folder, toolCache, home];
    const root = roots.find((each) => file.startsWith(`${each}/`));
    const found = root === undefined ? 'outside' : seek(root, file);
    if (found === 'nothing') return 'absent';
    return found !== 'outside' && found.isFile() && (found.mode & 0o111) !== 0 ? 'there' : 'unknown';
  }

  async #test(kind: string, path: string): Promise<boolean> {
    return (await this.#ask(['test', kind, path])) !== undefined;
  }

  /** @returns its output if it succeeds */
  async #ask(argv: readonly string[], path = this.#context.env.PATH ?? ''): Promise<string | undefined> {
    const { processes, signal } = this.#context;
    let text = '';
    const output = (chunk: Buffer) => {
      text = (text + chunk).slice(0, 5000);
    };
    const end = await runCommand({
      ...{ processes: await processes, argv, cwd: this.#workspace, output, signal },
      env: { ...this.#context.env, PATH: path },
      stubborn: 'group',
    });
    return end.exitCode === 0 ? text : undefined;
  }
}

/** The path in the output of `command -v`; an alias or a function has none. */
function pathIn(text: string | undefined): string | undefined {
  const line = text?.split('\n', 1)[0] ?? '';
  return isAbsolute(line) ? line : undefined;
}
