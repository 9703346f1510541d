import { renameSync } from 'node:fs';
import type { RepositoryOptions } from '../../src/observer/add.ts';
import type { TestRepository } from '../support/repository.ts';

/** What a habit can use while it runs. */
export interface Stage {
  repository: TestRepository;
  /** Expects one more build of the commit for that ref. */
  expect(sha: string, ref?: string): void;
  /** Whether all expected builds are recorded. */
  recorded(): Promise<boolean>;
  /** Whether Volt has noticed that the ref is gone. */
  seenGone(ref: string): Promise<boolean>;
  /** Whether the last poll of the repository failed. */
  seenFailing(): Promise<boolean>;
}

/** Other habits continue between two steps; a step may wait for a condition. */
type Life = Generator<(() => Promise<boolean>) | undefined>;

/** How people work with a repository, as a sequence of steps. */
export interface Habit {
  name: string;
  options?: Partial<RepositoryOptions>;
  /** whether the repository starts without a commit */
  empty?: boolean;
  /** how Volt reaches it if not by its path: over a network whose answers come late, or never */
  remote?: 'slow' | 'hanging';
  live(stage: Stage): Life;
}

const main = 'refs/heads/main';

/**
 * Makes consecutive commits without moving a ref.
 * @returns their shas
 */
function chain(repository: TestRepository, parents: string[], ...messages: string[]): string[] {
  const made: string[] = [];
  for (const message of messages) {
    const before = made.length === 0 ? parents : made.slice(-1);
    const flags = before.flatMap((parent) => ['-p', parent]);
    made.push(repository.git('commit-tree', 'HEAD^{tree}', ...flags, '-m', message));
  }
  return made;
}

function move(repository: TestRepository, ref: string, to: string | undefined): void {
  repository.git('update-ref', ref, to ?? '');
}

/** The current head is built. */
function* begun(stage: Stage): Life {
  stage.expect(stage.repository.head());
  yield stage.recorded;
}

function* commits(stage: Stage, messages: string[]): Life {
  for (const message of messages) {
    stage.expect(stage.repository.commit(message));
    yield;
  }
}

const words = (count: number, word = 'commit') => Array.from({ length: count }, (_, index) => `${word} ${index + 1}`);

const steady = (number: number): Habit => ({
  name: `steady${number}`,
  *live(stage) {
    yield* begun(stage);
    yield* commits(stage, words(6));
  },
});

const bursts = (number: number, sizes: number[]): Habit => ({
  name: `bursts${number}`,
  *live(stage) {
    yield* begun(stage);
    for (const size of sizes) {
      for (const sha of stage.repository.burst(size)) stage.expect(sha);
      yield;
    }
  },
});

const latest = (number: number): Habit => ({
  name: `latest${number}`,
  options: { commits: 'latest' },
  *live(stage) {
    yield* begun(stage);
    for (let round = 0; round < 2; round++) {
      stage.expect(stage.repository.burst(8).at(-1) ?? '');
      yield stage.recorded;
    }
  },
});

const forced = (number: number): Habit => ({
  name: `forced${number}`,
  *live(stage) {
    const { repository } = stage;
    yield* begun(stage);
    const base = repository.head();
    const old = chain(repository, [base], 'old', 'older');
    move(repository, main, old[1]);
    for (const sha of old) stage.expect(sha);
    yield stage.recorded;
    const fresh = chain(repository, [base], 'new', 'newer', 'newest');
    move(repository, main, fresh[2]);
    for (const sha of fresh) stage.expect(sha);
    yield stage.recorded;
    // and back to a commit that was built before
    move(repository, main, old[1]);
    for (const sha of old) stage.expect(sha);
    yield stage.recorded;
  },
});

const comings = (number: number): Habit => ({
  name: `comings${number}`,
  options: { branches: ['**'] },
  *live(stage) {
    const { repository } = stage;
    const topic = 'refs/heads/feature/topic';
    yield* begun(stage);
    const [, second] = chain(repository, [repository.head()], 'one', 'two');
    move(repository, topic, second);
    stage.expect(second ?? '', topic);
    yield stage.recorded;
    const more = chain(repository, [second ?? ''], 'three', 'four');
    move(repository, topic, more[1]);
    for (const sha of more) stage.expect(sha, topic);
    yield stage.recorded;
    repository.git('update-ref', '-d', topic);
    yield () => stage.seenGone(topic);
    for (const sha of repository.burst(4)) stage.expect(sha);
    move(repository, topic, repository.git('rev-parse', main));
    stage.expect(repository.git('rev-parse', main), topic);
    yield stage.recorded;
    const last = chain(repository, [repository.git('rev-parse', main)], 'five');
    move(repository, topic, last[0]);
    stage.expect(last[0] ?? '', topic);
  },
});

export const habits: Habit[] = [
  steady(1),
  steady(2),
  bursts(1, [20, 5]),
  bursts(2, [1, 55]),
  latest(1),
  latest(2),
  forced(1),
  forced(2),
  comings(1),
  comings(2),
  {
    name: 'merges',
    *live(stage) {
      const { repository } = stage;
      yield* begun(stage);
      for (let round = 1; round <= 3; round++) {
        const head = repository.git('rev-parse', main);
        const side = chain(repository, [head], ...words(3, `side ${round}`));
        const [onMain] = chain(repository, [head], `on main ${round}`);
        const [merge] = chain(repository, [onMain ?? '', side[2] ?? ''], `merge ${round}`);
        move(repository, main, merge);
        stage.expect(onMain ?? '');
        stage.expect(merge ?? '');
        yield;
      }
    },
  },
  {
    name: 'tags',
    options: { tags: ['v*'] },
    *live(stage) {
      const { repository } = stage;
      yield* begun(stage);
      for (let number = 1; number <= 3; number++) {
        const sha = repository.commit(`release ${number}`);
        stage.expect(sha);
        repository.git('tag', '--annotate', '--message', 'x', `v${number}`);
        stage.expect(sha, `refs/tags/v${number}`);
        repository.git('tag', `other${number}`);
        yield;
      }
    },
  },
  {
    name: 'many-branches',
    options: { branches: ['topic/*'] },
    *live(stage) {
      const { repository } = stage;
      const topics = Array.from({ length: 8 }, (_, index) => `refs/heads/topic/${index}`);
      const all = () => {
        for (const ref of topics) {
          const from = repository.git('for-each-ref', '--format=%(objectname)', ref) || repository.head();
          const [sha] = chain(repository, [from], ref);
          move(repository, ref, sha);
          stage.expect(sha ?? '', ref);
        }
      };
      all();
      yield stage.recorded;
      all();
    },
  },
  {
    name: 'empty',
    empty: true,
    *live(stage) {
      for (let step = 0; step < 10; step++) yield;
      yield* commits(stage, ['first']);
      yield stage.recorded;
      yield* commits(stage, words(3));
    },
  },
  {
    name: 'broken',
    *live(stage) {
      const { repository } = stage;
      const aside = `${repository.path}.aside`;
      yield* begun(stage);
      renameSync(repository.path, aside);
      yield stage.seenFailing;
      renameSync(aside, repository.path);
      yield* commits(stage, words(3));
    },
  },
  {
    name: 'slow',
    remote: 'slow',
    *live(stage) {
      yield* begun(stage);
      yield* commits(stage, words(4));
    },
  },
  {
    name: 'hanging',
    remote: 'hanging',
    *live() {
      yield;
    },
  },
  {
    name: 'packed',
    *live(stage) {
      yield* begun(stage);
      for (const message of words(3)) {
        yield* commits(stage, [message]);
        stage.repository.git('pack-refs', '--all');
        stage.repository.git('repack', '-adq');
        yield;
      }
    },
  },
  {
    name: 'skipping',
    *live(stage) {
      yield* begun(stage);
      yield* commits(stage, ['docs [skip ci]', 'code', 'more docs ***NO_CI***', 'more code']);
    },
  },
  {
    name: 'trunk',
    *live(stage) {
      const { repository } = stage;
      yield* begun(stage);
      const [sha] = chain(repository, [repository.head()], 'on the trunk');
      move(repository, 'refs/heads/trunk', sha);
      repository.git('symbolic-ref', 'HEAD', 'refs/heads/trunk');
      stage.expect(sha ?? '', 'refs/heads/trunk');
      yield stage.recorded;
      const more = chain(repository, [sha ?? ''], ...words(3));
      move(repository, 'refs/heads/trunk', more[2]);
      for (const each of more) stage.expect(each, 'refs/heads/trunk');
    },
  },
];
