import { basename } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Random } from '../support/random.ts';
import { TestRepository } from '../support/repository.ts';
import { containerFiles, containerRepository, workflowWith } from './container-commits.ts';
import { evidenceScript, poison } from './evidence.ts';
import { GitServer } from './git-server.ts';
import { Tunnel } from './tunnel.ts';

/** Milliseconds from one push to the next. Jobs take 3 s on average, so some runner is nearly always idle. */
const pushInterval = [1200, 4000] as const;
/** Number of commits of one push. */
const burst = [1, 2] as const;

export interface Pushed {
  sha: string;
  repo: string;
  at: number;
  /** whether it kills every runner that runs it */
  poison: boolean;
  /** whether its job runs in a container */
  inContainer: boolean;
}

/**
 * Repositories that get new commits at a steady rate: two are paths on this machine, the third is a URL. There may be
 * another one, whose jobs run in containers.
 */
export class Workload {
  readonly repositories: readonly TestRepository[];
  readonly pushed: Pushed[] = [];
  readonly #random: Random;
  readonly #evidence: string;
  readonly #containers: TestRepository | undefined;
  #server: GitServer | undefined;
  /** the tunnel of all fetches from the server */
  #line: Tunnel | undefined;

  /** @param containers whether there are jobs in containers */
  constructor(evidence: string, seed: number, containers: boolean) {
    this.#evidence = evidence;
    this.#random = new Random(seed ^ 0x5eed);
    const script = evidenceScript(evidence);
    // a file of its own, so that the first commits of two repositories differ
    this.repositories = ['alpha', 'beta', 'gamma'].map(
      (name) => new TestRepository({ 'test.sh': script, NAME: name }, { name }),
    );
    if (containers) this.#containers = new TestRepository(containerFiles(evidence), { name: containerRepository });
    // the observer builds only the latest commit of a new branch
    for (const repository of this.#all) this.#note(repository, repository.head());
  }

  /**
   * The repositories, as `name=path or URL`.
   * @param host name of this machine for all clients
   */
  async sources(host: string): Promise<string[]> {
    const [served, ...others] = this.repositories as [TestRepository, ...TestRepository[]];
    this.#server = await GitServer.start(served.path);
    this.#line = await Tunnel.open(this.#server.port, '0.0.0.0');
    const local = [...others, ...(this.#containers ? [this.#containers] : [])];
    const paths = local.map(({ path }) => `${basename(path)}=${path}`);
    return [...paths, `${basename(served.path)}=${this.#server.url(host, this.#line.port)}`];
  }

  /** Pushes until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(this.#random.between(...pushInterval), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const repository = this.#random.shuffled(this.#pushedTo)[0] as TestRepository;
      for (const sha of repository.burst(this.#random.between(...burst))) this.#note(repository, sha);
    }
  }

  /**
   * Pushes a commit whose job kills every runner that runs it.
   * @param pick from 0 to 1: chooses the repository
   */
  pushPoison(pick: number): Pushed {
    const repository = this.repositories[Math.floor(pick * this.repositories.length)] as TestRepository;
    return this.#note(repository, repository.commit(poison), true);
  }

  /** Pushes a commit whose job runs in a container of the image. */
  pushContainer(image: string): Pushed {
    const repository = this.#containers as TestRepository;
    const message = `in ${image}, commit ${this.pushed.length}`;
    return this.#note(repository, repository.commit(message, workflowWith(image, this.#evidence)));
  }

  /** Breaks off each transfer after so many bytes; undefined: never. */
  async breakTransfers(bytes: number | undefined): Promise<void> {
    await this.#line?.breakAfter(bytes);
  }

  async remove(): Promise<void> {
    this.#line?.close();
    await this.#server?.stop();
    for (const repository of this.#all) repository.remove();
  }

  /** Faults wait for jobs in containers, so these are more frequent than those of each other repository. */
  get #pushedTo(): TestRepository[] {
    return [...this.#all, ...(this.#containers ? [this.#containers] : [])];
  }

  get #all(): TestRepository[] {
    return [...this.repositories, ...(this.#containers ? [this.#containers] : [])];
  }

  #note(repository: TestRepository, sha: string, isPoison = false): Pushed {
    const inContainer = repository === this.#containers;
    const pushed = { sha, repo: basename(repository.path), at: Date.now(), poison: isPoison, inContainer };
    this.pushed.push(pushed);
    return pushed;
  }
}
