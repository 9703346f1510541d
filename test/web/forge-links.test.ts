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
  });
  after(() => site.stop());

  const pullRequest = { number: 7, headRef: 'topic', baseRef: 'main', base: sha, merge: null, same: true };

  it('are on the pages of a build and of its repository', async () => {
    const build = await site.build('app', { sha });
    const page = await site.page(`/builds/${build}`);
    expect(page).to.include(`href="https://github.com/acme/app/commit/${sha}"`);
    expect(page).to.match(/href="https:\/\/github\.com\/acme\/app\/tree\/main">\s*at GitHub/);
    expect(await site.page('/repos/app')).to.include('<a href="https://github.com/acme/app">GitHub</a>');
  });

  it('lead to the pull request of a build, in the API too', async () => {
    const build = await site.build('app', { ref: 'refs/pull/7/head', pullRequest });
    const url = 'https://github.com/acme/app/pull/7';
    expect(await site.page(`/builds/${build}`)).to.include(`href="${url}"`);
    expect((await site.json(`/api/v1/builds/${build}`)).pullRequest.url).to.equal(url);
    const { builds } = await bodyOf(await site.fetch('/api/v1/builds?pull=7'));
    expect(builds[0].pullRequest.url).to.equal(url);
  });

  it('lead to files of the commit only, whatever path an annotation names', async () => {
    const build = await site.build('app', { sha });
    await site.begin({ job: job(build), attempt: 1 });
    const annotations = ['src/a.ts', '../../evil', '/etc/passwd', 'javascript:alert(1)'].map((file) => ({
      ...{ level: 'error' as const, title: null, message: 'wrong', file },
      ...{ line: 3, endLine: null, column: null, endColumn: null },
    }));
    await site.finish({ job: job(build), attempt: 1 }, { steps: [{ ...newStep('lint'), annotations }] });
    const page = await site.page(`/builds/${build}`);
    expect(page).to.include(`href="https://github.com/acme/app/blob/${sha}/src/a.ts#L3"`);
    expect(page)
      .to.include('../../evil')
      .and.not.match(/href="[^"]*(evil|passwd)/);
    expect(page).to.not.match(/href="javascript:/i);
  });

  it('are missing where no forge is known', async () => {
    const build = await site.build('local', { ref: 'refs/pull/7/head', pullRequest });
    expect(await site.page(`/builds/${build}`)).to.not.match(/<a [^>]*href="https?:/);
    expect((await site.json(`/api/v1/builds/${build}`)).pullRequest.url).to.equal(null);
  });
});
