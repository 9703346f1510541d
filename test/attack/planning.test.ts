import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect } from 'chai';
import type { Build } from '../../src/kernel/model.ts';
import type { CommitMessage } from '../../src/queues/messages.ts';
import { attack } from '../support/attack.ts';
import { observed } from '../support/record.ts';
import { TestRepository } from '../support/repository.ts';
import { TestVolt } from '../support/volt.ts';

/** Longest time that the process with the leases may be blocked, in milliseconds: a heartbeat is due each second. */
const longestHold = 1000;

/** Extra time for a busy machine, in milliseconds. */
const patience = 90_000;

const numbers = `[${Array.from({ length: 256 }, (_, index) => index).join()}]`;
const job = (lines: string) => `jobs:\n  a:\n    runs-on: linux\n${lines}    steps: [{ run: make }]\n`;
const calling = (file: string) =>
  `jobs:\n  a:\n    strategy: { matrix: { n: ${numbers} } }\n    uses: ./.github/workflows/${file}\n`;
const quoted = (expression: string) => `'\${{ ${expression.replaceAll("'", "''")} }}'`;
/** A list of 10,000 entries in an expression of 6 kB. */
const excludes = `fromJSON(format('[${'{0},'.repeat(99)}{0}]', format('${'{0},'.repeat(99)}{0}', '{"a":"x"}')))`;
/** 300,000 lists in one list. */
const lists = `fromJSON(format('[${'{0},'.repeat(999)}{0}]', format('${'[],'.repeat(299)}[]')))`;
const faults = (begin: string) =>
  `on: push\njobs:\n  a:\n    runs-on: linux\n    steps:\n${begin}${'      - foo: a\n'.repeat(12_000)}`;
/** Resolving each alias searches everything before it. */
const aliases = (begin: string) =>
  `on: push\nx: &a [1]\n${begin}${Array.from({ length: 20_000 }, (_, index) => `y${index}: *a\n`).join('')}`;

const attacks: {
  title: string;
  files: { [name: string]: string };
  changed?: string[];
  /** uses up its time limit */
  long?: boolean;
  reason: RegExp;
}[] = [
  {
    title: 'cannot stop planning by 10,000 excludes of a matrix of 65,536',
    files: {
      'a.yml': `on: push\n${job(`    strategy: { matrix: { a: ${numbers}, b: ${numbers}, exclude: ${quoted(excludes)} } }\n`)}`,
    },
    reason: /10000 entries of `exclude` for 65536 combinations; the product must be at most 1000000/,
  },
  {
    title: 'cannot stop planning by nested calls with matrices of 256',
    files: {
      'a.yml': `on: push\n${calling('b.yml')}`,
      'b.yml': `on: workflow_call\n${calling('c.yml')}`,
      'c.yml': `on: workflow_call\n${job(`    strategy: { matrix: { n: ${numbers} } }\n`)}`,
    },
    reason: /more than 1000 jobs/,
  },
  {
    title: 'cannot stop planning by 20,000 path patterns and a change of 5,000 files',
    files: {
      'a.yml': `on: { push: { paths: [${Array.from({ length: 20_000 }, (_, index) => `'*a*${index}'`).join()}] } }\n${job('')}`,
    },
    changed: Array.from({ length: 5000 }, (_, index) => `packages/a-${index}/lib/aaaa.ts`),
    reason: /20000 patterns; at most 1000 are allowed/,
  },
  {
    title: 'cannot stop planning by 1,000 patterns with many wildcards for 5,000 paths',
    files: {
      'a.yml': `on: { push: { paths: [${Array(1000).fill("'**b**a**a**a**'").join()}] } }\n${job('')}`,
    },
    changed: Array.from({ length: 5000 }, (_, index) => `${'a'.repeat(150)}b/${index}x`),
    long: true,
    reason: /longer than 5 s/,
  },
  {
    title: 'cannot stop planning by a file with 12,000 errors',
    files: { 'a.yml': faults('') },
    reason: /"foo" is not allowed here/,
  },
  {
    title: 'cannot stop planning by a file with 20,000 YAML aliases',
    files: { 'a.yml': aliases('') },
    long: true,
    reason: /longer than 5 s/,
  },
  {
    title: 'cannot stop planning by a list that exceeds the memory',
    files: {
      'a.yml': `on: push\n${job(`    strategy: { matrix: { n: [${Array(60).fill(quoted(lists)).join()}] } }\n`)}`,
    },
    long: true,
    reason: /more than 256 MB/,
  },
];

describe('a commit that is expensive to plan', () => {
  let volt: TestVolt;
  let repository: TestRepository;
  let shas = 0;

  before(async () => {
    repository = new TestRepository({ 'test.sh': 'sleep 3\n' });
    volt = await TestVolt.startAll({}, { labels: ['linux'], slots: 2 });
    volt.context.logger.silent = true;
  });

  after(async () => {
    await volt.stop();
    repository.remove();
  });

  function commit(repo: string, files: { [name: string]: string }, changed: string[] | null = null): CommitMessage {
    const sha = String(++shas).padStart(40, '0');
    return {
      ...{ v: 1, repo, ref: 'refs/heads/main', sha, subject: 'a subject', author: 'Ada', passedOver: 0, more: false },
      ...{ committedAt: '2026-01-02T03:04:05.000Z', trigger: 'manual', intent: shas },
      workflows: {
        files: Object.entries(files).map(([name, text]) => ({ path: `.github/workflows/${name}`, text })),
        changed,
        defaultBranch: 'main',
      },
    };
  }

  for (const { title, files, changed, long = false, reason } of attacks) {
    attack({ attacker: 'pusher to another branch', asset: 'availability', title, long }, async () => {
      await observed(volt.context.database, 'guilty');
      const neighbour = await volt.observe(repository.path, { name: 'neighbour' });
      const sha = repository.commit(title);
      const held = monitorEventLoopDelay({ resolution: 10 });
      held.enable();
      const bad = commit('guilty', files, changed);
      await volt.context.queues.sendCommits([bad]);
      const [guilty, good] = await Promise.all([
        volt.build(bad.sha, undefined, patience),
        volt.build(sha, undefined, patience),
      ]);
      held.disable();
      expect(neighbour.name).to.equal('neighbour');
      expect(ended(guilty)).to.include({ status: 'error', reason: 'invalid_workflow' });
      expect(guilty.message ?? guilty.jobs[0]?.message).to.match(reason);
      expect(good.status).to.equal('success');
      expect(good.jobs.map(({ attempts }) => attempts.length)).to.deep.equal([1]);
      expect(held.max / 1e6).to.be.below(longestHold);
    });
  }

  attack(
    {
      attacker: 'pusher to another branch',
      asset: 'availability',
      title: 'cannot stop planning by many commits with slow files',
      long: true,
    },
    async () => {
      await observed(volt.context.database, 'guilty');
      await observed(volt.context.database, 'other');
      const bad = Array.from({ length: 6 }, (_, index) => commit('guilty', { 'a.yml': aliases(`z${index}: 1\n`) }));
      await volt.context.queues.sendCommits(bad);
      const good = commit('other', { 'a.yml': `on: push\n${job('')}` });
      await volt.context.queues.sendCommits([good]);
      await volt.build(good.sha, () => true, patience);
      const before = await volt.context.database.db
        .selectFrom('builds')
        .select('id')
        .where('repo', '=', 'guilty')
        .where(
          'sha',
          'in',
          bad.map(({ sha }) => sha),
        )
        .execute();
      expect(before.length).to.be.at.most(1);
    },
  );
});

function ended({ status, reason }: Build) {
  return { status, reason };
}
