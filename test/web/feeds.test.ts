import { expect } from 'chai';
import { SaxesParser } from 'saxes';
import { endBuild } from '../support/ended-build.ts';
import { Site } from './site.ts';

/** Elements of a document by name, with their attributes and text. @throws where it is no XML */
function elementsOf(document: string): { name: string; attributes: { [name: string]: string }; text: string }[] {
  const elements: { name: string; attributes: { [name: string]: string }; text: string }[] = [];
  const open: (typeof elements)[0][] = [];
  const parser = new SaxesParser();
  parser.on('opentag', ({ name, attributes }) => {
    const element = { name, attributes: attributes as { [name: string]: string }, text: '' };
    elements.push(element);
    open.push(element);
  });
  parser.on('text', (text) => {
    const element = open.at(-1);
    if (element) element.text += text;
  });
  parser.on('closetag', () => open.pop());
  parser.on('error', (error) => {
    throw error;
  });
  parser.write(document).close();
  return elements;
}

describe('web: the feeds', () => {
  let site: Site;
  before(async () => {
    site = await Site.start();
    await site.repository('app');
    await site.repository('bare');
    await site.context.database.db.updateTable('repositories').set({ default_branch: 'main' }).execute();
  });
  after(() => site.stop());

  const feed = async (path: string) => elementsOf(await (await site.fetch(path)).text());

  it('have each build that has ended as an entry, and what others wrote as text only', async () => {
    const hostile = 'a <b>&amp;</b> ]]> "\u0001\u001b[31m\ud800';
    const id = await site.build('app', { subject: hostile, author: hostile });
    await endBuild(site.context.database, id, 'failure');
    await site.build('app', { subject: 'open' });
    const elements = await feed('/builds.atom');
    const titles = elements.filter(({ name }) => name === 'title').map(({ text }) => text);
    expect(titles[0]).to.equal('Builds');
    expect(titles.slice(1)).to.have.length(1);
    expect(titles[1]).to.match(/^app#1 failed: a <b>&amp;<\/b> \]\]> "\[31m/);
    expect(elements.some(({ attributes }) => attributes.href?.endsWith(`/builds/${id}`))).to.equal(true);
    const other = await feed('/builds.atom?repo=app&branch=other');
    expect(other.filter(({ name }) => name === 'entry')).to.have.length(0);
  });

  it('tell monitors of the default branch of each repository', async () => {
    const projects = (await feed('/cctray.xml')).filter(({ name }) => name === 'Project');
    expect(
      projects.map(({ attributes: { name, lastBuildStatus, lastBuildLabel } }) => [
        name,
        lastBuildStatus,
        lastBuildLabel,
      ]),
    ).to.deep.equal([
      ['app', 'Failure', '1'],
      ['bare', 'Unknown', ''],
    ]);
  });

  it('take the token as a password, from readers that can send nothing else, and no other page does', async () => {
    const closed = await Site.start({ reading: 'token' });
    try {
      const { token } = closed;
      const ask = (path: string, password: string) => {
        const authorization = `Basic ${Buffer.from(`anybody:${password}`).toString('base64')}`;
        return closed.fetch(path, { headers: { authorization } });
      };
      for (const path of ['/builds.atom', '/cctray.xml']) {
        for (const accept of ['application/atom+xml', 'text/html, */*']) {
          const refused = await closed.fetch(path, { headers: { accept }, redirect: 'manual' });
          expect([refused.status, refused.headers.get('www-authenticate')], accept).to.deep.equal([
            ...[401, 'Basic realm="Volt", charset="UTF-8"'],
          ]);
        }
        expect((await ask(path, 'wrong')).status).to.equal(401);
        expect((await ask(path, token)).status).to.equal(200);
      }
      expect((await ask('/api/v1/builds', token)).status).to.equal(401);
    } finally {
      await closed.stop();
    }
  });
});
