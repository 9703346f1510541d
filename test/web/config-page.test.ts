import { expect } from 'chai';
import { parse } from 'yaml';
import { listActions } from '../../src/record/audit-search.ts';
import { openForges } from '../../src/record/forges.ts';
import { addToken } from '../../src/record/tokens.ts';
import { listVariables, setVariable } from '../../src/record/variables.ts';
import { compareSettings } from '../../src/web/config/apply.ts';
import { sourcesIn } from '../../src/web/config/secrets.ts';
import { longestBlock, tenMilliseconds } from '../support/longest-block.ts';
import { Site } from './site.ts';

describe('web: the page of settings as code', () => {
  let site: Site;
  let cookie: string;
  before(async () => {
    site = await Site.start();
    await site.repository('app', { url: 'https://git.example/app.git' });
    cookie = await site.signIn();
  });
  after(() => site.stop());

  const submit = async (path: string, fields: { [name: string]: string | File }) => {
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    const headers = { cookie, accept: 'text/html', 'sec-fetch-site': 'same-origin' };
    const answer = await site.ask(path, { method: 'POST', body, headers });
    return { status: answer.status, page: await answer.text() };
  };
  /** The hidden fields of the button that applies. */
  const hiddenIn = (page: string) =>
    Object.fromEntries(
      [...page.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [
        ...[name, value.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&')],
      ]),
    ) as { [name: string]: string };
  const wordsOf = (page: string) => page.replace(/<[^>]*>/g, '').replace(/\s+/g, ' ');

  it('shows what the command exports, to be copied and downloaded', async () => {
    const page = await site.page('/config', { cookie });
    expect(page).to.include('https://git.example/app.git').and.include('data-copy="# The settings of a Volt CI');
    const file = await site.ask('/api/v1/config/file', { headers: { cookie } });
    expect(file.headers.get('content-disposition')).to.include('volt.yml');
    expect(Object.keys(parse(await file.text()).repositories)).to.deep.equal(['app']);
    expect(await site.page('/', { cookie })).to.include('href="/config"');
  });

  it('shows what a text would change, with colours, applies just that, and the audit log names who did', async () => {
    const text = 'version: 1\r\nvariables:\r\n  REGION: eu\r\n  TEXT: |\r\n    one\r\n    two\r\n';
    const { status, page } = await submit('/config/diff', { text });
    expect(status).to.equal(200);
    expect(page).to.match(/<span class="add entry">\+ variables\/REGION: eu\n<\/span>/);
    expect(await listVariables(site.context.database, null)).to.deep.equal([]);
    const applied = await submit('/config/apply', hiddenIn(page));
    expect(applied.status).to.equal(200);
    expect(wordsOf(applied.page)).to.include('Applied2 added.');
    const variables = await listVariables(site.context.database, null);
    expect(variables.map(({ value }) => value)).to.deep.equal(['eu', 'one\ntwo\n']);
    const entries = await listActions(site.context.database, { limit: 10 });
    expect(entries.map(({ action, target }) => `${action} ${target}`)).to.include.members([
      ...['config.apply 2 changes', 'variables.set REGION'],
    ]);
    expect(entries.map(({ action }) => action)).to.not.include('config.diff');
    const again = await submit('/config/diff', { text });
    expect(wordsOf(again.page)).to.include('Nothing: Volt is as this text says.').and.not.include('Apply');
  });

  it('takes a file in place of the text, and removes what it lacks only where that was asked for', async () => {
    const file = new File(['version: 1\nvariables: { REGION: us }\n'], 'volt.yml');
    const kept = await submit('/config/diff', { text: 'version: 1', file });
    expect(kept.page).to.include('class="change entry">~ variables/REGION').and.include('class="remove">-   eu');
    expect(wordsOf(kept.page)).to.include('Only in Volt, and kept: variables/TEXT');
    const pruned = await submit('/config/diff', { file, prune: 'on' });
    expect(pruned.page).to.include('class="remove entry">- variables/TEXT');
    expect(wordsOf((await submit('/config/apply', hiddenIn(pruned.page))).page)).to.include('1 changed, 1 removed');
    expect(await listVariables(site.context.database, null)).to.have.lengthOf(1);
  });

  it('names the line of everything that is wrong, in the text and with what Volt has, and keeps the text', async () => {
    const text = 'version: 1\nvariables: { A-B: x }\nrepositories:\n  app:\n    url: https://git.example/other.git\n';
    const { status, page } = await submit('/config/diff', { text });
    expect(status).to.equal(400);
    expect(wordsOf(page))
      .to.include('Line 2, column 19: &quot;A-B&quot; is not a valid name')
      .and.include('Line 5, column 5: app has another address in Volt');
    expect(page).to.include('<code>variables: { A-B: x }</code>').and.include('url: https://git.example/other.git');
    expect(page).to.not.include('action="/config/apply"');
    const broken = await submit('/config/diff', { text: 'version: 1\nvariables: { A: <b>' });
    expect(wordsOf(broken.page)).to.match(/Line \d, column \d+: /);
    expect(broken.page).to.not.include('<b>');
    expect((await submit('/config/diff', { text: '' })).status).to.equal(400);
  });

  it('takes the secrets that a text names, and never shows them again', async () => {
    const text = 'version: 1\nforges: { hub: { kind: github, token: { env: HUB_TOKEN } } }\n';
    const missing = await submit('/config/diff', { text });
    expect(wordsOf(missing.page)).to.include('the environment variable HUB_TOKEN is not set');
    expect(missing.page).to.include('name="env:HUB_TOKEN"');
    const shown = await submit('/config/diff', { text, 'env:HUB_TOKEN': 'ghp_typed' });
    expect(shown.page).to.include('token: (secret)').and.not.include('ghp_typed');
    const fields = hiddenIn(shown.page);
    expect((await submit('/config/apply', { ...fields, sealed: `0${fields.sealed}` })).page).to.include(
      'Type them again',
    );
    const { page } = await submit('/config/apply', fields);
    expect(wordsOf(page)).to.include('Volt sends statuses to hub once it is checked');
    expect(page).to.not.include('ghp_typed');
    const [hub] = await openForges(site.context.database, site.context.config);
    expect(hub?.credential.token).to.equal('ghp_typed');
  });

  it('shows a bounded number of fields for secrets, reads what aliases stand for once, and knows no value that was not given', async () => {
    const forges = Array.from(
      { length: 300 },
      (_, index) => `  f${index}: { kind: github, token: { env: T${index} } }\n`,
    );
    const many = await submit('/config/diff', { text: `version: 1\nforges:\n${forges.join('')}` });
    expect(many.page.match(/name="env:T/g)).to.have.lengthOf(200);
    expect(wordsOf(many.page)).to.include('names (300)').and.include('Only 200 of them have a field');
    let value: unknown = { env: 'A' };
    for (let level = 0; level < 60; level++) value = [value, value];
    expect(sourcesIn({ forges: value })).to.deep.equal([{ env: 'A' }]);
    const text = 'version: 1\nforges: { hub2: { kind: github, token: { env: constructor } } }\n';
    expect(wordsOf((await submit('/config/diff', { text })).page)).to.include('variable constructor is not set');
  });

  it('applies nothing if Volt has changed since, and says so', async () => {
    const { database } = site.context;
    const { page } = await submit('/config/diff', { text: 'version: 1\nvariables: { LATE: x }\n' });
    await setVariable(database, { repo: null, name: 'OTHER', value: '1' });
    const late = await submit('/config/apply', hiddenIn(page));
    expect(late.status).to.equal(409);
    expect(late.page).to.include('have changed since').and.include('LATE: x');
    const unseen = await submit('/config/apply', { text: 'version: 1\nvariables: { LATE: x }\n' });
    expect(unseen.status, 'nobody has seen what would change').to.equal(409);
    expect((await listVariables(database, null)).map(({ name }) => name)).to.not.include('LATE');
  });

  it('is for administrators alone', async () => {
    const made = await addToken(site.context.database, {
      ...{ name: 'owns', role: 'own', repos: null, person: 'ada', createdBy: 'owner' },
    });
    const headers = { authorization: `Bearer ${made.token}`, accept: 'text/html' };
    expect((await site.fetch('/config', { headers })).status).to.equal(403);
    expect((await site.fetch('/api/v1/config/file', { headers })).status).to.equal(403);
    for (const path of ['/config/diff', '/config/apply']) {
      const body = new URLSearchParams({ text: 'version: 1\nvariables: { X: y }' });
      expect((await site.fetch(path, { method: 'POST', headers, body })).status, path).to.equal(403);
    }
  });

  it('holds nobody up while settings of hundreds of repositories are compared', async () => {
    const repository = (index: number) => ({
      url: `https://git.example/r${index}.git`,
      ...{ branches: ['main', 'release/*'], variables: { A: '1', B: '2', C: '3' } },
    });
    const names = Array.from({ length: 500 }, (_, index) => [`r${index}`, repository(index)]);
    const config = { version: 1, repositories: Object.fromEntries(names) };
    const given = { config, values: { env: {}, file: {} }, prune: false };
    const bound = 5 * Math.max(10, tenMilliseconds());
    const compare = async () => expect((await compareSettings(site.context, given)).changes).to.have.lengthOf(2000);
    const first = await longestBlock(compare);
    if (first >= bound) expect(await longestBlock(compare)).to.be.below(bound);
  });
});
