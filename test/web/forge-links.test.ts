import { expect } from 'chai';
import { newStep } from '../../src/kernel/model/new-step.ts';
import { bodyOf, job, Site } from './site.ts';

describe('web: links to the forge', () => {
  const sha = 'c'.repeat(40);
  let site: Site;
  before(async () => {
    site = await Site.start();
    await site.repository('app', { url: 'https://github.com/acme/app.git' });
    await site.repository('local', { url: '/srv/git/local' });
    await site.repository('own');
  });
  after(() => site.stop());

  const pullRequest = { number: 7, headRef: 'topic', baseRef: 'main', base: sha, merge: null, same: true };

  it('are on the pages of a build and of its repository', async () => {
    const build = await site.build('app', { sha });
    const page = await site.page(`/builds/${build}`);
    expect(page).to.include(`href="https://github.com/acme/app/commit/${sha}"`);
    expect(page).to.match(/href="https:\/\/github\.com\/acme\/app\/tree\/main">\s*at github\.com</);
    expect(await site.page('/repos/app')).to.match(/href="https:\/\/github\.com\/acme\/app">\s*github\.com\s*</);
    expect(await site.page('/builds?repo=app')).to.match(
      new RegExp(`href="https://github.com/acme/app/commit/${sha}">\\s*<code`),
    );
  });

  it('lead to the pull request of a build, in the API too', async () => {
    const build = await site.build('app', { sha, ref: 'refs/pull/7/head', pullRequest });
    const url = 'https://github.com/acme/app/pull/7';
    expect(await site.page(`/builds/${build}`)).to.include(`href="${url}"`);
    const shown = await site.json(`/api/v1/builds/${build}`);
    expect(shown.pullRequest.url).to.equal(url);
    expect(shown.commitUrl).to.equal(`https://github.com/acme/app/commit/${sha}`);
    const { builds } = await bodyOf(await site.fetch('/api/v1/builds?pull=7'));
    expect(builds[0].pullRequest.url).to.equal(url);
  });

  it('lead to files of the commit only, whatever path an annotation names', async () => {
    const build = await site.build('app', { sha });
    await site.begin({ job: job(build), attempt: 1 });
    const annotations = ['src/a.ts', '../../evil', '/etc/passwd', 'javascript:alert(1)'].map((file) => ({
      ...{ level: 'error' as const, title: null, message: 'wrong', file },
      ...{ line: 3, endLine: null, column: null, endColumn: null, logStart: null },
    }));
    await site.finish({ job: job(build), attempt: 1 }, { steps: [{ ...newStep('lint'), annotations }] });
    const page = await site.page(`/builds/${build}`);
    expect(page).to.include(`href="https://github.com/acme/app/blob/${sha}/src/a.ts#L3"`);
    expect(page)
      .to.include('../../evil')
      .and.not.match(/href="[^"]*(evil|passwd)/);
    expect(page).to.not.match(/href="javascript:/i);
  });

  it('lead to the pages that a person has given', async () => {
    const project = { cgit: 'https://git.example.org/{repo}', 'pull-request': 'https://review.example.org/{number}' };
    const changed = await site.fetch('/api/v1/repos/own', {
      ...{ method: 'PATCH', body: JSON.stringify({ project }) },
      headers: { authorization: `Bearer ${site.token}`, 'content-type': 'application/json' },
    });
    expect(await bodyOf(changed)).to.deep.include({ project });
    expect(await site.page('/repos/own/settings'))
      .to.match(/href="https:\/\/git\.example\.org\/own">\s*git\.example\.org\s*</)
      .and.to.include('pull-request: https://review.example.org/{number}');
    const branch = await site.build('own', { sha, ref: 'refs/heads/"><script>alert(1)</script>' });
    const page = await site.page(`/builds/${branch}`);
    expect(page).to.include(`href="https://git.example.org/own/commit/?id=${sha}"`);
    expect(page).to.include('href="https://git.example.org/own/log/?h=%22%3E%3Cscript%3Ealert(1)%3C/script%3E"');
    expect(page).to.not.include('<script>alert');
    const build = await site.build('own', { sha, ref: 'refs/pull/7/head', pullRequest });
    expect(await site.page(`/builds/${build}`)).to.match(
      /href="https:\/\/review\.example\.org\/7">\s*at review\.example\.org</,
    );
    expect((await site.json(`/api/v1/builds/${build}`)).pullRequest.url).to.equal('https://review.example.org/7');
  });

  it('are refused where a page would run a script', async () => {
    const answer = await site.post('/api/v1/repos', {
      ...{ name: 'evil', url: 'https://git.example/evil.git' },
      project: { commit: 'javascript:alert("{commit}")' },
    });
    expect(answer.status).to.equal(400);
    expect((await bodyOf(answer)).error).to.include({ code: 'bad_setting' });
  });

  it('are missing where no forge is known', async () => {
    const build = await site.build('local', { ref: 'refs/pull/7/head', pullRequest });
    expect(await site.page(`/builds/${build}`)).to.not.match(/<a [^>]*href="https?:/);
    expect((await site.json(`/api/v1/builds/${build}`)).pullRequest.url).to.equal(null);
  });
});
