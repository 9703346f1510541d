import { expect } from 'chai';
import { apiAddress, type ForgeKind } from '../../src/kernel/forge-kinds.ts';
import { isForgeEntry, projectAt } from '../../src/kernel/forge-projects.ts';

describe('the project of a repository at a forge', () => {
  const github = { kind: 'github', api: 'https://api.github.com', repos: [] } as const;
  const own = { kind: 'gitlab', api: 'https://git.example.org/gitlab/api/v4', repos: [] } as const;

  it('comes from the address of the repository, however that is written', () => {
    const addresses = [
      'https://github.com/acme/app.git',
      'https://x-access-token@github.com/acme/app',
      'git@github.com:acme/app.git',
      'ssh://git@github.com:22/acme/app.git/',
      'https://GitHub.com/acme/app',
    ];
    for (const url of addresses) expect(projectAt(github, { name: 'app', url }), url).to.equal('acme/app');
  });

  it('lacks the path that the forge itself is below', () => {
    const url = 'https://git.example.org/gitlab/group/sub/app.git';
    expect(projectAt(own, { name: 'app', url })).to.equal('group/sub/app');
    expect(projectAt(own, { name: 'app', url: 'git@git.example.org:group/sub/app.git' })).to.equal('group/sub/app');
  });

  it('is found in the addresses of forges that write more than the project', () => {
    const own = (kind: ForgeKind, api: string) => ({ kind, api, repos: [] });
    const dc = own('bitbucket-dc', 'https://bb.example.org/rest');
    for (const url of ['https://bb.example.org/scm/TEAM/app.git', 'ssh://git@bb.example.org:7999/TEAM/app.git'])
      expect(projectAt(dc, { name: 'app', url })).to.equal('TEAM/app');
    const azure = own('azure', 'https://dev.azure.com');
    for (const url of ['https://me@dev.azure.com/org/My%20App/_git/app', 'git@ssh.dev.azure.com:v3/org/My%20App/app'])
      expect(projectAt(azure, { name: 'app', url })).to.equal('org/My App/app');
    const gerrit = own('gerrit', 'https://review.example.org/r/a');
    for (const url of ['https://review.example.org/r/a/tools/app', 'ssh://me@review.example.org:29418/tools/app'])
      expect(projectAt(gerrit, { name: 'app', url })).to.equal('tools/app');
    expect(projectAt(gerrit, { name: 'app', url: 'https://review.example.org/r/app' })).to.equal('app');
    const pagure = own('pagure', 'https://pagure.io/api/0');
    expect(projectAt(pagure, { name: 'app', url: 'https://pagure.io/app.git' })).to.equal('app');
    const bitbucket = own('bitbucket', 'https://api.bitbucket.org/2.0');
    expect(projectAt(bitbucket, { name: 'app', url: 'git@bitbucket.org:acme/app.git' })).to.equal('acme/app');
  });

  it('is none where the repository is at another host, a path, or could lead to another part of the API', () => {
    const addresses = [
      'https://gitlab.com/acme/app.git',
      'https://github.com.evil.example/acme/app.git',
      'https://evil.example/github.com/acme/app.git',
      '/srv/git/acme/app',
      'https://github.com/app',
      'https://github.com/acme/../../user',
      'https://github.com/acme/app?x=/',
      'https://github.com/acme/%2e%2e',
    ];
    for (const url of addresses) expect(projectAt(github, { name: 'app', url }), url).to.equal(undefined);
  });

  it('is none for a repository that the forge is not for', () => {
    const url = 'https://github.com/acme/app.git';
    expect(projectAt({ ...github, repos: ['web-*'] }, { name: 'app', url })).to.equal(undefined);
    expect(projectAt({ ...github, repos: ['web-*', 'a*'] }, { name: 'app', url })).to.equal('acme/app');
    expect(projectAt({ ...github, repos: ['web=acme/web'] }, { name: 'app', url })).to.equal(undefined);
  });

  it('is what a person has named, whatever the address', () => {
    const scope = { ...github, repos: ['app=acme/renamed'] };
    expect(projectAt(scope, { name: 'app', url: '/srv/git/app' })).to.equal('acme/renamed');
  });

  it('can only be named in a form that stays within it', () => {
    expect(
      ['app', 'web-*', '*', 'app=acme/app', 'app=a/b/c'].filter((entry) => !isForgeEntry('github', entry)),
    ).to.deep.equal([]);
    const wrong = [
      '',
      'App',
      'app=',
      'app=app',
      'app=../x',
      'app=a/..',
      'app=a/b?c',
      'web-*=a/b',
      'app=/a/b',
      'app=a//b',
    ];
    expect(wrong.filter((entry) => isForgeEntry('github', entry))).to.deep.equal([]);
  });
});

describe('the address of a forge', () => {
  it('may be that of the forge or of its API', () => {
    for (const given of ['https://git.example.org', 'https://git.example.org/', 'https://git.example.org/api/v1/'])
      expect(apiAddress('forgejo', given), given).to.equal('https://git.example.org/api/v1');
    expect(apiAddress('gitlab', 'http://10.0.0.5:8080/gitlab')).to.equal('http://10.0.0.5:8080/gitlab/api/v4');
    for (const given of [undefined, 'https://github.com', 'https://api.github.com/'])
      expect(apiAddress('github', given)).to.equal('https://api.github.com');
  });

  it('is refused with a password, a query or another scheme, and where only a person can know it', () => {
    const wrong = [
      'https://me:secret@git.example.org',
      'https://git.example.org/?x',
      'file:///etc',
      'git.example.org',
      '',
    ];
    for (const given of wrong) expect(apiAddress('gitea', given), given).to.equal(undefined);
    expect(apiAddress('gitea', undefined)).to.equal(undefined);
  });
});
