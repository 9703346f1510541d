import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { volt } from '../support/cli.ts';
import { FakeForge, forgeToken } from '../support/fake-forge.ts';
import { FakeGithubApp } from '../support/fake-github-app.ts';
import { TestFolders } from '../support/folder.ts';
import { bodyOf, Site } from '../web/site.ts';

describe('volt forge', function () {
  this.timeout(60_000);
  const folders = new TestFolders();
  let site: Site;
  let fake: FakeForge;
  let tokenFile: string;

  before(async () => {
    site = await Site.start();
    await site.repository('app');
    fake = await FakeForge.start('forgejo');
    tokenFile = join(folders.make(), 'token');
    writeFileSync(tokenFile, `${forgeToken}\n`);
  });
  after(async () => {
    await site.stop();
    await fake.stop();
    folders.remove();
  });

  const run = (...args: string[]) => volt(['forge', ...args, '--data', site.context.config.dataDir]);

  it('adds a forge with `add` and checks it, lists it without its token, changes it and removes it', async () => {
    const about = ['--kind', 'forgejo', '--api', fake.url, '--token-file', tokenFile, '--repo', 'app=acme/app'];
    const added = await run('add', 'git', ...about);
    expect(added.stdout).to.include('added the forge git').and.include('git accepts statuses of app (acme/app)');
    expect(fake.rows).to.deep.equal([]);
    const listed = (await run('ls')).stdout;
    expect(listed)
      .to.match(/git +forgejo +http\S+\/api\/v1 +app=acme\/app +no +0 +checked/)
      .and.not.include(forgeToken);
    expect((await run('add', 'git', ...about)).stderr).to.include('name_taken');
    fake.token = 'new-token';
    const refused = await run('check', 'git');
    expect(refused.code).to.equal(3);
    expect(refused.stderr).to.include('the token is not valid').and.include('volt forge set git --token-file');
    writeFileSync(tokenFile, 'new-token\n');
    expect((await run('set', 'git', '--token-file', tokenFile)).stdout).to.include('git accepts statuses');
    expect((await run('rm', 'git')).stdout).to.include('removed the forge git');
    expect((await run('ls')).stdout).to.include('no forges');
  });

  it('gives jobs a token and takes it away again, and never shows it', async () => {
    fake.token = forgeToken;
    writeFileSync(tokenFile, `${forgeToken}\n`);
    const jobs = join(folders.make(), 'jobs');
    writeFileSync(jobs, 'token-for-jobs\n');
    const about = ['--kind', 'forgejo', '--api', fake.url, '--token-file', tokenFile, '--job-token-file', jobs];
    expect((await run('add', 'jobs', ...about)).code).to.equal(0);
    const listed = (await run('ls', '--json')).stdout;
    expect(JSON.parse(listed).forges[0]).to.include({ name: 'jobs', givesJobToken: true });
    expect(listed).to.not.include('token-for-jobs');
    expect((await run('set', 'jobs', '--no-job-token')).code).to.equal(0);
    expect((await run('ls')).stdout).to.match(/jobs +forgejo .* no +0 /);
    await run('rm', 'jobs');
  });

  it('keeps a forge that fails its check, and sends it nothing', async () => {
    writeFileSync(tokenFile, 'a-wrong-one\n');
    const added = await run('add', 'bad', '--kind', 'forgejo', '--api', fake.url, '--token-file', tokenFile);
    expect(added.code).to.equal(3);
    expect(added.stdout).to.include('added the forge bad');
    expect(added.stderr).to.include('forge_refused').and.not.include('a-wrong-one');
    expect((await run('ls')).stdout).to.include('not checked');
    await run('rm', 'bad');
  });

  it('refuses a missing or empty file, an unknown kind, and an address with a password', async () => {
    expect((await run('add', 'x', '--kind', 'github')).stderr).to.include('--token-file FILE');
    expect((await run('add', 'x', '--kind', 'github', '--token-file', '/none')).stderr).to.include(
      'cannot read the token',
    );
    expect((await run('add', 'x', '--kind', 'github', '--token-file', '/dev/null')).stderr).to.include(
      'does not contain',
    );
    expect((await run('add', 'x', '--kind', 'svn', '--token-file', tokenFile)).code).to.equal(2);
    const api = 'https://me:secret@git.example.org';
    const refused = await run('add', 'x', '--kind', 'gitea', '--api', api, '--token-file', tokenFile);
    expect(refused.stderr).to.include('bad_url').and.not.include('secret');
  });

  it('adds a GitHub App by its id and key, and says where to install it', async () => {
    const hub = await FakeForge.start('github');
    const app = new FakeGithubApp(hub);
    hub.app = app;
    try {
      const keyFile = join(folders.make(), 'key.pem');
      writeFileSync(keyFile, app.key);
      const own = ['--app-id', String(app.id), '--app-key-file', keyFile];
      const about = ['--kind', 'github', '--api', hub.url, '--repo', 'app=acme/app', ...own];
      expect((await run('add', 'hub', ...about)).stdout).to.include('hub accepts statuses of app (acme/app)');
      const listed = (await run('ls')).stdout;
      expect(listed).to.include(`github (App ${app.id})`).and.not.include('PRIVATE KEY');
      app.installed = [];
      expect((await run('check', 'hub')).stderr).to.include(`${app.page}/installations/new`);
      writeFileSync(keyFile, 'no key');
      const refused = await run('set', 'hub', '--app-key-file', keyFile);
      expect(refused.stderr).to.include('bad_request').and.include('Generate a private key');
      expect((await run('add', 'x', '--kind', 'github', '--app-id', 'me')).code).to.equal(2);
      await run('rm', 'hub');
    } finally {
      await hub.stop();
    }
  });

  it('is for administrators only, who the audit log names', async () => {
    const { token } = await bodyOf(await site.post('/api/v1/tokens', { name: 'writer', role: 'approve' }));
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ name: 'evil', kind: 'gitea', api: fake.url, token: forgeToken });
    const asked = [
      ['/api/v1/forges', 'POST'],
      ['/api/v1/forges', 'GET'],
      ['/api/v1/forges/git', 'PATCH'],
      ['/api/v1/forges/git/check', 'POST'],
      ['/api/v1/forges/git', 'DELETE'],
    ] as const;
    for (const [path, method] of asked) {
      const init = { method, headers, ...(method !== 'GET' && { body }) };
      expect((await site.fetch(path, init)).status, `${method} ${path}`).to.equal(403);
      const { authorization: _, ...without } = headers;
      expect((await site.fetch(path, { ...init, headers: without })).status, `${method} ${path}`).to.equal(401);
    }
    expect((await site.post('/api/v1/forges', JSON.parse(body))).status).to.equal(201);
    const log = (await volt(['audit', '--data', site.context.config.dataDir, '--json'])).stdout;
    expect(JSON.parse(log).entries[0]).to.include({
      actor: 'owner',
      action: 'forges.add',
      target: 'evil',
      status: 201,
    });
    expect(log).to.not.include(forgeToken);
    await run('rm', 'evil');
  });
});
