import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { changedPaths, filesIn } from '../../src/git/commit-files.ts';
import { Mirror } from '../../src/git/mirror/mirror.ts';
import { listRemote } from '../../src/git/remote/remote-refs.ts';
import { attack } from '../support/attack.ts';
import { failure } from '../support/failure.ts';
import { jobText, TestJobs } from '../support/job.ts';
import type { TestRepository } from '../support/repository.ts';

describe('a commit that expands to a huge size', () => {
  const jobs = new TestJobs();
  afterEach(() => jobs.clean());
  after(jobs.folders.remove);

  const about = { attacker: 'pusher to another branch', asset: 'availability' } as const;

  const made = (repository: TestRepository, args: string[], input: string) =>
    execFileSync('git', args, { cwd: repository.path, input, encoding: 'utf8' }).trim();

  /** Adds a folder with ten to the power of `depth` files, in some kilobytes. */
  function plant(repository: TestRepository, depth: number, name: (level: number, index: number) => string): void {
    let id = made(repository, ['hash-object', '-w', '--stdin'], 'x\n');
    for (let level = 1; level <= depth; level++) {
      const kind = level === 1 ? '100644 blob' : '040000 tree';
      const entries = Array.from({ length: 10 }, (_, index) => `${kind} ${id}\t${name(level, index)}`);
      id = made(repository, ['mktree'], `${entries.join('\n')}\n`);
    }
    const top = repository.git('ls-tree', 'HEAD');
    const tree = made(repository, ['mktree'], `${top}\n040000 tree ${id}\tmany\n`);
    repository.git('reset', '--soft', repository.git('commit-tree', tree, '-p', 'HEAD', '-m', 'many files'));
  }

  /** Runs the work, and measures how much memory (bytes) any git process used at once. */
  async function watched<T>(work: () => Promise<T>): Promise<{ result: T; peak: number }> {
    let peak = 0;
    const looking = setInterval(() => {
      peak = Math.max(peak, gitMemory());
    }, 20);
    try {
      return { result: await work(), peak };
    } finally {
      clearInterval(looking);
    }
  }

  attack({ ...about, title: 'cannot check out more files than the limit' }, async () => {
    const repository = jobs.repository({ 'test.sh': '#!/bin/sh\ntrue\n' });
    plant(repository, 10, (_, index) => String(index));
    const steps = ['- uses: actions/checkout@v4', '- run: echo reached'];
    const { result, peak } = await watched(() => jobs.run(steps.join('\n'), { repository }));
    expect([result.outcome.status, result.outcome.reason], result.log).to.deep.equal(['failure', 'checkout_too_large']);
    expect(result.outcome.message).to.include('2,000,000 files');
    expect(result.log).to.not.include('reached');
    expect(peak / 1_048_576).to.be.within(1, 150);
  });

  attack({ ...about, title: 'cannot check out names that together exceed the limit' }, async () => {
    const repository = jobs.repository();
    plant(repository, 8, (level, index) => String(index).repeat(level > 4 ? 250 : 1));
    const { outcome, log } = await jobs.run('- uses: actions/checkout@v4', { repository });
    expect([outcome.status, outcome.reason], log).to.deep.equal(['failure', 'checkout_too_large']);
    expect(outcome.message).to.include('256 MB');
  });

  attack(
    { ...about, attacker: 'action that is used', title: 'cannot fetch an action with more files than the limit' },
    async () => {
      const action = jobs.action('acme/large', { 'action.yml': 'runs: {using: composite, steps: []}\n' });
      plant(action, 6, (_, index) => String(index));
      const { outcome, log } = await jobs.run('- uses: acme/large@main');
      expect([outcome.status, outcome.reason], log).to.deep.equal(['failure', 'checkout_too_large']);
      expect(outcome.message).to.include('100,000 files');
    },
  );

  attack(
    { ...about, title: 'cannot exceed memory and time by a change of too many files with a paths filter' },
    async () => {
      const repository = jobs.repository();
      const before = repository.head();
      plant(repository, 10, (_, index) => String(index));
      const mirror = new Mirror(jobs.folders.make(), repository.path);
      await mirror.fetch();
      const { result, peak } = await watched(() => changedPaths(mirror.path, before, repository.head(), 3000));
      expect(result).to.equal(null);
      expect(peak / 1_048_576).to.be.within(1, 400);
    },
  );

  attack({ ...about, title: 'cannot exceed memory and time by 250,000 branches' }, async () => {
    const repository = jobs.repository();
    const sha = repository.head();
    const refs = Array.from({ length: 250_000 }, (_, index) => `${sha} refs/heads/a-branch-of-many-${index}`);
    writeFileSync(join(repository.path, '.git/packed-refs'), `# pack-refs with: sorted\n${refs.sort().join('\n')}\n`);
    const error = await failure('too_large', () => listRemote(repository.path));
    expect(error.message).to.include('16 MB');
    expect(error.remedy).to.include('branches');
  });

  attack({ ...about, title: 'cannot exceed memory and time by too many workflow files' }, async () => {
    const repository = jobs.repository();
    const blob = made(repository, ['hash-object', '-w', '--stdin'], 'on: push\n');
    const files = Array.from({ length: 60_000 }, (_, index) => `100644 blob ${blob}\t${index}.yml`);
    const workflows = made(repository, ['mktree'], `${files.join('\n')}\n`);
    const github = made(repository, ['mktree'], `040000 tree ${workflows}\tworkflows\n`);
    const tree = made(repository, ['mktree'], `040000 tree ${github}\t.github\n`);
    repository.git('reset', '--soft', repository.git('commit-tree', tree, '-p', 'HEAD', '-m', 'many workflows'));
    const bounds = { file: 1000, total: 10_000, files: 10 };
    const found = await filesIn(repository.path, repository.head(), ['.github/workflows'], /yml$/, bounds);
    expect(found).to.deep.equal([{ path: '.github/workflows/*', text: null }]);
  });

  attack(
    {
      ...about,
      attacker: 'action that is used',
      title: 'cannot exceed memory and time by nested composite actions without steps',
    },
    async () => {
      const parts = Array.from({ length: 10 }, (_, index) => `part${index}`);
      const action = jobs.action('acme/knot', { 'a.txt': 'a\n' });
      // the last level names no more, otherwise they would be nested too deep; each level names all of the next one
      for (let level = 0; level < 9; level++) {
        const inner = parts.map((part) => `{uses: acme/knot/${part}@level${level + 1}, if: false}`);
        const steps = `runs: {using: composite, steps: [${level === 8 ? '' : inner.join(', ')}]}\n`;
        action.commit(`level ${level}`, Object.fromEntries(parts.map((part) => [`${part}/action.yml`, steps])));
        action.git('tag', `level${level}`);
      }
      const { outcome, log } = await jobs.run('- uses: acme/knot/part0@level0\n  if: false');
      expect(outcome.status, log).to.equal('success');
    },
  );

  attack({ ...about, title: 'cannot check out folders that are nested too deeply' }, async () => {
    const repository = jobs.repository();
    // fast-import writes all folders of a path at once
    const path = `${'a/'.repeat(2500)}file`;
    const commit = 'commit refs/heads/deep\ncommitter Ada <ada@example.com> 1700000000 +0000\ndata 4\ndeep\n';
    made(repository, ['fast-import', '--quiet'], `${commit}M 100644 inline ${path}\ndata 1\nx\n\n`);
    repository.git('reset', '--soft', 'deep');
    const { outcome, log } = await jobs.run('- uses: actions/checkout@v4', { repository });
    expect([outcome.status, outcome.reason], log).to.deep.equal(['failure', 'checkout_too_large']);
  });

  attack({ ...about, title: "cannot check out a file that exceeds git's memory limit" }, async () => {
    const repository = jobs.repository();
    const large = made(repository, ['hash-object', '-w', '--stdin'], 'x'.repeat(300_000_000));
    const top = repository.git('ls-tree', 'HEAD');
    const tree = made(repository, ['mktree'], `${top}\n100644 blob ${large}\tlarge\n`);
    repository.git('reset', '--soft', repository.git('commit-tree', tree, '-p', 'HEAD', '-m', 'large'));
    const around = { gitLimits: { memory: 100_000_000 } };
    const plan = jobs.plans(jobText('- uses: actions/checkout@v4'), repository).test;
    if (!plan) throw new Error('no plan');
    const job = jobs.start(plan, repository, around);
    const { outcome } = await job.ended;
    expect([outcome.status, outcome.reason], job.log()).to.deep.equal(['failure', 'checkout_too_large']);
    expect(outcome.message).to.include('95.4 MB of memory');
  });
});

/** Memory, in bytes, of the git processes below this one. */
function gitMemory(): number {
  const parents = new Map<number, { parent: number; name: string; bytes: number }>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const status = readFileSync(join('/proc', pid, 'status'), 'utf8');
      const field = (name: string) => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? '';
      const bytes = Number(field('RssAnon')) * 1024;
      parents.set(Number(pid), { parent: Number(field('PPid')), name: field('Name'), bytes });
    } catch {
      // it has ended
    }
  }
  const isOurs = (pid: number): boolean => {
    const parent = parents.get(pid)?.parent ?? 0;
    return parent === process.pid || (parent > 1 && isOurs(parent));
  };
  return [...parents].reduce((sum, [pid, { name, bytes }]) => (name === 'git' && isOurs(pid) ? sum + bytes : sum), 0);
}
