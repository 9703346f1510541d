import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { volt } from '../support/cli.ts';
import { TestFolders } from '../support/folder.ts';
import { OpenIdProvider } from '../support/openid-provider.ts';
import { Site } from '../web/site.ts';

describe('volt provider', function () {
  this.timeout(60_000);
  const folders = new TestFolders();
  let site: Site;
  let corp: OpenIdProvider;
  let secretFile: string;

  before(async () => {
    site = await Site.start();
    const redirectUri = `${site.privateUrl}/sign-in/with/corp/callback`;
    corp = await OpenIdProvider.start(() => [{ id: 'volt', secret: 'the secret', redirectUri }], {});
    secretFile = join(folders.make(), 'secret');
    writeFileSync(secretFile, 'the secret\n');
  });
  after(async () => {
    await site.stop();
    await corp.stop();
    folders.remove();
  });

  const run = (...args: string[]) => volt(['provider', ...args, '--data', site.context.config.dataDir]);
  const about = () => ['--kind', 'oidc', '--url', corp.url, '--client-id', 'volt'];

  it('adds a provider, says where it must send browsers back to, checks it, changes it and removes it', async () => {
    const added = await run('add', 'corp', ...about(), '--client-secret-file', secretFile);
    expect(added.stdout)
      .to.include(`allow it to send browsers back to ${site.privateUrl}/sign-in/with/corp/callback`)
      .and.include('people can sign in with corp')
      .and.include('volt provider set corp --scope groups');
    expect((await run('add', 'corp', ...about())).stderr).to.include('name_taken');
    expect((await run('set', 'corp', '--scope', 'groups', '--title', 'Corp')).stdout).to.not.include('--scope groups');
    const listed = await run('ls');
    expect(listed.stdout).to.match(/corp +oidc +http\S+ +volt +yes +groups +http\S+callback/);
    expect((await run('ls', '--json')).stdout).to.not.include('the secret');
    writeFileSync(secretFile, 'a wrong one\n');
    const refused = await run('set', 'corp', '--client-secret-file', secretFile);
    expect(refused.code).to.equal(3);
    expect(refused.stderr)
      .to.include("does not accept Volt's client id and secret")
      .and.include('volt provider set corp --client-id');
    expect((await run('rm', 'corp')).stdout).to.include('removed the provider corp');
    expect((await run('check', 'corp')).stderr).to.include('not_found');
  });

  it('says in plain words what is wrong with the address of a provider', async () => {
    const refused = async (code: string, ...args: string[]) => {
      const { stderr } = await run('add', 'wrong', '--client-id', 'volt', ...args);
      expect(stderr).to.include(code);
      return stderr;
    };
    const oidc = ['--kind', 'oidc', '--url'];
    expect(await refused('bad_url', '--kind', 'oidc')).to.include('has no usual address');
    expect(await refused('bad_url', ...oidc, 'http://id.example')).to.include('--allow-http');
    expect(await refused('bad_url', ...oidc, 'https://me:pw@id.example')).to.not.include('pw');
    for (const url of ['ftp://id.example', 'id.example', 'https://id.example/?a=b', 'https://id.example/#a'])
      await refused('bad_url', ...oidc, url);
    expect(await refused('provider_refused', ...oidc, `${corp.url}/nothing`)).to.include('without a description');
    await run('rm', 'wrong');
    const closed = await refused('provider_unreachable', ...oidc, 'http://127.0.0.1:6000');
    expect(closed).to.include('http://127.0.0.1:6000/').and.include('never open its port').and.include('another port');
    await run('rm', 'wrong');
    const other = corp.url.replace('127.0.0.1', 'localhost');
    expect(await refused('provider_refused', ...oidc, other)).to.include(`calls itself ${corp.url}`);
    await run('rm', 'wrong');
    const copied = `${corp.url}/.well-known/openid-configuration`;
    const { stdout } = await run('add', 'copied', '--client-id', 'volt', ...oidc, copied);
    expect(stdout).to.include('added the provider copied');
    expect((await run('check', 'copied')).stderr).to.include('client id and secret');
  });

  it('says that its clock is wrong', async () => {
    writeFileSync(secretFile, 'the secret\n');
    corp.clock = 3_600_000;
    const { stderr } = await run('add', 'late', ...about(), '--client-secret-file', secretFile);
    expect(stderr).to.include('has a clock that differs').and.include('3 minutes');
  });
});
