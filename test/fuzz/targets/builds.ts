import { expect } from 'chai';
import fc from 'fast-check';
import { planner } from '../../../src/dispatcher/planner.ts';
import { TestVolt } from '../../support/volt.ts';
import { PlayedBuilds } from '../builds.ts';
import type { Target } from '../target.ts';

const job = (id: string, ...lines: string[]) =>
  `  ${id}:\n${['runs-on: self-hosted', ...lines, 'steps: [{ run: make }]'].map((line) => `    ${line}\n`).join('')}`;
const workflow = (head: string, ...jobs: string[]) => `${head}\njobs:\n${jobs.join('')}`;

/** Commits, as the files that they have. */
const commits: { [name: string]: string }[] = [
  {
    'a.yml': workflow(
      'on: push\nconcurrency: { group: main, cancel-in-progress: true }',
      job('a'),
      job('b', 'needs: a'),
    ),
  },
  {
    'a.yml': workflow(
      'on: push\nconcurrency: deploy',
      job('a', 'strategy: { max-parallel: 1, matrix: { n: [1, 2] } }'),
    ),
  },
  {
    'a.yml': workflow(
      'on: push',
      job('a'),
      job('b', 'needs: a', 'concurrency: deploy'),
      job('c', 'needs: b', 'if: always()'),
    ),
  },
  {
    'a.yml': workflow('on: push\nconcurrency: deploy', job('a', 'concurrency: main'), job('b', 'concurrency: deploy')),
  },
  {
    'a.yml': workflow('on: push\nconcurrency: main', job('a', 'concurrency: deploy')),
    'b.yml': workflow('on: push\nconcurrency: deploy', job('b', 'concurrency: main')),
  },
  {
    'a.yml': workflow(
      'on: push',
      job('a', 'strategy: { matrix: { n: [1, 2, 3] } }', 'concurrency: { group: x, cancel-in-progress: true }'),
    ),
  },
];

type Move =
  | { kind: 'commit'; which: number }
  | { kind: 'together' | 'cancel' | 'cancel one' | 'retry' | 'start'; pick: number }
  | { kind: 'finish'; pick: number; status: 'success' | 'failure' | 'cancelled' }
  | { kind: 'report' | 'hear' | 'lose' | 'reconcile' };

const pick = fc.nat(1000);
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('commit' as const), which: fc.nat(commits.length - 1) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('together', 'cancel', 'cancel one', 'retry', 'start'), pick }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('finish' as const),
      pick,
      status: fc.constantFrom('success', 'success', 'failure', 'cancelled'),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('report', 'hear', 'hear', 'lose', 'reconcile') }) },
);

async function make(builds: PlayedBuilds, one: Move): Promise<unknown> {
  switch (one.kind) {
    case 'commit':
      return builds.commit(commits[one.which] ?? {});
    case 'together':
      return builds.advance(one.pick, one.pick + 1);
    case 'cancel':
      return builds.cancel(one.pick, false);
    case 'cancel one':
      return builds.cancel(one.pick, true);
    case 'retry':
      return builds.retry(one.pick);
    case 'start':
      return builds.start(one.pick);
    case 'finish':
      return builds.finish(one.pick, one.status);
    case 'report':
      return builds.report();
    case 'hear':
      return builds.hear();
    case 'lose':
      return builds.lose();
    case 'reconcile':
      return builds.reconcile();
  }
}

export const buildTargets: Target[] = [
  {
    name: 'builds',
    holds:
      'whatever happens to builds and in what order, each comes to its end, none goes on after it, and one at most is in a group',
    runs: 12,
    async open() {
      const volt = await TestVolt.start({ jobTimeout: 7 });
      volt.context.logger.silent = true;
      const builds = new PlayedBuilds(volt);
      const property = fc.asyncProperty(fc.array(move, { minLength: 2, maxLength: 14 }), async (moves) => {
        await builds.begin();
        for (const one of moves) {
          await make(builds, one);
          expect(await builds.wrong(), `after ${one.kind}`).to.deep.equal([]);
        }
        expect(await builds.settle(), 'open in the end').to.deep.equal([]);
        expect(await builds.wrong(), 'in the end').to.deep.equal([]);
        await builds.reconcile();
        expect(await builds.groups(), 'in groups in the end').to.deep.equal([]);
      });
      return {
        property,
        close: async () => {
          await planner.close();
          await volt.stop();
        },
      };
    },
  },
];
