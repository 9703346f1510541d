import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { settleIsolation } from '../../../src/exec/isolation-check.ts';
import { jobPaths } from '../../../src/job/sandbox/job-paths.ts';
import { TestFolders } from '../../support/folder.ts';
import { isPossible } from '../../support/group-kinds.ts';
import { IsolatedJobs, isIsolable } from '../../support/isolation.ts';
import type { TestRepository } from '../../support/repository.ts';
import { isWatched } from '../../support/tree-snapshot.ts';

/** Prints all that a job can see of its checkout, but for times and numbers of inodes. */
const look = `
find . -path ./.git/index -o -printf '%y %m %U:%G %n %p %l\\n' | sort
find . -type f -not -path ./.git/index -exec sha1sum {} + | sort
git ls-files --stage -v
git diff-index HEAD && git status --porcelain --ignored`;

/** Exchanges the content of a file without a trace in its ctime, by ext4's EXT4_IOC_MOVE_EXT. */
const exchange = `
python3 - <<'END'
import fcntl, os, struct
with open('../tmp/evil' if os.path.isdir('../tmp') else '/tmp/evil', 'w+') as evil, open('d1/f1.txt', 'r+') as file:
    evil.write('E' * 8192)
    for each in (evil, file):
        os.fsync(each.fileno())
        os.posix_fadvise(each.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    try:
        fcntl.ioctl(evil, 0xc028660f, struct.pack('<IIQQQQ', 0, file.fileno(), 0, 0, 2, 0))
        print('exchanged')
    except OSError as error:
        print('refused:', error.strerror)
END`;

for (const level of ['sandbox', 'user'] as const) {
  describe(`a checkout from kept files under isolation ${level}`, function () {
    this.timeout(120_000);
    const folders = new TestFolders();
    let jobs: IsolatedJobs;
    let repository: TestRepository;

    beforeEach(async function () {
      if (!(await isIsolable(level)) || !(await settleIsolation(level)).filtersCalls || !isWatched(folders))
        this.skip();
      jobs = new IsolatedJobs(level);
      const files: Record<string, string> = { 'run.sh': '#!/bin/sh\n', '.gitignore': 'build\n' };
      for (let index = 0; index < 400; index++)
        files[`d${index % 10}/f${index}.txt`] = 'tracked\n'.repeat(index < 10 ? 1024 : 1);
      repository = jobs.repository(files);
    });
    afterEach(() => jobs?.clean());
    after(folders.remove);

    /** What a job sees of the commit as it is now. */
    async function seen(): Promise<string> {
      const { log, outcome } = await jobs.command(look, repository);
      expect(outcome, log).to.include({ status: 'success' });
      // on a busy machine the log tells how far the checkout is
      return log.replaceAll(/^\[volt\] still fetching .*\n/gm, '');
    }

    /** What a job sees after other jobs, and in a fresh checkout. */
    async function bothOf(...scripts: string[]): Promise<{ fresh: string; after: string }> {
      const first = repository.head();
      const second = repository.commit('next', { 'd2/f2.txt': 'more\n', 'd11/new.txt': 'new\n', '.hidden': '' });
      const fresh = await seen();
      await jobs.keepTrees();
      for (const script of scripts) {
        repository.git('reset', '--quiet', '--hard', first);
        await jobs.command(script, repository);
      }
      repository.git('reset', '--quiet', '--hard', second);
      return { fresh, after: await seen() };
    }

    it('shows a job the same as a fresh checkout, whatever earlier jobs did', async () => {
      const { fresh, after } = await bothOf(
        'echo x >> d1/f1.txt; touch -r d3/f3.txt d1/f1.txt; mkdir build; touch build/x d5/y; chmod +x d4/f4.txt',
        'rm -r d1; ln -s /etc d1; mv d2 x; chmod 000 d3; chmod 000 d4/f4.txt; ln d5/f5.txt hard; mkfifo pipe; ln -s / root',
        'git config core.fsmonitor "touch /tmp/x"; mkdir -p .git/hooks; echo "* filter=x" > .gitattributes; rm -rf d6/*',
        "python3 -c \"import os; os.setxattr('d7', 'user.evil', b'1'); os.setxattr('d7/f7.txt', 'user.evil', b'1')\"",
      );
      expect(after).to.equal(fresh);
    });

    it('has the unchanged files of the job before', async () => {
      await jobs.keepTrees();
      const inodes = async () => {
        const { log } = await jobs.command("find d1 -type f -printf '%i %p\\n' | sort", repository);
        return log.split('\n').filter((line) => /^\d/.test(line));
      };
      const first = await inodes();
      expect(first).to.have.length(40);
      repository.commit('next', { 'd1/f1.txt': 'changed\n' });
      // A file system may give what is written anew the very inode that has just become free.
      expect(await inodes()).to.include.members(first.filter((line) => !line.endsWith(' d1/f1.txt')));
    });

    it('has no file whose content a job exchanged without a trace in its ctime', async () => {
      const { fresh, after } = await bothOf(exchange);
      expect(after).to.equal(fresh);
      const { log } = await jobs.command(exchange, repository);
      expect(log).to.match(/^refused: /m);
    });

    it('has files that no job reaches before', async () => {
      await jobs.keepTrees();
      await jobs.command('true', repository);
      const { trees: folder } = jobPaths(level, jobs.dataDir, 'box');
      const [kept] = readdirSync(folder);
      expect(existsSync(join(folder, String(kept), 'tree', 'd1', 'f1.txt'))).to.equal(true);
      const { log } = await jobs.command(`ls ${folder} ${folder}/${kept}/tree; true`, repository);
      expect(log)
        .to.match(/^ls: cannot/m)
        .and.not.match(/^d1$/m);
    });

    it('serves the checkout step of a workflow', async () => {
      await jobs.keepTrees();
      const steps = (script: string) => `
- run: "ls -A > ../temp/before; sleep 1000 & echo begun"
- uses: actions/checkout@v4
- run: |
    test ! -s ../temp/before
    ${script}
`;
      const inode = async (script: string) => {
        const { outcome, log } = await jobs.steps(steps(`${script}; stat -c 'inode %i' d1/f11.txt`), repository);
        expect(outcome, log).to.include({ status: 'success' });
        return /inode (\d+)/.exec(log)?.[1];
      };
      const first = await inode('echo x > untracked; echo x > run.sh');
      expect(await inode('test ! -e untracked; test -z "$(git status --porcelain)"')).to.equal(first);
    });
  });
}

describe('a checkout from kept files under isolation none', function () {
  this.timeout(60_000);
  const folders = new TestFolders();
  let jobs: IsolatedJobs;

  before(async function () {
    if (!(await isPossible('namespace')) || !isWatched(folders)) this.skip();
    jobs = new IsolatedJobs('none');
  });
  after(() => {
    jobs?.clean();
    folders.remove();
  });

  it('is not kept when a step ran before it, since a process of that step may write to it', async () => {
    const files = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`f${index}.txt`, `${index}`]));
    const repository = jobs.repository(files);
    await jobs.keepTrees();
    /** Which file the job gets. */
    const file = async (before: string) => {
      const steps = `${before}- uses: actions/checkout@v4\n- run: stat -c 'file %i %w' f1.txt`;
      const { outcome, log } = await jobs.steps(steps, repository);
      expect(outcome, log).to.include({ status: 'success' });
      return /^file \d.*/m.exec(log)?.[0];
    };
    const first = await file('');
    expect(first).to.be.a('string');
    expect(await file('')).to.equal(first);
    expect(await file('- run: "true"\n')).to.equal(first);
    expect(await file('')).to.not.equal(first);
  });
});
