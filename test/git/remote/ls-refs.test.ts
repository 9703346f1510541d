import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeDeployKey } from '../../../src/git/access/deploy-key.ts';
import { git } from '../../../src/git/command/git.ts';
import { type GitRunner, ownRunner } from '../../../src/git/command/runner.ts';
import { type ListedRef, lsRefs } from '../../../src/git/remote/ls-refs.ts';
import { findRemoteRef, listRemote } from '../../../src/git/remote/remote-refs.ts';
import { BreakingProxy } from '../../support/breaking-proxy.ts';
import { failure } from '../../support/failure.ts';
import { TestFolders } from '../../support/folder.ts';
import { GitOverHttp } from '../../support/git-over-http.ts';
import { GitOverSsh, hasSshd } from '../../support/git-over-ssh.ts';
import { TestRepository } from '../../support/repository.ts';

describe('listing the refs of a server', () => {
  const folders = new TestFolders();
  const requests = 5000;
  let repository: TestRepository;
  let server: GitOverHttp;
  let line: BreakingProxy;
  let head: string;

  before(async () => {
    repository = new TestRepository({ 'a.txt': 'a\n' });
    head = repository.head();
    repository.git('tag', '--annotate', '--message', 'x', 'v1');
    repository.git('branch', 'größe');
    const pulls = Array.from({ length: requests }, (_, index) => `${head} refs/pull/${index + 1}/head\n`).sort();
    const packed = join(repository.path, '.git', 'packed-refs');
    writeFileSync(packed, ['# pack-refs with: peeled fully-peeled sorted \n', ...pulls].join(''));
    server = await GitOverHttp.start(join(repository.path, '..'), 'ada', 'secret');
    server.isOpen = () => true;
    line = await BreakingProxy.start(Number(new URL(server.url('')).port));
  });

  after(async () => {
    await line.stop();
    await server.stop();
    repository.remove();
    folders.remove();
  });

  const url = () => line.url(server.url('sample/.git'));
  const received = async (work: () => Promise<unknown>) => {
    const before = line.received;
    await work();
    return line.received - before;
  };
  const usual = ['HEAD', 'refs/heads/', 'refs/tags/'];
  const expected = (): ListedRef[] => [
    { name: 'HEAD', sha: head, peeled: undefined, target: 'refs/heads/main' },
    { name: 'refs/heads/größe', sha: head, peeled: undefined, target: undefined },
    { name: 'refs/heads/main', sha: head, peeled: undefined, target: undefined },
    { name: 'refs/tags/v1', sha: repository.git('rev-parse', 'v1'), peeled: head, target: undefined },
  ];

  it('requests only the wanted refs, none of thousands for pull requests', async () => {
    const all = await received(() => git('/', ['ls-remote', '--symref', '--', url(), 'HEAD', 'refs/heads/*']));
    expect(all).to.be.above(requests * 50);
    let refs: unknown;
    const bytes = await received(async () => {
      refs = await listRemote(url(), { tags: true });
    });
    expect(bytes).to.be.below(3000);
    expect(refs).to.deep.equal({
      defaultBranch: 'main',
      detached: false,
      heads: new Map([
        ['refs/heads/größe', head],
        ['refs/heads/main', head],
      ]),
      tags: new Map([['refs/tags/v1', head]]),
      others: new Map(),
      unnamable: 0,
    });
    expect(await received(() => findRemoteRef(url(), 'main'))).to.be.below(3000);
  });

  it('requests the refs of pull requests if they are wanted', async () => {
    const refs = await lsRefs(url(), ['refs/pull/12/', 'refs/pull/4999/head'], {});
    expect(refs.map(({ name }) => name)).to.deep.equal(['refs/pull/12/head', 'refs/pull/4999/head']);
    expect(await lsRefs(url(), ['refs/pull/'], {})).to.have.lengthOf(requests);
  });

  it('returns the same from a path, over HTTP and from a server with an older protocol', async () => {
    expect(await lsRefs(repository.path, usual, {})).to.deep.equal(expected());
    expect(await lsRefs(server.url('sample/.git'), usual, {})).to.deep.equal(expected());
    const config = [['protocol.version', '0']] as const;
    const old = `${server.url('sample/.git')}/`;
    expect(await lsRefs(old, usual, { config })).to.deep.equal(expected());
    // Volt uses the older protocol at once
    const before = server.count.served;
    expect(await lsRefs(old, usual, {})).to.deep.equal(expected());
    expect(server.count.served - before).to.equal(2);
  });

  it('returns the same over ssh with both protocols', async function () {
    if (!hasSshd()) return this.skip();
    const ssh = await GitOverSsh.start();
    try {
      const key = await makeDeployKey('volt app');
      ssh.allow(key.publicKey);
      const ask = async (address: string) => {
        const credential = { kind: 'ssh', privateKey: key.privateKey, knownHosts: ssh.knownHosts() } as const;
        return lsRefs(address, usual, { access: { url: address, credential: async () => credential } });
      };
      const odd = join(folders.make(), "it's one! with spaces");
      execFileSync('git', ['clone', '--quiet', '--mirror', repository.path, odd]);
      const newer = ssh.url(encodeURI(odd));
      expect(await ask(newer)).to.deep.equal(expected());
      await failure('git_failed', () => ask(ssh.url('/nothing/there')));
      await ssh.restart([]);
      expect(await ask(ssh.url(repository.path))).to.deep.equal(expected());
    } finally {
      await ssh.stop();
    }
  }).timeout(20_000);

  it('fails for a truncated answer instead of returning a shorter list', async () => {
    line.cuts.push(100_000);
    await failure('git_failed', () => lsRefs(url(), ['refs/pull/'], {}));
    expect(line.cuts).to.deep.equal([]);
    const half: GitRunner = async (command, hearer) => {
      const answer = await ownRunner(command, hearer);
      return command.conversation ? answer.slice(0, 1000) : answer;
    };
    await failure('git_failed', () => lsRefs(repository.path, ['refs/pull/'], { runner: half }));
  });

  it('distinguishes names with unusual spaces', async () => {
    const odd = new TestRepository({ a: 'a' });
    try {
      const first = odd.head();
      const names = ['main\u00a0x', 'main\u2028x', 'main\u3000'];
      odd.git('checkout', '--quiet', '-b', 'other');
      const other = odd.commit('other');
      odd.git('checkout', '--quiet', 'main');
      for (const name of names) odd.git('branch', name, other);
      const listed = await lsRefs(odd.path, ['refs/heads/'], {});
      expect(listed.map(({ name }) => name)).to.have.members(
        ['main', 'other', ...names].map((name) => `refs/heads/${name}`),
      );
      const { heads, unnamable } = await listRemote(odd.path);
      expect(heads.get('refs/heads/main')).to.equal(first);
      expect(unnamable).to.equal(3);
    } finally {
      odd.remove();
    }
  });

  it('works for a repository with SHA-256', async () => {
    const top = folders.make();
    execFileSync('git', ['init', '--quiet', '--initial-branch=main', '--object-format=sha256', top]);
    const large = new TestRepository({ a: 'a' }, { at: top });
    for (let count = 0; count < 2; count++)
      expect((await lsRefs(top, usual, {})).map(({ sha }) => sha)).to.deep.equal([large.head(), large.head()]);
  });

  it("follows `insteadOf` in the user's git configuration", async () => {
    const home = folders.make();
    writeFileSync(join(home, '.gitconfig'), `[url "${server.url('')}"]\n\tinsteadOf = https://forge.invalid/\n`);
    const before = process.env.HOME;
    process.env.HOME = home;
    try {
      expect(await lsRefs('https://forge.invalid/sample/.git', usual, {})).to.deep.equal(expected());
    } finally {
      process.env.HOME = before;
    }
  });

  it("reports git's error if the server refuses", async () => {
    const { message } = await failure('git_failed', () => lsRefs(server.url('nothing'), usual, {}));
    expect(message).to.match(/^git ls-remote: fatal: repository '\S+' not found$/);
    line.hangs = true;
    try {
      const silent = await failure('git_failed', () => lsRefs(url(), usual, { silence: 300 }));
      expect(silent.message).to.include('git was silent for too long');
    } finally {
      line.hangs = false;
    }
    const nowhere = await failure('git_failed', () => lsRefs('/nothing/there', usual, {}));
    expect(nowhere.message).to.include("'/nothing/there' does not appear to be a git repository");
  });
});
