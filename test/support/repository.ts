import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A real git repository in a temporary folder. */
export class TestRepository {
  readonly path: string;
  readonly #top: string;

  /**
   * @param files by path; those that end in `.sh` become executable
   * @param options `at` is its path, by default a new folder
   */
  constructor(files: Record<string, string> = {}, options: { name?: string; at?: string } = {}) {
    this.#top = options.at ?? mkdtempSync(join(tmpdir(), 'volt-repository-'));
    this.path = options.at ?? join(this.#top, options.name ?? 'sample');
    mkdirSync(this.path, { recursive: true });
    this.git('init', '--quiet', '--initial-branch=main');
    if (Object.keys(files).length > 0) this.commit('first', files);
  }

  git(...args: string[]): string {
    const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', '-c', 'commit.gpgsign=false'];
    return execFileSync('git', [...identity, ...args], {
      cwd: this.path,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  }

  /** @returns the new commit's sha */
  commit(message: string, files: Record<string, string> = {}): string {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(this.path, name)), { recursive: true });
      writeFileSync(join(this.path, name), content);
      if (name.endsWith('.sh')) chmodSync(join(this.path, name), 0o755);
    }
    this.git('add', '--all');
    this.git('commit', '--quiet', '--allow-empty', '--message', message);
    return this.head();
  }

  /**
   * Makes `count` commits that appear with one move of the branch.
   * @returns their shas, oldest first
   */
  burst(count: number): string[] {
    const parent = this.head();
    const commits = Array.from({ length: count }, (_, index) => {
      const message = `burst ${index + 1}`;
      const from = index === 0 ? `from ${parent}\n` : '';
      const time = `${Math.floor(Date.now() / 1000)} +0000`;
      return `commit refs/heads/main\ncommitter Ada <ada@example.com> ${time}\ndata ${message.length}\n${message}\n${from}\n`;
    });
    execFileSync('git', ['fast-import', '--quiet'], { cwd: this.path, input: commits.join('') });
    return this.git('rev-list', '--reverse', `${parent}..refs/heads/main`).split('\n');
  }

  /** @param changes lines for git-update-ref(1) */
  updateRefs(changes: string): void {
    execFileSync('git', ['update-ref', '--stdin'], { cwd: this.path, input: changes });
  }

  head(): string {
    return this.git('rev-parse', 'HEAD');
  }

  remove(): void {
    rmSync(this.#top, { recursive: true, force: true });
  }
}
