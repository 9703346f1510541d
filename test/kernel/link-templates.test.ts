import { expect } from 'chai';
import { projectLinks } from '../../src/kernel/forge-links.ts';
import { linkKinds, wrongLink } from '../../src/kernel/link-templates.ts';

describe('links that a person gives', () => {
  const sha = 'c'.repeat(40);
  const of = (project: { [name: string]: string }, url = '/srv/git/app') =>
    projectLinks({ name: 'app', url, project }, []);

  it('are those of a kind of forge below the page of the project', () => {
    const gitlab = of({ gitlab: 'https://git.example.org/team/app/' });
    expect(gitlab?.page).to.equal('https://git.example.org/team/app');
    expect(gitlab?.commit(sha)).to.equal(`https://git.example.org/team/app/-/commit/${sha}`);
    expect(gitlab?.pullRequest(7)).to.equal('https://git.example.org/team/app/-/merge_requests/7');
    const gerrit = of({ gerrit: 'https://review.example.org/plugins/gitiles/tools/app' });
    expect(gerrit?.pullRequest(7)).to.equal('https://review.example.org/c/tools/app/+/7');
    const azure = of({ azure: 'https://dev.example.org/org/app/_git/app' });
    expect(azure?.file(sha, 'src/a b.ts', 3)).to.equal(
      `https://dev.example.org/org/app/_git/app?path=/src/a%20b.ts&version=GC${sha}&line=3`,
    );
    expect(azure?.file(sha, 'a', null)).to.match(/version=GCc{40}$/);
  });

  it('are those of programs that only show repositories', () => {
    const cgit = of({ cgit: 'https://git.example.org/app' });
    expect(cgit?.commit(sha)).to.equal(`https://git.example.org/app/commit/?id=${sha}`);
    expect(cgit?.branch('fix/a&b')).to.equal('https://git.example.org/app/log/?h=fix/a%26b');
    expect(cgit?.file(sha, 'src/a.c', 3)).to.equal(`https://git.example.org/app/tree/src/a.c?id=${sha}#n3`);
    expect(cgit?.pullRequest(7)).to.equal(undefined);
    const gitweb = of({ gitweb: 'https://git.example.org/?p=app.git' });
    expect(gitweb?.branch('fix;a=x')).to.equal(
      'https://git.example.org/?p=app.git;a=shortlog;h=refs/heads/fix%3Ba%3Dx',
    );
    const sourcehut = of({ sourcehut: 'https://git.sr.ht/~me/app' });
    expect(sourcehut?.file(sha, 'a.c', null)).to.equal(`https://git.sr.ht/~me/app/tree/${sha}/item/a.c`);
  });

  it('come from templates, which are before those of a kind and of a known forge', () => {
    const review = { 'pull-request': 'https://review.example.org/{repo}/{number}' };
    const links = of({ ...review, cgit: 'https://git.example.org/{repo}' }, 'https://github.com/acme/app.git');
    expect(links?.pullRequest(7)).to.equal('https://review.example.org/app/7');
    expect(links?.commit(sha)).to.equal(`https://git.example.org/app/commit/?id=${sha}`);
    const file = of({ file: 'https://git.example.org/{path}?at={commit}#line-{line}' });
    expect(file?.file(sha, 'a/b.ts', 3)).to.equal(`https://git.example.org/a/b.ts?at=${sha}#line-3`);
    expect(file?.file(sha, 'a/b.ts', null)).to.equal(`https://git.example.org/a/b.ts?at=${sha}`);
    expect(file?.page).to.equal(undefined);
  });

  it('lead nowhere else, whatever a branch or a file is called', () => {
    const links = of({
      branch: 'https://git.example.org/{branch}',
      file: 'https://git.example.org?f={path}#{line}',
    });
    const names = [
      '"><script>alert(1)</script>',
      "'onclick=x",
      '@evil.example/',
      '\\evil',
      '{commit}{repo}',
      '$&$1',
      '%2f',
    ];
    for (const name of names) {
      for (const link of [links?.branch(name), links?.file(sha, name, 1)]) {
        expect(new URL(link ?? '').host, name).to.equal('git.example.org');
        expect(link, name).to.match(/^[\w:/.?#=%'()$-]+$/);
      }
    }
  });

  const wrong: { readonly [problem: string]: { [name: string]: string }[] } = {
    'has no address of a web page': [
      { cgit: 'javascript:alert(1)' },
      { commit: 'javascript:alert("{commit}")' },
      { commit: 'data:text/html,{commit}' },
      { commit: '//git.example.org/{commit}' },
      { commit: 'https://me:word@git.example.org/{commit}' },
      { commit: 'https://{commit}.example.org/' },
      { commit: 'https://git.example.org{commit}' },
      { commit: 'https://git.example.org:{commit}/' },
      { commit: 'https://git.example.org:99999/{commit}' },
      { commit: 'https://git.example.org/{commit}\r\nLocation: /' },
      { commit: 'https://git.example.org/{commit}"><script>' },
      { commit: `https://git.example.org/{commit}${'a'.repeat(2000)}` },
    ],
    'is neither a kind of forge nor a page of a project': [
      { svn: 'https://git.example.org' },
      { constructor: 'https://git.example.org' },
    ],
    'are several kinds of forges': [{ cgit: 'https://git.example.org', gitea: 'https://git.example.org/a/b' }],
    'has no {commit} in its address': [{ commit: 'https://git.example.org/' }],
    'cannot have {sha} in its address': [{ commit: 'https://git.example.org/{sha}{commit}' }],
    'cannot have {commit} in its address': [{ gitea: 'https://git.example.org/{commit}' }],
    'has a single brace in its address': [{ commit: 'https://git.example.org/{commit}}' }],
    'has {line} elsewhere than in the last part of its address': [{ file: 'https://git.example.org/{line}/{path}' }],
    'has a "?" or "#" in its address': [{ cgit: 'https://git.example.org/?p=app' }],
    'has no "?p=PROJECT" at the end of its address': [{ gitweb: 'https://git.example.org/app' }],
  };
  for (const [problem, given] of Object.entries(wrong)) {
    it(`are refused if one ${problem}`, () => {
      for (const one of given) expect(wrongLink(one)?.problem, JSON.stringify(one)).to.equal(problem);
    });
  }

  it('are accepted for each kind', () => {
    for (const kind of linkKinds) {
      const address = `https://git.example.org/${kind === 'gitweb' ? '?p=' : ''}{repo}`;
      expect(wrongLink({ [kind]: address }), kind).to.equal(undefined);
      expect(of({ [kind]: address })?.commit(sha), kind).to.match(/^https:\/\/git\.example\.org\/[^{}]+c{40}$/);
    }
    expect(wrongLink({ page: 'http://[::1]:8080/app', file: 'https://h/{path}?x={commit}&l={line}' })).to.equal(
      undefined,
    );
  });
});
