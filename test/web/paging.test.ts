import { expect } from 'chai';
import { pageOfRunners } from '../../src/web/status/runner-list.ts';
import { runnerMember } from '../support/members.ts';
import { Site } from './site.ts';

describe('web: long lists', () => {
  let site: Site;
  before(async () => {
    site = await Site.start();
    for (const name of ['alpha', 'beta', 'gamma', 'de_lta']) await site.repository(name);
  });
  after(() => site.stop());

  /** Names of all pages, and how many pages there were. */
  async function followed(path: string, list: 'repos' | 'runners'): Promise<[names: string[], pages: number]> {
    const names: string[] = [];
    let pages = 0;
    for (let next: string | null = path; next !== null; pages++) {
      const answer: Response = await site.fetch(next);
      const body = (await answer.json()) as { [name: string]: { name: string }[] };
      names.push(...(body[list] ?? []).map(({ name }) => name));
      next = /^<(.*)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1] ?? null;
    }
    return [names, pages];
  }

  it('of repositories are paged by name and filtered by text', async () => {
    expect(await followed('/api/v1/repos?limit=3', 'repos')).to.deep.equal([['alpha', 'beta', 'de_lta', 'gamma'], 2]);
    expect(await followed('/api/v1/repos?limit=2', 'repos')).to.deep.equal([['alpha', 'beta', 'de_lta', 'gamma'], 2]);
    expect(await followed('/api/v1/repos?text=ALPHA.git', 'repos')).to.deep.equal([['alpha'], 1]);
    expect((await followed('/api/v1/repos?text=e_l', 'repos'))[0], 'no wildcard').to.deep.equal(['de_lta']);
    expect((await site.fetch('/api/v1/repos?limit=501')).status).to.equal(400);
    const page = await site.page('/repos?text=bet');
    expect(page).to.include('href="/repos/beta"').and.not.include('href="/repos/alpha"');
    expect(await site.page('/repos?text=nothing')).to.include('No repositories match.');
  });

  it('of runners are paged in natural order and filtered by text and label', async () => {
    for (const name of ['box-10', 'box-9', 'box-1']) await site.runner(name, { labels: ['linux'] });
    await site.runner('arm', { labels: ['arm64'] });
    expect(await followed('/api/v1/runners?limit=3', 'runners')).to.deep.equal([
      ['arm', 'box-1', 'box-9', 'box-10'],
      2,
    ]);
    expect((await followed('/api/v1/runners?label=arm64', 'runners'))[0]).to.deep.equal(['arm']);
    expect((await followed('/api/v1/runners?text=BOX-1', 'runners'))[0]).to.deep.equal(['box-1', 'box-10']);
    expect(await site.page('/runners?text=nobody')).to.include('No runners match.');
  });

  it('of runners continue after a runner that is gone', () => {
    const runners = ['a~1', 'b~1', 'c~1', 'd~1'].map((id) => runnerMember(id));
    const first = pageOfRunners(runners, { limit: 2 });
    expect(first.next).to.equal('b~1');
    const left = runners.filter(({ id }) => id !== 'b~1');
    expect(pageOfRunners(left, { limit: 2, after: first.next ?? '' }).runners.map(({ id }) => id)).to.deep.equal([
      'c~1',
      'd~1',
    ]);
  });
});
