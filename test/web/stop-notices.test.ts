import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { listActions } from '../../src/record/audit-search.ts';
import { listNoticeTargets } from '../../src/record/notice-targets.ts';
import { rotateKey } from '../../src/record/secret-key.ts';
import { startBrowser, withoutBrowser } from '../support/browser.ts';
import { volt } from '../support/cli.ts';
import { MailServer } from '../support/mail-server.ts';
import { Noticing } from '../support/noticing.ts';
import { Site } from './site.ts';

describe('web: the page that stops mail', function () {
  this.timeout(60_000);
  let site: Site;
  let mail: MailServer;
  let noticing: Noticing;
  before(async () => {
    mail = await MailServer.start();
    site = await Site.start({ smtpUrl: mail.url, mailFrom: 'volt@example.org', reading: 'token' });
    await site.repository('app');
    await site.repository('other');
    noticing = new Noticing(site.context);
    noticing.site = 'https://ci.example.org';
  });
  after(async () => {
    await site.stop();
    await mail.stop();
  });
  beforeEach(async () => {
    mail.received.length = 0;
    const { db } = site.context.database;
    for (const table of ['notice_targets', 'builds', 'branch_states'] as const) await db.deleteFrom(table).execute();
    await db.updateTable('repositories').set({ default_branch: 'main' }).execute();
    await noticing.addMail('ada@example.org,grace@example.org', { branches: ['**'] });
    await noticing.end('success');
  });

  /** Ends builds of a branch in turn, and returns the recipients of the mail about the last one. */
  const broken = async (change: { repo?: string; ref?: string } = {}) => {
    for (const status of ['success', 'failure'] as const) await noticing.end(status, change);
    mail.received.length = 0;
    await noticing.deliver();
    const last = mail.received.filter(({ subject }) => subject?.endsWith('is broken'));
    return last.map(({ to }) => to);
  };
  const linkTo = (recipient: string) => {
    const { text = '' } = mail.received.find(({ to }) => to === recipient) ?? {};
    return new URL(/Stop these notices: (\S+)/.exec(text)?.[1] ?? '').pathname;
  };
  const post = (path: string, fields: { [name: string]: string }, headers: { [name: string]: string } = {}) =>
    site.fetch(path, { method: 'POST', headers, body: new URLSearchParams(fields) });
  const click = (path: string) => post(path, { 'List-Unsubscribe': 'One-Click' });
  const mutes = async () => (await listNoticeTargets(site.context.database))[0]?.mutes;

  it('is named in each mail, for one click too, and by a signed link', async () => {
    await broken();
    const { raw } = mail.received[0] ?? { raw: '' };
    const header = /^List-Unsubscribe: <(\S+)>/m.exec(raw.replace(/\r\n[ \t]+/g, ' '))?.[1];
    expect(header).to.equal(`https://ci.example.org${linkTo('ada@example.org')}`);
    expect(raw).to.match(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r$/m);
  });

  it('stops the repository at one click of a mail program, for that recipient alone, also if nobody may read', async () => {
    expect(await broken()).to.deep.equal(['ada@example.org', 'grace@example.org']);
    const answer = await click(linkTo('ada@example.org'));
    expect(answer.status).to.equal(200);
    expect(await broken()).to.deep.equal(['grace@example.org']);
    expect(await broken({ ref: 'refs/heads/topic' })).to.deep.equal(['grace@example.org']);
    expect(await broken({ repo: 'other' })).to.deep.equal(['ada@example.org', 'grace@example.org']);
    expect((await noticing.log()).join('\n')).to.include(
      'mail ada@example.org broken dropped the recipient has muted app',
    );
    const [action] = await listActions(site.context.database, { limit: 1 });
    expect(action).to.include({ actor: 'ada@example.org', action: 'notice-targets.mute', target: 'mail' });
    const listed = await volt(['notify', 'ls', '--data', site.context.config.dataDir]);
    expect(listed.stdout).to.include('mail sends no mail\n  to ada@example.org about all branches of app');
    const given = await volt(['notify', 'unmute', 'mail', 'ada@example.org', '--data', site.context.config.dataDir]);
    expect(given.stdout).to.include('mail sends mail to ada@example.org again');
    expect(await mutes()).to.deep.equal([]);
  });

  it('changes nothing where a program only follows the link', async () => {
    await broken();
    const path = linkTo('ada@example.org');
    for (const method of ['GET', 'HEAD', 'OPTIONS']) await site.fetch(path, { method });
    expect(await mutes()).to.deep.equal([]);
    expect((await post(path, {})).status).to.equal(400);
    expect(await mutes()).to.deep.equal([]);
  });

  it('stops what waits, and what a digest would say', async () => {
    await broken();
    const path = linkTo('ada@example.org');
    for (const status of ['success', 'failure'] as const) await noticing.end(status, { ref: 'refs/heads/waiting' });
    mail.refuses = () => 451;
    await noticing.deliver();
    mail.refuses = () => undefined;
    expect((await post(path, { what: 'all' })).status).to.equal(303);
    await site.context.database.db.updateTable('notice_targets').set({ digest_at: 1 }).execute();
    await noticing.later();
    mail.received.length = 0;
    await noticing.deliver();
    expect(mail.received.map(({ to }) => to)).to.not.include('ada@example.org');
  });

  it('is nothing that one can make or change, nor tells which targets there are', async () => {
    await broken();
    const path = linkTo('ada@example.org');
    const [payload = '', code = ''] = (path.split('/').at(-1) ?? '').split('.');
    const forged = Buffer.from(JSON.stringify(['grace@example.org', 'app', 'main'])).toString('base64url');
    const base = '/notices/stop';
    const wrong = [
      ...[`${base}/mail/${forged}.${code}`, `${base}/mail/${payload}.${'A'.repeat(22)}`, `${base}/mail/${payload}.`],
      ...[`${base}/other/${payload}.${code}`, `${base}/mail/x`, `${base}/mail/${'A'.repeat(5000)}.${code}`],
    ];
    await noticing.add('http://127.0.0.1:9', { name: 'other' });
    const said = new Set<string>();
    for (const each of wrong) {
      const answer = await click(each);
      expect(answer.status, each).to.equal(404);
      said.add(await answer.text());
    }
    expect(said.size).to.equal(1);
    expect(await mutes()).to.deep.equal([]);
  });

  it('works by old links, when the build is gone and the key of secrets has changed', async () => {
    await broken();
    const path = linkTo('grace@example.org');
    await site.context.database.db.deleteFrom('builds').execute();
    await rotateKey(site.context.database, site.context.config);
    expect((await click(path)).status).to.equal(200);
    expect(await mutes()).to.have.length(1);
  });

  describe(`in a browser${withoutBrowser}`, () => {
    let browser: Browser | undefined;
    before(async function () {
      browser = await startBrowser();
      if (!browser) this.skip();
    });
    after(() => browser?.close());

    it('lets people choose what to stop, and take it back, without a script and without signing in', async () => {
      await broken();
      const context = await browser?.newContext({ javaScriptEnabled: false });
      const page = (await context?.newPage()) as Page;
      await page.goto(site.url + linkTo('ada@example.org'));
      await page.getByRole('button', { name: 'Stop' }).click();
      await page.getByText('You get no more mail about main of app.').waitFor();
      expect(await broken({ ref: 'refs/heads/topic' })).to.include('ada@example.org');
      await page.getByLabel('about all branches of app').check();
      await page.getByRole('button', { name: 'Stop' }).click();
      await page.getByText('You get no more mail about all branches of app.').waitFor();
      expect(await mutes()).to.have.length(2);
      for (const left of [1, 0]) {
        await page.getByRole('button', { name: 'Send it again' }).first().click();
        await page.waitForLoadState();
        expect(await mutes()).to.have.length(left);
      }
      await context?.close();
      expect(await broken()).to.include('ada@example.org');
    });
  });
});
