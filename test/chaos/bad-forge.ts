import { readFileSync } from 'node:fs';
import { type BuildSummary, isFinal } from '../../src/kernel/model.ts';
import { type Fault as Answer, FakeForge, forgeToken } from '../support/fake-forge.ts';
import { Random } from '../support/random.ts';
import { until } from '../support/until.ts';
import type { Breach } from './checks.ts';

/** What a request to the forge meets while it is bad. */
const troubles: readonly Answer[] = [
  { status: 500 },
  { status: 401, body: { message: 'Bad credentials' } },
  { status: 403, body: { message: 'not now' } },
  { status: 404, body: { message: 'Not Found' } },
  { status: 422, body: { message: 'Validation Failed' } },
  { status: 429, headers: { 'retry-after': '2' } },
  { status: 200, body: '<html>a proxy</html>' },
  'hang',
  'lose',
];

/** Milliseconds after its return within which a forge shows the verdict of each commit. */
const bound = 60_000;

/** A forge that gets the statuses of all repositories, and is bad from time to time. */
export class BadForge {
  readonly #fake: FakeForge;
  readonly #names: readonly string[];
  #addedAt = Number.POSITIVE_INFINITY;

  private constructor(fake: FakeForge, names: readonly string[]) {
    this.#fake = fake;
    this.#names = names;
  }

  /** @param names of the repositories */
  static async start(names: readonly string[]): Promise<BadForge> {
    // GitHub would accept fewer statuses an hour than a run has
    const fake = await FakeForge.start('gitea');
    fake.projects = names.map(projectOf);
    return new BadForge(fake, names);
  }

  /** Makes a Volt send its statuses here. @param token the file with its token */
  async introduce(volt: string, token: string): Promise<void> {
    const post = async (path: string, body: object) => {
      const headers = {
        authorization: `Bearer ${readFileSync(token, 'utf8').trim()}`,
        'content-type': 'application/json',
      };
      const answer = await fetch(`${volt}/api/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    };
    const repos = this.#names.map((name) => `${name}=${projectOf(name)}`);
    await post('/forges', { name: 'forge', kind: 'gitea', api: this.#fake.api, token: forgeToken, repos });
    await post('/forges/forge/check', {});
    this.#addedAt = Date.now();
  }

  /** Each request meets trouble, which the seed chooses. @param one always the same one */
  spoil(seed: number, one: boolean): void {
    const random = new Random(Math.floor(seed * 1_000_000));
    const only = random.shuffled(troubles)[0];
    this.#fake.fault = () => (one ? only : random.shuffled(troubles)[0]);
  }

  mend(): void {
    this.#fake.fault = () => undefined;
  }

  /** What it does not show as the builds have ended, a minute after its return. */
  async wrong(builds: readonly BuildSummary[]): Promise<Breach[]> {
    const ended = builds.filter(({ finishedAt }) => finishedAt !== null && Date.parse(finishedAt) > this.#addedAt);
    const others = () => ended.filter((build) => this.#fake.newest(build.sha)?.state !== stateOf(build));
    await until('the forge shows all verdicts', () => others().length === 0, bound).catch(() => undefined);
    const breaches = others().map(({ repo, sha, status, id }): Breach => {
      const shown = this.#fake.newest(sha)?.state ?? 'nothing';
      return {
        invariant: 'forge',
        what: `${repo} ${sha.slice(0, 12)}, build ${id}: ${status}, the forge shows ${shown}`,
      };
    });
    const violations = this.#fake.violations.splice(0).map((what): Breach => ({ invariant: 'forge', what }));
    return [...breaches, ...violations];
  }

  close(): Promise<void> {
    return this.#fake.stop();
  }
}

function projectOf(name: string): string {
  return `acme/${name}`;
}

function stateOf({ status }: BuildSummary): string {
  if (!isFinal(status)) return 'pending';
  return status === 'cancelled' ? 'error' : status === 'skipped' ? 'success' : status;
}
