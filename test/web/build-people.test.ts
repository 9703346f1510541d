import { expect } from 'chai';
import type { BuildId } from '../../src/kernel/model.ts';
import { noteIdentity } from '../../src/record/identities.ts';
import { openRetry, openTrigger } from '../../src/record/intents.ts';
import { administrator } from '../../src/record/visibility.ts';
import { cancelBuild } from '../../src/web/requests/builds.ts';
import { volt } from '../support/cli.ts';
import { Site } from './site.ts';

/** Who asks for something in the place of a session. */
const byAda = {
  caller: { name: 'ada', person: null, token: null, rights: [{ role: 'admin' as const, repos: ['*'], private: true }] },
  reader: administrator,
};

const ada = {
  ...{ provider: 'corp', issuer: 'https://id.example', subject: 'ada', login: 'ada', displayName: 'Ada Lovelace' },
  ...{ groups: [], addresses: ['ada@example.org'] },
};

describe('web: the people behind commits and requests', () => {
  let site: Site;
  let mapped: BuildId;
  let foreign: BuildId;
  before(async () => {
    site = await Site.start();
    await site.repository('app', { visibility: 'public' });
    await noteIdentity(site.context.database, site.context.config, ada);
    mapped = await site.build('app', { author: 'countess', authorAddress: 'Ada@Example.org' });
    foreign = await site.build('app', { author: 'Mallory', authorAddress: 'mallory@example.org' });
  });
  after(() => site.stop());

  const builds = async (query: string, cookie?: string): Promise<BuildId[]> => {
    const page = await site.page(`/builds?${query}`, cookie === undefined ? {} : { cookie });
    return [...page.matchAll(/href="\/builds\/(\d+)" draggable/g)].map(([, id]) => id as BuildId);
  };

  it('are named by the address of the commit, which itself is shown to nobody, beside what the commit says', async () => {
    const { builds: list } = await site.json('/api/v1/builds');
    expect(list.map(({ author, person }: { author: string; person: object }) => [author, person])).to.deep.equal([
      ['Mallory', null],
      ['countess', { name: 'ada', displayName: 'Ada Lovelace' }],
    ]);
    const pages = ['/', '/builds', '/repos', '/repos/app', '/repos/app/branches', `/builds/${mapped}`];
    for (const path of [...pages, '/api/v1/builds', `/api/v1/builds/${mapped}`, '/builds.atom'])
      expect((await (await site.fetch(path)).text()).toLowerCase(), path).to.not.include('@example.org');
    expect(await site.page('/builds')).to.include('title="The commit says countess">Ada Lovelace<');
    const page = await site.page(`/builds/${mapped}`);
    expect(page).to.include('>Ada Lovelace</a>').and.include(' as countess<').and.include('>AL<');
  });

  it('are found by what the commits say, and by names of people', async () => {
    for (const author of ['countess', 'lovelace', 'ada'])
      expect(await builds(`author=${author}`)).to.deep.equal([mapped]);
    expect(await builds('author=mallory')).to.deep.equal([foreign]);
  });

  it('are not told to visitors of public repositories, who can not search for them either', async () => {
    const other = await Site.start({ reading: 'token' });
    try {
      await other.repository('app', { visibility: 'public' });
      await noteIdentity(other.context.database, other.context.config, ada);
      const id = await other.build('app', { author: 'countess', authorAddress: 'ada@example.org' });
      await cancelBuild(await other.web(), byAda, id);
      await openRetry(other.context.database, 'app', id, { job: null, failedOnly: false }, 'ada');
      for (const path of [
        '/',
        '/builds',
        '/repos',
        '/repos/app',
        `/builds/${id}`,
        `/api/v1/builds/${id}`,
        '/api/v1/builds',
      ])
        expect(await (await other.fetch(path)).text(), path).to.not.include('Lovelace');
      expect((await other.json('/api/v1/builds?author=lovelace')).builds).to.deep.equal([]);
      expect((await other.json('/api/v1/builds?author=countess')).builds).to.have.length(1);
    } finally {
      await other.stop();
    }
  });

  it('who have asked for something are named with their names, by commands and pages', async () => {
    await cancelBuild(await site.web(), byAda, mapped);
    const env = { VOLT_URL: site.url, VOLT_TOKEN: site.token };
    const shown = (await volt(['show', 'app#1'], { env })).stdout;
    expect(shown).to.include('by Ada Lovelace (ada), as countess').and.include('cancelled by Ada Lovelace (ada) ');
    expect(await site.page(`/builds/${mapped}`)).to.include('Cancelled by Ada Lovelace');
  });

  it('who have asked for a build or retried it are in lists of builds, if one may know them', async () => {
    const { database } = site.context;
    const env = { VOLT_URL: site.url, VOLT_TOKEN: site.token };
    await site.repository('lib', { visibility: 'public' });
    await site.build('lib');
    const list = async () => (await volt(['builds', '--repo', 'lib'], { env })).stdout;
    expect(await list()).to.not.include('BY');
    const asked = await openTrigger(database, 'lib', null, null, 'ada');
    await site.build('lib', { trigger: 'manual', intent: asked });
    expect(await list()).to.match(/AGE +BY +SUBJECT\n.* ada +Change \d+\n.* {4,}Change \d+\n/);
    expect(await site.page('/builds?repo=lib')).to.include('>triggered by Ada Lovelace<');
    const { builds: made } = await site.json('/api/v1/builds?repo=lib');
    await openRetry(database, 'lib', made[1].id, { job: null, failedOnly: false }, 'robot');
    expect(await list()).to.match(/ ada +Change \d+\n.* robot \(retry\) +Change \d+\n/);
    expect(await site.page('/builds?repo=lib')).to.include('>retried by robot<');
  });

  it('who have signed in find their own commits without saying a name, and give nobody else a right by an address', async () => {
    const cookie = await site.signInAs('ada');
    // another sign-in tells no address any more; the first commits stay hers by one that an administrator has set
    await site.fetch('/api/v1/people/ada/addresses/ada@example.org', {
      ...{ method: 'PUT', headers: { authorization: `Bearer ${site.token}` } },
    });
    expect(await builds('mine=1', cookie)).to.deep.equal([mapped]);
    const answer = await site.ask(`/builds/${mapped}/cancel`, {
      ...{ method: 'POST', headers: { cookie, origin: site.privateUrl } },
    });
    expect(answer.status).to.equal(403);
  });
});
