import { expect } from 'chai';
import { listActions } from '../../src/record/audit-search.ts';
import { noteProblem } from '../../src/record/delivery-problems.ts';
import { mute } from '../../src/record/notice-mutes.ts';
import { listNoticeTargets } from '../../src/record/notice-targets.ts';
import { listNotices } from '../../src/record/notices.ts';
import { Noticing } from '../support/noticing.ts';
import { Site } from './site.ts';

describe('web: the page of notices', () => {
  let site: Site;
  let cookie: string;
  before(async () => {
    site = await Site.start();
    await site.repository('app');
    cookie = await site.signIn();
  });
  after(() => site.stop());

  const post = (path: string, fields: { [name: string]: string } = {}) =>
    site.ask(path, {
      method: 'POST',
      headers: { cookie, 'sec-fetch-site': 'same-origin', accept: 'text/html' },
      body: new URLSearchParams(fields),
    });
  const ops = {
    name: 'ops',
    kind: 'webhook',
    to: 'https://example.org/secret-path',
    on: 'failure',
    repos: 'app, web-*',
  };

  it('adds a target by its form, shows the secret of a webhook once, tests and removes it', async () => {
    const made = await (await post('/notices', ops)).text();
    const [secret = ''] = /whsec_[A-Za-z0-9+/=]+/.exec(made) ?? [];
    expect(secret).to.have.length(50);
    const [target] = await listNoticeTargets(site.context.database);
    expect(target).to.deep.include({ name: 'ops', on: 'failure', repos: ['app', 'web-*'], createdBy: 'owner' });
    expect((await post('/notices/ops/test')).status).to.equal(303);
    const page = await site.page('/notices', { cookie });
    expect(page).to.include('https://example.org/…').and.not.include('secret-path').and.not.include(secret);
    expect((await listNotices(site.context.database, { limit: 5 }))[0]).to.include({ target: 'ops', event: 'test' });
    expect((await post('/notices/ops/remove')).status).to.equal(303);
    expect(await listNoticeTargets(site.context.database)).to.deep.equal([]);
    const actions = (await listActions(site.context.database, { limit: 3 })).map(
      ({ action, target: of }) => `${action} ${of}`,
    );
    expect(actions).to.deep.equal(['notice-targets.remove ops', 'notice-targets.test ops', 'notice-targets.add ops']);
  });

  it('shows the form again with what is wrong, and adds nothing', async () => {
    const answer = await post('/notices', { ...ops, to: 'nowhere' });
    expect(answer.status).to.equal(400);
    expect(await answer.text())
      .to.match(/field-to-problem"[^>]*>a target of kind \w+ has an address such as/)
      .and.include('value="app, web-*"');
    expect(await listNoticeTargets(site.context.database)).to.deep.equal([]);
  });

  it('is for administrators only', async () => {
    expect((await site.fetch('/notices', { redirect: 'manual' })).status).to.equal(303);
    const stranger = await site.fetch('/notices', {
      method: 'POST',
      body: new URLSearchParams(ops),
      redirect: 'manual',
    });
    expect(stranger.status).to.be.oneOf([401, 403]);
    expect(await listNoticeTargets(site.context.database)).to.deep.equal([]);
  });

  it('and the status tell administrators which targets take nothing, and that no notifier runs', async () => {
    await post('/notices', ops);
    const problem = { code: 'notice_unreachable', message: 'example.org does not answer', remedy: 'Check it.' };
    await noteProblem(site.context.database, 'notice_targets', 'ops', problem);
    const message = 'notices do not reach ops: example.org does not answer';
    const status = async (headers: { [name: string]: string }) => {
      const { problems } = await site.json('/api/v1/status', { headers });
      return (problems as { message: string }[]).map((each) => each.message).join('\n');
    };
    expect(await status({ authorization: `Bearer ${site.token}` }))
      .to.include(message)
      .and.include('nobody gets notices');
    expect(await status({})).to.not.include('ops');
    expect(await site.page('/notices', { cookie })).to.include('example.org does not answer');
  });

  it('of a target changes its times and its words, shows an example, and ends what recipients have stopped', async () => {
    await new Noticing(site.context).addMail('ada@example.org');
    await mute(
      site.context.database,
      { target: 'mail', recipient: 'ada@example.org' },
      { repo: 'app', branch: 'main' },
    );
    const fields = {
      ...{ from: '22:00', to: '07:00', digest: '09:00', zone: 'Europe/Berlin' },
      ...{ title: '{repository} {event}', text: 'by {author}\r\n<b>{subject}</b>' },
    };
    expect((await post('/notices/mail', fields)).status).to.equal(303);
    const target = async () => (await listNoticeTargets(site.context.database)).find(({ name }) => name === 'mail');
    expect((await target())?.options).to.deep.equal({
      ...{ quiet: { from: '22:00', to: '07:00' }, digest: '09:00', zone: 'Europe/Berlin' },
      ...{ title: '{repository} {event}', text: 'by {author}\n<b>{subject}</b>' },
    });
    const page = await site.page('/notices/mail', { cookie });
    expect(page)
      .to.include('app is broken')
      .and.include('&lt;b&gt;Sort the list by date&lt;/b&gt;')
      .and.include('about main of app');
    const refused = await post('/notices/mail', { ...fields, text: '{brnach}' });
    expect(refused.status).to.equal(400);
    expect(await refused.text())
      .to.include('{brnach}, which stands for no value: use {repository}, {branch}')
      .and.include('value="22:00"');
    expect((await post('/notices/mail/unmute', { recipient: 'ada@example.org' })).status).to.equal(303);
    expect((await post('/notices/mail', {})).status).to.equal(303);
    expect(await target()).to.deep.include({ options: {}, mutes: [] });
  });
});
