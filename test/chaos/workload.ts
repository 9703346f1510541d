import { basename } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Random } from '../support/random.ts';
import { TestRepository } from '../support/repository.ts';
import { evidenceScript, poison } from './evidence.ts';
import { GitServer } from './git-server.ts';
import { Tunnel } from './tunnel.ts';

/** Milliseconds from one push to the next. With jobs of 3 s on average, some runner is nearly always idle. */
const pushInterval = [1200, 4000] as const;
/** Commits of one push. */
const burst = [1, 2] as const;

export interface Pushed {
  sha: string;
  repo: string;
  at: number;
  /** whether it takes down every runner that has it */
  poison: boolean;
}

/** Repositories that get new commits at a steady rate: two are paths on this machine, the third has a URL. */
export class Workload {
  readonly repositories: readonly TestRepository[];
  readonly pushed: Pushed[] = [];
  readonly #random: Random;
  #server: GitServer | undefined;
  /** what all fetches from the server go through */
  #line: Tunnel | undefined;

  constructor(evidence: string, seed: number) {
    this.#random = new Random(seed ^ 0x5eed);
    const script = evidenceScript(evidence);
    // a file of its own keeps the first commits of two repositories from being the same one
    this.repositories = ['alpha', 'beta', 'gamma'].map(
      (name) => new TestRepository({ 'test.sh': script, NAME: name }, { name }),
    );
    // the observer builds the head of a branch that is new to it
    for (const repository of this.repositories) this.#note(repository, repository.head());
  }

  /**
   * What is to be observed, as `name=path or URL`.
   * @param host as all who fetch see this machine
   */
  async sources(host: string): Promise<string[]> {
    const [served, ...others] = this.repositories as [TestRepository, ...TestRepository[]];
    this.#server = await GitServer.start(served.path);
    this.#line = await Tunnel.open(this.#server.port, '0.0.0.0');
    const paths = others.map(({ path }) => `${basename(path)}=${path}`);
    return [...paths, `${basename(served.path)}=${this.#server.url(host, this.#line.port)}`];
  }

  /** Pushes until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(this.#random.between(...pushInterval), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const repository = this.#random.shuffled(this.repositories)[0] as TestRepository;
      for (const sha of repository.burst(this.#random.between(...burst))) this.#note(repository, sha);
    }
  }

  /**
   * Pushes a commit whose job is to take down every runner that has it.
   * @param pick from 0 to 1: into which repository
   */
  pushPoison(pick: number): Pushed {
    const repository = this.repositories[Math.floor(pick * this.repositories.length)] as TestRepository;
    return this.#note(repository, repository.commit(poison), true);
  }

  /** Breaks each transfer off after so many bytes; undefined: none. */
  async breakTransfers(bytes: number | undefined): Promise<void> {
    await this.#line?.breakAfter(bytes);
  }

  async remove(): Promise<void> {
    this.#line?.close();
    await this.#server?.stop();
    for (const repository of this.repositories) repository.remove();
  }

  #note(repository: TestRepository, sha: string, isPoison = false): Pushed {
    const pushed = { sha, repo: basename(repository.path), at: Date.now(), poison: isPoison };
    this.pushed.push(pushed);
    return pushed;
  }
}
