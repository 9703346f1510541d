import { expect } from 'chai';
import type { ForgeKind } from '../../src/kernel/forge-kinds.ts';
import { projectLinks } from '../../src/kernel/forge-links.ts';

describe('links to a forge', () => {
  const sha = 'c'.repeat(40);
  const of = (url: string, kind?: ForgeKind, api = '') =>
    projectLinks({ name: 'app', url, project: {} }, kind ? [{ kind, api, repos: [] }] : []);

  it('are known for hosted forges by the address of the repository', () => {
    const github = of('git@github.com:acme/app.git');
    expect(github?.page).to.equal('https://github.com/acme/app');
    expect(github?.commit(sha)).to.equal(`https://github.com/acme/app/commit/${sha}`);
    expect(github?.pullRequest(7)).to.equal('https://github.com/acme/app/pull/7');
    expect(github?.branch('fix/a#b')).to.equal('https://github.com/acme/app/tree/fix/a%23b');
    expect(github?.file(sha, 'src/a b.ts', 3)).to.equal(`https://github.com/acme/app/blob/${sha}/src/a%20b.ts#L3`);
    expect(of('https://gitlab.com/a/b/app.git')?.pullRequest(7)).to.equal(
      'https://gitlab.com/a/b/app/-/merge_requests/7',
    );
    expect(of('https://codeberg.org/acme/app.git')?.pullRequest(7)).to.equal('https://codeberg.org/acme/app/pulls/7');
    expect(of('https://bitbucket.org/acme/app.git')?.commit(sha)).to.equal(
      `https://bitbucket.org/acme/app/commits/${sha}`,
    );
    expect(of('https://pagure.io/app.git')?.pullRequest(7)).to.equal('https://pagure.io/app/pull-request/7');
    expect(of('https://dev.azure.com/org/app/_git/app')?.pullRequest(7)).to.equal(
      'https://dev.azure.com/org/app/_git/app/pullrequest/7',
    );
  });

  it('are known for a forge that Volt sends statuses to, below its own address', () => {
    const gitlab = of('git@git.example.org:acme/app.git', 'gitlab', 'http://git.example.org:8080/lab/api/v4');
    expect(gitlab?.commit(sha)).to.equal(`http://git.example.org:8080/lab/acme/app/-/commit/${sha}`);
    const dc = of('ssh://git@bb.example.org:7999/TEAM/app.git', 'bitbucket-dc', 'https://bb.example.org/rest');
    expect(dc?.pullRequest(7)).to.equal('https://bb.example.org/projects/TEAM/repos/app/pull-requests/7');
    const gerrit = of('ssh://me@review.example.org:29418/tools/app', 'gerrit', 'https://review.example.org/a');
    expect(gerrit?.pullRequest(7)).to.equal('https://review.example.org/c/tools/app/+/7');
  });

  it('are unknown for a path and for other hosts', () => {
    for (const url of ['/srv/git/app', 'https://git.example.org/acme/app.git', 'https://github.com.evil.example/a/b'])
      expect(of(url), url).to.equal(undefined);
  });

  it('lead nowhere else, whatever a branch or a file is called', () => {
    const github = of('https://github.com/acme/app.git');
    const made = [github?.branch('"><script>?#'), github?.file(sha, 'a"b?c#d%2f', null)];
    for (const link of made) expect(link).to.match(/^https:\/\/github\.com\/acme\/app\/(tree|blob)\/[\w/%.-]+$/);
  });
});
