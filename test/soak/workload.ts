import { basename } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isFinal } from '../../src/kernel/model.ts';
import { GitServer } from '../chaos/git-server.ts';
import { Random } from '../support/random.ts';
import { TestRepository } from '../support/repository.ts';
import type { SoakedVolt } from './installation.ts';

/** Two jobs with logs and reports, one that takes over what the others left, and one that only a cancel ends. */
const workflow = `on: push
concurrency: \${{ github.ref }}
jobs:
  test:
    runs-on: self-hosted
    strategy: { matrix: { part: [1, 2] } }
    steps:
      - uses: actions/checkout@v4
      - run: seq -f 'line %.0f of what the tests of this part have printed' 2000
      - run: echo "part=\${{ matrix.part }}" >> "$GITHUB_OUTPUT"; echo "## Part \${{ matrix.part }}" >> "$GITHUB_STEP_SUMMARY"
      - run: mkdir -p out && head -c 50000 /dev/urandom > out/file && bash report.sh > out/junit.xml
      - uses: volt/test-report@v1
        with: { reports: out/junit.xml }
      - uses: actions/upload-artifact@v4
        with: { name: "out-\${{ matrix.part }}", path: out }
  after:
    needs: test
    runs-on: self-hosted
    steps:
      - uses: actions/download-artifact@v4
      - run: ls -R
`;
const unserved = (label: string) => `on: push
jobs:
  waits:
    runs-on: [self-hosted, ${label}]
    steps: [{ run: 'true' }]
`;
const long = `on: push
jobs:
  long:
    runs-on: self-hosted
    steps: [{ run: 'for i in $(seq 600); do echo "$i"; sleep 1; done' }]
`;
const report = `echo '<testsuite name="soak" tests="20">'
for i in $(seq 20); do echo "<testcase classname=\\"soak\\" name=\\"case $i\\" time=\\"0.$((RANDOM % 10))\\"/>"; done
echo '</testsuite>'
`;

/** Pages and API paths that people open. */
const pages = ['/', '/builds', '/runners', '/status', '/metrics', '/api/v1/status', '/api/v1/builds', '/healthz'];
const commands = [['builds'], ['status'], ['runners'], ['repo', 'ls'], ['doctor']];

/** Number of actions between two calls of `volt prune`; by itself Volt prunes each hour. */
const pruning = 20;

/** Steady activity: commits, branches, cancels, retries, page views, commands. */
export class SoakWorkload {
  commits = 0;
  readonly repositories: readonly TestRepository[];
  readonly #random: Random;
  readonly #branches: [TestRepository, string][] = [];
  #server: GitServer | undefined;
  #count = 0;

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.repositories = ['alpha', 'beta', 'gamma'].map(
      (name) => new TestRepository({ '.volt/workflows/ci.yml': workflow, 'report.sh': report, NAME: name }, { name }),
    );
  }

  /** The repositories, as `name=path or URL`. */
  async sources(): Promise<string[]> {
    const [served, ...others] = this.repositories as [TestRepository, ...TestRepository[]];
    this.#server = await GitServer.start(served.path);
    return [
      ...others.map(({ path }) => `${basename(path)}=${path}`),
      `${basename(served.path)}=${this.#server.url('127.0.0.1')}`,
    ];
  }

  /** Repeats something at an interval (ms), until the signal aborts. */
  async run(volt: SoakedVolt, interval: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#act(volt);
      await pause(interval, undefined, { signal }).catch(() => undefined);
    }
  }

  async remove(): Promise<void> {
    await this.#server?.stop();
    for (const repository of this.repositories) repository.remove();
  }

  async #act(volt: SoakedVolt): Promise<void> {
    const number = this.#count++;
    if (number % pruning === 0) await volt.command('prune');
    if (number % 3 === 0) this.#push();
    else if (number % 3 === 1) await this.#look(volt);
    else await [this.#branch, this.#cancel, this.#retry, this.#command, this.#follow][number % 5]?.call(this, volt);
  }

  #push(): void {
    const repository = this.#any(this.repositories);
    repository.commit(`commit ${++this.commits}`, { content: `${this.commits}\n` });
  }

  /** Creates a branch whose jobs no runner takes or that do not end by themselves, and deletes the oldest. */
  async #branch(): Promise<void> {
    const repository = this.#any(this.repositories);
    const name = `branch-${++this.commits}`;
    const content = this.#random.next() < 0.5 ? long : unserved(`label-${this.commits}`);
    repository.git('switch', '--quiet', '--create', name);
    repository.commit(`branch ${name}`, { '.volt/workflows/ci.yml': content });
    repository.git('switch', '--quiet', 'main');
    this.#branches.push([repository, name]);
    const [from, old] = (this.#branches.length > 3 && this.#branches.shift()) || [];
    if (from && old) from.git('branch', '--quiet', '--delete', '--force', old);
  }

  /** Cancels open builds of branches. */
  async #cancel(volt: SoakedVolt): Promise<void> {
    const open = (await volt.builds(50)).filter(({ status, ref }) => !isFinal(status) && ref.includes('branch-'));
    for (const { id } of open) await volt.post(`/api/v1/builds/${id}/cancel`);
  }

  async #retry(volt: SoakedVolt): Promise<void> {
    const ended = (await volt.builds(50)).find(({ status, ref }) => status === 'success' && ref.endsWith('main'));
    if (ended) await volt.post(`/api/v1/builds/${ended.id}/retry`);
  }

  async #look(volt: SoakedVolt): Promise<void> {
    await volt.get(this.#any(pages));
    const [newest] = await volt.builds(5);
    if (!newest) return;
    await volt.get(`/builds/${newest.id}`);
    const { jobs } = await volt.build(newest.id);
    if (jobs[0]) await volt.get(`/api/v1/jobs/${jobs[0].id}/log`);
  }

  async #command(volt: SoakedVolt): Promise<void> {
    await volt.command(...this.#any(commands));
  }

  /** Keeps a page open for two seconds. */
  async #follow(volt: SoakedVolt): Promise<void> {
    await volt.follow('/api/v1/events', AbortSignal.timeout(2000)).catch(() => undefined);
  }

  #any<T>(list: readonly T[]): T {
    return list[this.#random.between(0, list.length - 1)] as T;
  }
}
