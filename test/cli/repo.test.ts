import { realpathSync } from 'node:fs';
import { relative } from 'node:path';
import { expect } from 'chai';
import { VoltError } from '../../src/kernel/errors.ts';
import { noteObserved, noteObserveError } from '../../src/record/observations.ts';
import { findRepository } from '../../src/record/repositories.ts';
import { volt } from '../support/cli.ts';
import { pullRequest7 } from '../support/record.ts';
import { TestRepository } from '../support/repository.ts';
import { job, Site } from '../web/site.ts';

describe('volt repo', () => {
  let site: Site;
  const repository = new TestRepository({ 'a.txt': 'a\n' });

  before(async () => {
    site = await Site.start();
  });

  after(async () => {
    await site.stop();
    repository.remove();
  });

  const repo = (...args: string[]) => volt(['repo', ...args, '--data', site.context.config.dataDir]);

  it('adds a repository by its URL or by a relative path', async () => {
    const added = await repo(
      'add',
      'app',
      'git@git.example:acme/app',
      '--branch',
      'main',
      '--branch',
      'release/*',
      '--tags',
      'v*',
      '--no-check',
    );
    expect(added.stdout, added.stderr).to.equal('watching app: main, release/*, tags v* of git@git.example:acme/app\n');
    const local = await repo(
      'add',
      'local',
      relative(process.cwd(), repository.path),
      '--command',
      'make',
      '--json',
      '--no-check',
    );
    expect(JSON.parse(local.stdout)).to.include({ name: 'local', url: realpathSync(repository.path), command: 'make' });
  });

  it('refuses an invalid repository with a reason and does not add it', async () => {
    for (const [args, code] of [
      [['add', 'app', 'https://git.example/other'], 'name_taken'],
      [['add', 'x', 'ext::sh -c id'], 'bad_url'],
      [['add', 'x', './nowhere'], 'no_repository'],
      [['add', 'x', 'https://git.example/x', '--branch=--all'], 'bad_ref'],
      [['add', '../x', 'https://git.example/x'], 'bad_name'],
      [['add', 'x', '--upload-pack=touch /tmp/x'], 'usage'],
      [['add', 'x', 'https://git.example/x', '--poll', '0'], 'usage'],
      [['add', 'x', 'https://git.example/x', '--filter', 'tree:0'], 'bad_setting'],
      [['set', 'app'], 'usage'],
      [['set', 'gone', '--no-tags'], 'not_found'],
      [['rm', 'gone'], 'not_found'],
    ] as const) {
      const end = await repo(...args);
      expect([end.code, /^error (\w+): /m.exec(end.stderr)?.[1]], args.join(' ')).to.deep.equal([2, code]);
    }
    expect(await findRepository(site.context.database, 'x')).to.equal(undefined);
  });

  it('changes only the named settings', async () => {
    const set = await repo('set', 'app', '--no-tags', '--command', 'make check', '--poll', '30');
    expect(set.stdout).to.equal('app: main, release/*, every commit, polled every 30 s; runs "make check"\n');
    const globs = await repo('set', 'app', '--reports', 'a/*.xml', '--reports', 'b.tap', '--json');
    expect(JSON.parse(globs.stdout).reports).to.deep.equal(['a/*.xml', 'b.tap']);
    expect(JSON.parse((await repo('set', 'app', '--no-reports', '--json')).stdout).reports).to.deep.equal([]);
    const part = await repo('set', 'app', '--filter', 'blob:limit=100k', '--json');
    expect(JSON.parse(part.stdout)).to.include({ filter: 'blob:limit=100k' });
    const whole = await repo('set', 'app', '--no-filter', '--json');
    expect(JSON.parse(whole.stdout)).to.include({ filter: null });
    const back = await repo('set', 'app', '--default-branch', '--discover', '--json');
    expect(JSON.parse(back.stdout)).to.deep.include({ branches: [], tags: [], command: null, pollSeconds: 30 });
  });

  it('sets variables for jobs, which are not secret', async () => {
    const set = await repo('set', 'app', '--env', 'INDEX=https://a.example', '--env', 'EMPTY=', '--json');
    expect(JSON.parse(set.stdout)).to.deep.include({ env: { INDEX: 'https://a.example', EMPTY: '' } });
    const refused = async (value: string) => (await repo('set', 'app', '--env', value)).stderr;
    expect(await refused('INDEX=https://me:word@a.example')).to.match(
      /bad_setting: INDEX contains a login.*volt secret set INDEX/s,
    );
    expect(await refused('PATH=/nowhere')).to.match(/bad_setting: the runner sets PATH/);
    expect(await refused('A B=1')).to.match(/bad_setting: a repository has at most 50 variables/);
    expect(JSON.parse((await repo('set', 'app', '--no-env', '--json')).stdout)).to.deep.include({ env: {} });
  });

  it('sets the image that tests run in', async () => {
    const set = await repo('set', 'app', '--image', 'node:22');
    expect(set.stdout).to.match(/; runs workflows or discovered tests in node:22\n$/);
    expect(await findRepository(site.context.database, 'app')).to.include({ image: 'node:22' });
    expect((await repo('set', 'app', '--image', 'Node:22')).stderr).to.match(/bad_setting: "Node:22" is not an image/);
    expect(JSON.parse((await repo('set', 'app', '--no-image', '--json')).stdout)).to.include({ image: null });
  });

  it('sets which pull requests are built, and shows them and their builds', async () => {
    const more = ['--pull-request-checkout', 'head', '--pull-request-rebuild', '--pull-request-labels', 'linux,node-*'];
    const set = await repo('set', 'app', '--pull-requests', 'same', ...more);
    expect(set.stdout, set.stderr).to.match(/^app: the default branch, pull requests \(same\), every commit/);
    const settings = { pullRequests: 'same', pullRequestCheckout: 'head', pullRequestRefs: null };
    expect(await findRepository(site.context.database, 'app')).to.deep.include({
      ...settings,
      pullRequestRebuild: true,
      pullRequestLabels: ['linux', 'node-*'],
    });
    const none = await repo(
      'set',
      'app',
      '--pull-request-labels',
      '',
      '--pull-request-refs',
      'refs/mr/*/head',
      '--json',
    );
    expect(JSON.parse(none.stdout)).to.deep.include({ pullRequestLabels: [], pullRequestRefs: 'refs/mr/*/head' });
    const usual = ['--no-pull-request-labels', '--no-pull-request-refs', '--no-pull-request-rebuild'];
    const back = await repo('set', 'app', ...usual, '--json');
    expect(JSON.parse(back.stdout)).to.deep.include({
      ...settings,
      pullRequestLabels: null,
      pullRequestRebuild: false,
    });
    expect((await repo('set', 'app', '--pull-request-refs', 'refs/heads/*')).stderr).to.match(
      /bad_setting: .*refs\/heads/,
    );
    expect((await repo('set', 'app', '--pull-request-labels', 'a b')).stderr).to.match(
      /bad_setting: .*globs of labels/,
    );
    await site.build('app', { ref: 'refs/pull/7/head', pullRequest: { ...pullRequest7, headRef: 'topic' } });
    await site.build('app');
    const builds = await volt(['builds', '--pull-request', '7', '--data', site.context.config.dataDir]);
    expect(builds.stdout)
      .to.match(/ #7 topic → main /)
      .and.not.match(/app#2/);
    const shown = await volt(['show', 'app#1', '--data', site.context.config.dataDir]);
    expect(shown.stdout).to.match(/^ {2}commit +0+1 of pull request #7 topic → main$/m);
    await repo('set', 'app', '--pull-requests', 'none');
  });

  it('sets where the pages of the project are, and shows the links', async () => {
    const own = ['--project', 'gitweb=https://git.example.org/?p=app.git', '--project'];
    const set = await repo('set', 'app', ...own, 'pull-request=https://review.example.org/{number}', '--json');
    expect(JSON.parse(set.stdout).project, set.stderr).to.deep.equal({
      gitweb: 'https://git.example.org/?p=app.git',
      'pull-request': 'https://review.example.org/{number}',
    });
    const shown = await volt(['show', 'app#1', '--data', site.context.config.dataDir]);
    expect(shown.stdout, shown.stderr)
      .to.match(/ https:\/\/git\.example\.org\/\?p=app\.git;a=commit;h=[0-9a-f]{40}\n/)
      .and.include(' https://review.example.org/7\n');
    expect((await repo('set', 'app', '--project', 'commit=javascript:alert(1)')).stderr).to.match(
      /bad_setting: page of the project: "commit" has no address of a web page/,
    );
    expect(JSON.parse((await repo('set', 'app', '--no-project', '--json')).stdout).project).to.deep.equal({});
  });

  it('lists the repositories and the errors of their polls', async () => {
    const { database } = site.context;
    await noteObserved(database, 'local', { defaultBranch: 'main', notice: 'a word\u0007to say' });
    const error = new VoltError('fetch_failed', 'cannot reach https://tok3n@git.example/', {
      remedy: 'See the cable.',
    });
    await noteObserveError(database, 'app', error, () => 90_000);
    const { stdout, code } = await repo('ls');
    expect(code).to.equal(0);
    expect(stdout).to.match(
      /^! +app +the default branch +every +30 s +never +workflows or tests +git@git\.example:acme\/app$/m,
    );
    expect(stdout).to.match(/^✔ +local +main +every +5 s +.+ +make +\/\S+ on \S+$/m);
    expect(stdout).to.match(/^! app: fetch_failed, first seen .*: cannot reach https:\/\/\*\*\*@git\.example\/$/m);
    expect(stdout).to.match(/^ {4}See the cable\. The next poll is in 1 min \d+ s\.$/m);
    expect(stdout).to.match(/^· local: a word to say$/m);
    expect(JSON.parse((await repo('ls', '--json')).stdout).repos).to.have.length(2);
  });

  it('shows a repository, and how the builds of a range have been', async () => {
    const { database } = site.context;
    await site.repository('shown', { runners: ['gpu'] });
    await noteObserved(database, 'shown', { defaultBranch: 'main', notice: null });
    const none = await repo('show', 'shown', '--range', '7d', '--branch', 'main');
    expect(none.stdout, none.stderr)
      .to.match(/^✔ shown\n {2}address {4}https:\/\/git\.example\/shown\.git\n {2}builds {5}main; every commit\n/)
      .and.match(/runs +workflow files, else auto-detected tests\n {2}runners +only with gpu\n/)
      .and.match(/no build has a result \(last 7 days of main\)/);
    for (const status of ['success', 'failure'] as const) {
      const id = await site.build('shown');
      await site.begin({ job: job(id), attempt: 1 });
      const tests = { passed: 40, failed: 0, skipped: 2, total: 42, listed: 42 };
      await site.finish(
        { job: job(id), attempt: 1 },
        { status, reason: status === 'success' ? null : 'exit_code', tests },
      );
    }
    const { stdout } = await repo('show', 'shown');
    expect(stdout)
      .to.match(/^last 100 builds: 50 % of 2 passed\n {2}duration +median \S+ s, p95 \S+ s\n {2}waited +median/m)
      .and.match(/^ {2}tests +42, 0 failed, 2 skipped$/m)
      .and.match(/^test +2 +50 % +\S+ s +\S+ s$/m);
    const whole = JSON.parse((await repo('show', 'shown', '--json')).stdout);
    expect(whole.repository).to.include({ name: 'shown' });
    expect(whole.statistics).to.deep.include({ passed: 1, failed: 1, complete: true });
    expect((await repo('show', 'shown', '--range', 'week')).stderr).to.match(
      /It must be days such as 30d, or a number/,
    );
    expect((await repo('show', 'gone')).stderr).to.match(/not_found/);
    await repo('rm', 'shown');
  });

  it('removes a repository', async () => {
    await site.build('app');
    const removed = await repo('rm', 'app');
    expect(removed.stdout).to.equal('stopped watching app; cancelling 3 open builds; its builds stay visible\n');
    const purged = await repo('rm', 'app', '--purge');
    expect(purged.stdout).to.include('deleting its builds, logs and results');
    await repo('rm', 'local');
    expect((await repo('ls')).stdout).to.match(/^no repositories; add one/);
  });

  it('prints help for each of its subcommands', async () => {
    for (const name of ['add', 'ls', 'show', 'set', 'rm']) {
      const { code, stdout } = await repo(name, '--help');
      expect(code).to.equal(0);
      expect(stdout)
        .to.match(new RegExp(`^Usage: volt repo ${name} `))
        .and.include(`volt repo ${name}`);
    }
  });
});
