import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { listActions } from '../../src/record/audit-search.ts';
import { findRepository } from '../../src/record/repositories.ts';
import { volt } from '../support/cli.ts';
import { bodyOf, Site } from './site.ts';

const textOf = (page: string) => page.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
const decoded = (text: string) => text.replace(/&(quot|#39|amp|lt|gt);/g, (_, name: string) => characters[name] ?? '');
const characters: { [name: string]: string } = { quot: '"', '#39': "'", amp: '&', lt: '<', gt: '>' };

describe('web: the settings of a repository on its page', () => {
  let site: Site;
  before(async () => {
    site = await Site.start();
    await site.repository('app', { branches: ['main'], env: { LINES: 'one\ntwo' }, command: '\n  make\n' });
  });
  after(() => site.stop());

  const headers = () => ({ authorization: `Bearer ${site.token}` });
  const page = () => site.page('/repos/app/settings', headers());
  const markIn = (html: string) => /name="mark" value="(\w+)"/.exec(html)?.[1] ?? '';
  const current = () => findRepository(site.context.database, 'app');

  /** Sends the form with these fields, as a browser does. */
  async function send(fields: [string, string][], mark?: string) {
    const body = new URLSearchParams([['mark', mark ?? markIn(await page())], ...fields]);
    return site.fetch('/repos/app/settings', { method: 'POST', headers: { ...headers(), accept: 'text/html' }, body });
  }

  it('are changed by a form, which keeps the other settings, and the audit log says so', async () => {
    const answer = await send([
      ['branches', 'main\r\nrelease/*\r\n'],
      ['commits', 'latest'],
      ['pollSeconds', '60'],
      ['image', ' node:22 '],
      ['runners', 'gpu, linux'],
      ['pullRequestRebuild', ''],
      ['pullRequestRebuild', 'on'],
      ['pullRequestLabels.limited', 'on'],
      ['pullRequestLabels', 'linux node-*'],
      ['project.name', 'cgit'],
      ['project.value', 'https://git.example.org/app'],
      ['project.name', ''],
      ['project.value', 'left out'],
    ]);
    expect(answer.status).to.equal(303);
    const settings = {
      ...{ branches: ['main', 'release/*'], commits: 'latest', pollSeconds: 60, image: 'node:22' },
      ...{ runners: ['gpu', 'linux'], pullRequestRebuild: true, pullRequestLabels: ['linux', 'node-*'] },
      project: { cgit: 'https://git.example.org/app' },
    };
    expect(await current()).to.deep.include({ ...settings, env: { LINES: 'one\ntwo' }, command: '\n  make\n' });
    const saved = await site.page(answer.headers.get('location') ?? '', headers());
    expect(textOf(decoded(saved))).to.include(
      "Saved. This command does the same: volt repo set app --branch main --branch 'release/*' --commits latest --poll 60 --image node:22",
    );
    const [action] = await listActions(site.context.database, { limit: 1 });
    expect(action).to.include({ actor: 'owner', action: 'repos.change', target: 'app', status: 303 });
  });

  it('stay as they are, if a person saves without a change', async () => {
    const before = await current();
    const answer = await send([
      ['branches', 'main\r\nrelease/*'],
      ['env.name', 'LINES'],
      ['env.value', 'one\r\ntwo'],
    ]);
    expect(answer.headers.get('location')).to.equal('/repos/app/settings?saved=');
    expect(await current()).to.deep.equal(before);
    expect(textOf(await site.page('/repos/app/settings?saved=', headers()))).to.include('Nothing was changed.');
  });

  it('are what the command says that the page shows after a save', async () => {
    const env = { VOLT_URL: site.url, VOLT_TOKEN: site.token };
    const sent = await send([
      ['reports', '-odd*.xml'],
      ['command', "make 'a b' && echo $HOME"],
      ['env.name', 'A'],
      ['env.value', "it's\r\nlong"],
      ['pullRequestLabels', ''],
      ['pullRequestLabels.limited', 'on'],
      ['pullRequests', 'approved'],
      ['visibility', 'public'],
    ]);
    expect(sent.status).to.equal(303);
    const all = 'branches tags commits pollSeconds command image runners env reports pullRequests pullRequestCheckout';
    const more = 'pullRequestRebuild pullRequestRefs pullRequestLabels filter project visibility nonsense';
    const saved = await site.page(`/repos/app/settings?${new URLSearchParams({ saved: `${all} ${more}` })}`, headers());
    const command = decoded(/data-copy="(volt repo set [^"]*)"/.exec(saved)?.[1] ?? '');
    const wanted = await current();
    const usual = ['--default-branch', '--discover', '--no-env', '--no-pull-request-labels', '--visibility', 'private'];
    await volt(
      ['repo', 'set', 'app', ...usual, '--poll', '7', '--no-image', '--no-runners', '--no-project', '--no-reports'],
      { env },
    );
    expect(await current()).to.not.deep.equal(wanted);
    // as a person would paste it into a shell
    const { stdout } = await promisify(execFile)('sh', ['-c', command.replace(/^volt/, 'printf "%s\\0"')]);
    const set = await volt(stdout.split('\0').slice(0, -1), { env });
    expect(set.code, set.stderr).to.equal(0);
    expect(await current()).to.deep.equal(wanted);
  });

  it('are refused beside the field, and the form keeps what was typed', async () => {
    const before = await current();
    const answer = await send([
      ['branches', 'a b'],
      ['tags', 'v*'],
      ['pollSeconds', ''],
      ['filter', 'tree:0<'],
      ['commits', 'some'],
      ['env.name', 'PATH'],
      ['env.value', '/nowhere'],
    ]);
    expect(answer.status).to.equal(400);
    const html = await answer.text();
    const problem = (setting: string) =>
      textOf(decoded(new RegExp(`id="field-${setting}-problem"[^>]*>([^]*?)</p>`).exec(html)?.[1] ?? ''));
    expect(problem('branches')).to.match(/^ ?"a b" cannot be a glob of branches or tags\. Give the name/);
    expect(problem('pollSeconds')).to.match(/This must be a number\./);
    expect(problem('filter')).to.include('"tree:0<" is not a filter of files');
    expect(problem('commits')).to.include('This must be one of every, latest.');
    expect(problem('env')).to.include('The runner sets PATH for each job.');
    expect(problem('tags')).to.equal('');
    expect(html).to.match(/name="branches"[^>]*aria-invalid="true"[^>]*>\s*a b</);
    expect(html)
      .to.match(/name="tags"[^>]*>\s*v\*</)
      .and.to.include('value="tree:0&lt;"');
    expect(html).to.include('Nothing was saved: correct what is marked below.');
    expect(await current()).to.deep.equal(before);
  });

  it('are not overwritten by a page that shows older ones', async () => {
    const mark = markIn(await page());
    await site.fetch('/api/v1/repos/app', {
      method: 'PATCH',
      headers: { ...headers(), 'content-type': 'application/json' },
      body: JSON.stringify({ pollSeconds: 11 }),
    });
    const answer = await send([['tags', 'mine-*']], mark);
    expect(answer.status).to.equal(409);
    const html = await answer.text();
    expect(textOf(html)).to.include('somebody has changed the settings since you opened this page');
    expect(html).to.include('mine-*').and.include('value="11"');
    expect(await current()).to.deep.include({ pollSeconds: 11, tags: [] });
    expect((await send([['tags', 'mine-*']], markIn(html))).status).to.equal(303);
  });

  it('are only readable for others, in plain words', async () => {
    const text = textOf(await site.page('/repos/app/settings'));
    expect(text)
      .to.include('Last checked never; next check now')
      .and.include('Tags mine-*')
      .and.include('Test reports -odd*.xml')
      .and.include('Environment variables A')
      .and.not.include('Save settings');
    const { token } = await bodyOf(await site.post('/api/v1/tokens', { name: 'writer', role: 'approve' }));
    const writer = { headers: { authorization: `Bearer ${token}` }, method: 'POST' };
    for (const path of ['/repos/app/settings', '/repos/app/remove'])
      expect((await site.fetch(path, writer)).status, path).to.equal(403);
    expect((await site.fetch('/repos/app/remove', { headers: writer.headers })).status).to.equal(403);
  });

  it('end with a page that asks what becomes of the builds before a repository is removed', async () => {
    await site.repository('old');
    const open = await site.build('old');
    const asked = await site.page('/repos/old/remove', headers());
    expect(textOf(asked)).to.include('Stop watching old?').and.include('volt repo rm old --purge');
    const body = new URLSearchParams({ purge: '0' });
    const answer = await site.fetch('/repos/old/remove', { method: 'POST', headers: headers(), body });
    expect([answer.status, answer.headers.get('location')]).to.deep.equal([303, '/repos']);
    expect(await findRepository(site.context.database, 'old')).to.equal(undefined);
    expect((await site.json(`/api/v1/builds/${open}`)).repo).to.equal('old');
    const [action] = await listActions(site.context.database, { limit: 1 });
    expect(action).to.include({ action: 'repos.remove', target: 'old', status: 303 });
  });
});
