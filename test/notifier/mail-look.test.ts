import axe from 'axe-core';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { type Config, loadConfig } from '../../src/kernel/config.ts';
import type { Database } from '../../src/record/database.ts';
import { startBrowser, withoutBrowser } from '../support/browser.ts';
import { MailServer } from '../support/mail-server.ts';
import { Noticing } from '../support/noticing.ts';
import { withRecord } from '../support/record.ts';

describe(`mail, as people see it${withoutBrowser}`, function () {
  this.timeout(60_000);
  let database: Database;
  let config: Config;
  let mail: MailServer;
  let noticing: Noticing;
  let browser: Browser | undefined;
  withRecord((opened, dataDir) => {
    database = opened;
    config = loadConfig({ dataDir, logLevel: 'error', smtpUrl: mail.url, mailFrom: 'volt@example.org' });
    noticing = new Noticing({ database, config });
  });
  before(async function () {
    mail = await MailServer.start();
    browser = await startBrowser();
    if (!browser) this.skip();
  });
  after(async () => {
    await browser?.close();
    await mail.stop();
  });

  it('reads well in light and dark, on a phone, for everybody, and loads nothing', async () => {
    await database.db.updateTable('repositories').set({ default_branch: 'main' }).execute();
    await noticing.addMail('ada@example.org', { options: { digest: '09:00' } });
    await noticing.end('success', { subject: 'Sort the list by date' });
    const failed = ['cart › rounds half up', 'cart › sums lines of two currencies', 'invoice.test.ts › prints totals'];
    await noticing.end(
      'failure',
      {
        subject: 'Round prices half up, as the tax office asks for',
        author: 'Ada Lovelace',
        sha: '3f2a9c1d'.repeat(5),
      },
      { message: 'The command `npm test` ended with exit code 1.', tests: failed },
    );
    await noticing.deliver();
    await noticing.end('failure', {
      subject: 'شغّل الاختبارات — 修复 🚀 <b>not bold</b> https://evil.example',
      author: 'Grace',
      authorAddress: 'grace@example.org',
    });
    await noticing.deliver();
    await database.db
      .insertInto('cursors')
      .values({ repo: 'app', ref: 'refs/heads/main', sha: 'a'.repeat(40), generation: 0, moved_at: 1, absent: 0 })
      .execute();
    await database.db.updateTable('notice_targets').set({ digest_at: 1 }).execute();
    await noticing.deliver();
    await noticing.end('success', { subject: 'Round them in cents', author: 'Grace Hopper' });
    await noticing.deliver();
    expect(mail.received.map(({ subject }) => subject)).to.deep.equal([
      ...['main of app is broken', 'main of app is still broken', '1 branch is broken', 'main of app works again'],
    ]);
    const asked: string[] = [];
    const page = (await browser?.newPage()) as Page;
    page.on('request', (request) => asked.push(request.url()));
    const faults: string[] = [];
    for (const [index, { html = '', text = '' }] of mail.received.entries()) {
      for (const scheme of ['light', 'dark'] as const) {
        for (const width of [800, 375]) {
          await page.setViewportSize({ width, height: 700 });
          await page.emulateMedia({ colorScheme: scheme });
          await page.setContent(html);
          await page.evaluate(axe.source);
          const found = (await page.evaluate('axe.run()')) as axe.AxeResults;
          const what = `${index} ${scheme} ${width}`;
          faults.push(
            ...found.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${what}: ${id} ${html}`)),
          );
          if (await page.evaluate('document.documentElement.scrollWidth > innerWidth'))
            faults.push(`${what}: too wide`);
        }
      }
      expect(text).to.not.include('&lt;');
    }
    expect(faults).to.deep.equal([]);
    expect(asked.filter((url) => !url.startsWith('about:'))).to.deep.equal([]);
  });
});
