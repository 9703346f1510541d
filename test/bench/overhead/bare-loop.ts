import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * The floor: a shell loop that fetches each commit, checks it out into a permanent folder, and runs the test with its
 * output going to a file.
 */
export class BareLoop {
  readonly #folder: string;
  readonly #tree: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#tree = join(folder, 'tree');
  }

  static async make(repository: string): Promise<BareLoop> {
    const loop = new BareLoop(await mkdtemp(join(tmpdir(), 'volt-bare-')));
    await run('git', ['clone', '--quiet', '--no-local', repository, loop.#tree]);
    return loop;
  }

  /** @param command runs the test, in the checkout */
  async test(sha: string, command = './test.sh'): Promise<void> {
    const cwd = this.#tree;
    await run('git', ['fetch', '--quiet', 'origin', sha], { cwd });
    await run('git', ['checkout', '--quiet', '--force', '--detach', sha], { cwd });
    await run('git', ['clean', '-ffdxq'], { cwd });
    await run('sh', ['-c', `${command} > ${join(this.#folder, 'log')}`], { cwd });
  }

  remove(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }
}
