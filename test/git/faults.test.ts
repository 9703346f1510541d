import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { git } from '../../src/git/command/git.ts';
import { causeFirst } from '../../src/git/command/messages.ts';
import { type GitRunner, ownRunner } from '../../src/git/command/runner.ts';
import { fetchTree, remoteCommit } from '../../src/git/fetch-tree.ts';
import { needsLfs } from '../../src/git/lfs.ts';
import { Mirror } from '../../src/git/mirror/mirror.ts';
import { BreakingProxy } from '../support/breaking-proxy.ts';
import { failure } from '../support/failure.ts';
import { TestFolders } from '../support/folder.ts';
import { mountFullDisk } from '../support/full-disk.ts';
import { GitOverHttp } from '../support/git-over-http.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';

describe('a failure of git', () => {
  const folders = new TestFolders();
  let repository: TestRepository;
  let server: GitOverHttp;
  let line: BreakingProxy;

  before(async () => {
    // more than what lies in the buffers of a connection
    const files = Array.from({ length: 40 }, (_, index) => [`${index}`, randomBytes(40_000).toString('base64')]);
    repository = new TestRepository(Object.fromEntries(files));
    server = await GitOverHttp.start(join(repository.path, '..'), 'ada', 'secret');
    server.isOpen = () => true;
    line = await BreakingProxy.start(Number(new URL(server.url('')).port));
  });

  beforeEach(() => {
    line.cuts.length = 0;
    line.hangs = false;
    server.isOpen = () => true;
  });

  after(async () => {
    await line.stop();
    await server.stop();
    repository.remove();
    folders.remove();
  });

  const url = () => line.url(server.url('sample/.git'));

  describe('in a transfer that is cut off', () => {
    it('repeats the transfer within the same fetch, and leaves no temporary file', async () => {
      line.cuts.push(300_000, 200_000);
      const mirror = new Mirror(folders.make(), url());
      await mirror.fetch();
      expect(line.cuts).to.deep.equal([]);
      expect(await mirror.has(repository.head())).to.equal(true);
      const packs = readdirSync(join(mirror.path, 'objects', 'pack'));
      expect(packs.filter((name) => name.startsWith('tmp_'))).to.deep.equal([]);
    }).timeout(20_000);

    it('fails the fetch after the third cut with the cause only', async () => {
      line.cuts.push(300_000, 300_000, 300_000);
      const mirror = new Mirror(folders.make(), url());
      const error = await failure('fetch_failed', () => mirror.fetch());
      expect(line.cuts).to.deep.equal([]);
      expect(error.message)
        .to.match(/^cannot fetch \S+: git fetch: error: RPC failed; curl \d+ /)
        .and.not.match(/\r|\n|Counting|Receiving/);
      expect(error.message.length).to.be.below(700);
    }).timeout(20_000);

    it('repeats the transfer of an action', async () => {
      // in the middle of the list of refs, and of the files
      line.cuts.push(350, 300_000);
      expect(await remoteCommit(url(), 'main')).to.equal(repository.head());
      const folder = join(folders.make(), 'action');
      await fetchTree(url(), repository.head(), folder);
      expect(line.cuts).to.deep.equal([]);
      expect(readFileSync(join(folder, '7'), 'utf8')).to.equal(readFileSync(join(repository.path, '7'), 'utf8'));
    }).timeout(20_000);

    it('does not repeat the transfer of a cancelled job', async () => {
      line.cuts.push(300_000, 300_000);
      const stop = new AbortController();
      const mirror = new Mirror(folders.make(), url());
      const fetching = failure('fetch_failed', () => mirror.fetch({ signal: stop.signal }));
      await until('the transfer is cut off', () => line.cuts.length === 1);
      stop.abort();
      await fetching;
      expect(line.cuts).to.deep.equal([300_000]);
    });
  });

  describe('as a message for people', () => {
    const said = async (from: string, options = {}) => {
      const bare = folders.make();
      execFileSync('git', ['init', '--quiet', '--bare', bare]);
      const { message } = await failure('git_failed', () =>
        git(bare, ['fetch', '--progress', '--', from, '+refs/heads/*:refs/heads/*'], options),
      );
      return message;
    };

    it("contains git's output with the cause first and without progress lines", async () => {
      line.cuts.push(300_000);
      expect(await said(url())).to.match(/^git fetch: error: RPC failed; curl \d+ [^\r\n]+$/);
      expect(await said(server.url('nothing'))).to.match(/^git fetch: fatal: repository '\S+' not found$/);
      expect(await said('http://nothing.invalid/x')).to.include('Could not resolve host: nothing.invalid');
      expect(await said('/nothing')).to.equal(
        "git fetch: fatal: '/nothing' does not appear to be a git repository; fatal: Could not read from remote repository.",
      );
      server.isOpen = () => false;
      expect(await said(server.url('sample/.git'))).to.match(/^git fetch: fatal: Authentication failed for '\S+'$/);
      server.isOpen = () => true;
      line.hangs = true;
      expect(await said(url(), { silence: 300 })).to.equal('git fetch: git was silent for too long and was ended');
    });

    it('names a full disk first', async function () {
      const bare = folders.make();
      execFileSync('git', ['init', '--quiet', '--bare', bare]);
      rmSync(join(bare, 'objects'), { recursive: true });
      const unmount = mountFullDisk(join(bare, 'objects'));
      if (!unmount) return this.skip();
      try {
        const fetch = ['fetch', '--progress', '--', server.url('sample/.git'), '+refs/heads/*:refs/heads/*'];
        const { message, remedy } = await failure('git_failed', () => git(bare, fetch));
        expect(message).to.match(/^git fetch: (fatal|error): [^;]*No space left on device/);
        expect(remedy).to.equal('Free some disk space.');
      } finally {
        unmount();
      }
    });

    it("contains git's errors first, then the server's, then errors that follow from others", () => {
      const text = [
        'remote: Counting objects:   0% (1/302)        \rremote: Counting objects: 100% (302/302), done.        ',
        'remote: Total 302 (delta 0), reused 0 (delta 0), pack-reused 302 (from 1)        ',
        'warning: something is old',
        'remote: Repository not found.',
        'Receiving objects:  38% (116/302)\rfatal: early EOF',
        'error: RPC failed; curl 56 Recv failure: Connection reset by peer\r',
        'error: RPC failed; curl 56 Recv failure: Connection reset by peer',
        '',
        'Please make sure you have the correct access rights',
        'and the repository exists.',
      ].join('\n');
      expect(causeFirst(text).split('\n')).to.deep.equal([
        'error: RPC failed; curl 56 Recv failure: Connection reset by peer',
        'fatal: early EOF',
        'remote: Repository not found.',
        'warning: something is old',
      ]);
      const died = 'remote: fatal: bad object\nfatal: early EOF';
      expect(causeFirst(died)).to.equal(died);
    });

    it('has at most 500 characters, but the error code depends on the whole output', async () => {
      const runner = () =>
        Promise.reject(new Error(`${lines('error: word').join('\n')}\nfatal: smudge filter lfs failed`));
      const error = await failure('git_failed', () => git('/', ['reset'], { runner }));
      expect(error.message).to.match(/^git reset: error: word 0; .{400,490} error:( word)?…$/);
      expect(needsLfs(error)).to.equal(true);
    });
  });

  it('is reported if git is killed without any output', async () => {
    const folder = folders.make();
    writeFileSync(join(folder, 'git'), '#!/bin/sh\nkill -9 $$\n', { mode: 0o755 });
    const runner: GitRunner = (command, hearer) => {
      const PATH = `${folder}:${command.env.PATH}`;
      return ownRunner({ ...command, env: { ...command.env, PATH } }, hearer);
    };
    const { message } = await failure('git_failed', () => git(folder, ['reset', '--hard'], { runner }));
    expect(message).to.equal('git reset: git was killed by a signal');
  });
});

function lines(word: string): string[] {
  return Array.from({ length: 100 }, (_, index) => `${word} ${index}`);
}
