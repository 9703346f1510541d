import { expect } from 'chai';
import { volt } from '../support/cli.ts';
import { job, Site } from './site.ts';

describe('web: search', () => {
  let site: Site;
  let build: string;
  before(async () => {
    site = await Site.start();
    await site.repository('chalk');
    build = await site.build('chalk', { subject: 'Begin with <red>', author: 'Ada Lovelace' });
    await site.finish({ job: job(build as never), attempt: 1 }, { status: 'failure', reason: 'exit_code' });
  });
  after(() => site.stop());

  it('answers each result with its status and the path of its page', async () => {
    const { results } = await site.json('/api/v1/search?q=red');
    expect(results).to.deep.equal([
      {
        ...{ kind: 'build', name: '#1', repo: 'chalk', detail: 'Begin with <red>', status: 'failure' },
        ...{ failing: false, build, path: `/builds/${build}` },
      },
    ]);
    const authors = await site.json('/api/v1/search?q=love&kind=author');
    expect(authors.results[0]).to.include({ name: 'Ada Lovelace', path: '/builds?author=Ada+Lovelace' });
    for (const { path } of [...results, ...authors.results])
      expect((await site.fetch(path)).status, path).to.equal(200);
  });

  it('refuses a kind and a limit that there are not', async () => {
    for (const query of ['kind=runner', 'limit=51', 'limit=0', `q=${'a'.repeat(201)}`, 'repo=%2E%2E'])
      expect((await site.fetch(`/api/v1/search?${query}`)).status, query).to.equal(400);
  });

  it('shows its results as a page, with a tab for each kind', async () => {
    const page = await site.page('/search?q=red');
    expect(page).to.include(`<a href="/builds/${build}">`).and.include('Begin with &lt;red&gt;');
    expect(page).to.include('href="/search?q=red&amp;kind=build"');
    expect(await site.page('/search?q=red&kind=branch')).to.include('Nothing found for “red”');
  });

  it('prints its results on the command line', async () => {
    const options = { env: { VOLT_URL: site.url, VOLT_TOKEN: site.token } };
    const { stdout, code } = await volt(['search', 'begin', 'red'], options);
    expect(code).to.equal(0);
    expect(stdout).to.match(/KIND +REPOSITORY +NAME +DETAIL\n. +build +chalk +#1 +Begin with <red>/);
    expect((await volt(['search', 'no', 'such'], options)).stdout).to.equal('nothing found\n');
  });
});
