import axe from 'axe-core';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { VoltError } from '../../src/kernel/errors.ts';
import { type BuildId, newStep } from '../../src/kernel/model.ts';
import { noteIdentity } from '../../src/record/identities.ts';
import { failIntent, openTrigger } from '../../src/record/intents.ts';
import { mute } from '../../src/record/notice-mutes.ts';
import { openNoticeTarget } from '../../src/record/notice-targets.ts';
import { noteObserved, noteObserveError } from '../../src/record/observations.ts';
import { addProvider } from '../../src/record/providers.ts';
import { answerStartable, askStartable } from '../../src/record/startable.ts';
import { recordTests } from '../../src/record/test-results.ts';
import { stopToken } from '../../src/secrets/stop-link.ts';
import { webApp } from '../../src/web/app.ts';
import { startBrowser, withoutBrowser } from '../support/browser.ts';
import { Noticing } from '../support/noticing.ts';
import { job, Site } from './site.ts';

/** What the pages are about. */
interface Shown {
  /** failed, with a log, tests and annotations */
  failed: BuildId;
  /** with jobs that wait for approval, for a runner, and for each other */
  open: BuildId;
  /** of a pull request that a person must approve */
  asked: BuildId;
  /** id of a test */
  test: string;
  /** id of a person's request that failed */
  request: number;
  /** path of a link that stops mail */
  stop: string;
}

/** Every page of Volt's own, by its route: the addresses at which it is looked at. */
const pages: { readonly [route: string]: (shown: Shown) => string[] } = {
  '/': () => ['/'],
  '/builds': () => ['/builds', '/builds?repo=sample&view=grid', '/builds?branch=nowhere', '/builds?mine=1'],
  '/shortcuts': () => ['/shortcuts'],
  '/search': () => ['/search', '/search?q=sample', '/search?q=nothing+such'],
  '/builds/cancel-queued': () => [
    '/builds/cancel-queued?repo=away&branch=main',
    '/builds/cancel-queued?repo=away&branch=x',
  ],
  '/builds/retry-errors': () => ['/builds/retry-errors', '/builds/retry-errors?since=soon'],
  '/builds/:id': ({ failed, open, asked }) => [
    `/builds/${failed}`,
    `/builds/${failed}?view=graph`,
    `/builds/${failed}?view=timeline`,
    `/builds/${open}`,
    `/builds/${asked}`,
    '/builds/99999',
  ],
  '/jobs/:id/log': ({ failed }) => [`/jobs/${job(failed)}/log`, `/jobs/${job(failed)}/log?q=e&only=1`],
  '/repos': () => ['/repos'],
  '/repos/new': () => ['/repos/new'],
  '/repos/:name/added': () => ['/repos/away/added'],
  '/repos/:name': () => ['/repos/sample', '/repos/empty'],
  '/repos/:name/build': () => ['/repos/sample/build', '/repos/sample/build?workflow=release.yml'],
  '/repos/:name/branches': () => ['/repos/sample/branches'],
  '/repos/:name/charts': () => ['/repos/sample/charts', '/repos/sample/charts?range=7d&branch=none'],
  '/repos/:name/settings': () => ['/repos/sample/settings', '/repos/sample/settings?saved=branches'],
  '/repos/:name/remove': () => ['/repos/sample/remove'],
  '/repos/:name/tests': () => ['/repos/sample/tests', '/repos/sample/tests?sort=flaky'],
  '/repos/:name/tests/:id': ({ test }) => [`/repos/sample/tests/${test}`],
  '/requests/:id': ({ request }) => [`/requests/${request}`],
  '/runners': () => ['/runners', '/runners?range=day', '/runners?text=nothing'],
  '/runners/:name': () => ['/runners/r1', '/runners/r2'],
  '/internals': () => ['/internals'],
  '/audit': () => ['/audit'],
  '/access': () => ['/access', '/access?person=ada&in=sample', '/access?person=nobody&in=sample', '/access?who=ada'],
  '/config': () => ['/config'],
  '/people': () => ['/people', '/people?text=nobody'],
  '/people/:name': () => ['/people/ada'],
  '/account': () => ['/account'],
  '/device': () => ['/device', '/device?code=WRONG', '/device?outcome=confirmed'],
  '/forges': () => ['/forges'],
  '/notices': () => ['/notices'],
  '/notices/:name': () => ['/notices/mail'],
  '/notices/stop/:target/:token': ({ stop }) => [stop],
  '/providers': () => ['/providers'],
  '/forges/github-app/made': () => ['/forges/github-app/made?code=a&state=b'],
  '/api': () => ['/api'],
  '/sign-in': () => ['/sign-in'],
  '/sign-in/with/:name': () => ['/sign-in/with/nobody'],
  '/sign-in/with/:name/callback': () => ['/sign-in/with/corp/callback'],
};

/** Routes that answer no page of Volt's own. */
const others = [
  ...[
    '/healthz',
    '/metrics',
    '/public/:name',
    '/badge/:file',
    '/avatars/:build',
    '/builds.atom',
    '/cctray.xml',
    '/queues',
    '/queues/*',
    '/sign-in/with/*',
    // sign-in-walk.test.ts looks at it, since it needs a provider that answers
    '/sign-in/with/:name/signed-out',
    // limits, for requests that change something
    '/notices/:name/test',
  ],
  ...['/.well-known/openid-configuration', '/.well-known/jwks'],
];

const widths = { desktop: { width: 1440, height: 900 }, phone: { width: 375, height: 812 } } as const;

describe(`web: accessibility of every page${withoutBrowser}`, () => {
  let site: Site;
  let browser: Browser;
  let shown: Shown;

  before(async function () {
    const started = await startBrowser();
    if (!started) return this.skip();
    browser = started;
    site = await Site.start();
    shown = await fill(site);
  });
  after(async () => {
    await browser?.close();
    await site?.stop();
  });

  it('is tested: each route of a page is in the list of this test', async () => {
    const { routes } = webApp(await site.web());
    const known = new Set([...Object.keys(pages), ...others]);
    const unknown = routes.filter(({ method, path }) => {
      const isPage = (method === 'GET' || method === 'ALL') && path !== '/*' && !path.startsWith('/api/v1');
      return isPage && !known.has(path);
    });
    expect(unknown.map(({ path }) => path)).to.deep.equal([]);
    const there = new Set(routes.map(({ path }) => path));
    expect([...known].filter((path) => !there.has(path))).to.deep.equal([]);
  });

  it('has no fault that axe finds, light and dark, on a desktop and on a phone', async () => {
    const context = await browser.newContext({ baseURL: site.privateUrl });
    try {
      const [name = '', value = ''] = (await site.signIn()).split('=');
      await context.addCookies([{ name, value, url: site.privateUrl }]);
      const page = await context.newPage();
      const faults: string[] = [];
      for (const path of Object.values(pages).flatMap((addresses) => addresses(shown))) {
        const look = async (how: string, only: string) => {
          faults.push(...(await faultsOf(page, only)).map((fault) => `${path} ${how}: ${fault}`));
        };
        await page.setViewportSize(widths.desktop);
        await page.emulateMedia({ colorScheme: 'light' });
        await page.goto(path);
        // by evaluating, as the pages' own policy lets no foreign script in
        await page.evaluate(axe.source);
        await look('light, on a desktop', '');
        await page.emulateMedia({ colorScheme: 'dark' });
        await look('dark', colourRules);
        await page.emulateMedia({ colorScheme: 'light' });
        await page.setViewportSize(widths.phone);
        await look('light, on a phone', '');
      }
      expect(faults).to.deep.equal([]);
    } finally {
      await context.close();
    }
    // three looks at each of some forty pages
  }).timeout(900_000);
});

/** The rules of axe that look at colours, which alone differ between light and dark. */
const colourRules = "runOnly: ['color-contrast', 'link-in-text-block'],";

/** What axe finds by all of its rules, those of WCAG 2.2 AA and its best practices included, as rule and place. */
async function faultsOf(page: Page, only: string): Promise<string[]> {
  const rules = only === '' ? "rules: { 'target-size': { enabled: true } }," : only;
  const found = (await page.evaluate(`axe.run({ ${rules} resultTypes: ['violations'] })`)) as axe.AxeResults;
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, any, all, none }) => {
      const [first] = [...any, ...all, ...none];
      return `${id} ${target.join(' ')}: ${first?.message}`;
    }),
  );
}

async function fill(site: Site): Promise<Shown> {
  await site.repository('sample', { pullRequests: 'same' });
  await site.repository('empty');
  const provider = {
    name: 'corp',
    kind: 'oidc',
    url: 'https://id.example',
    clientId: 'volt',
    createdBy: 'owner',
  } as const;
  await addProvider(site.context.database, site.context.config, provider);
  await noteObserved(site.context.database, 'sample', { defaultBranch: 'main', notice: null });
  await site.runner('r1', { labels: ['linux'] });
  await noteIdentity(site.context.database, site.context.config, {
    ...{ provider: 'corp', issuer: 'https://id.example', subject: '42', login: 'ada', displayName: 'Ada Lovelace' },
    ...{ groups: ['devs'], addresses: ['ada@example.org'] },
  });
  const failed = await site.build('sample', {}, [
    { name: 'unit (1)' },
    { name: 'unit (2)' },
    { name: 'b', needs: ['unit'] },
  ]);
  const ref = { job: job(failed), attempt: 1 };
  await site.begin(ref);
  const log =
    'plain \u001b[31mred\u001b[0m \u001b[2mdim\u001b[0m \u001b[42m on green \u001b[0m\n##[group]Install\na\n##[endgroup]\n##[error]no\n';
  await site.appendLog(ref, `${log}${'line\n'.repeat(200)}not ok 1\n`);
  const place = { file: 'sum.js', line: 7, endLine: null, column: 3, endColumn: null };
  const at = new Date().toISOString();
  const steps = (['success', 'failure', 'skipped'] as const).map((status) => ({
    ...{ ...newStep(status), status, startedAt: at, finishedAt: at },
    annotations: [{ ...place, level: 'error' as const, message: 'expected 4', title: null, logStart: 0 }],
    summary: status === 'failure' ? '# Totals\n\n- [x] done\n\n| a | b |\n|---|---|\n| 1 | 2 |\n' : null,
  }));
  const test = {
    ...{ suite: 'sum', file: 'sum.js', duration: 1500, message: 'expected 4, got 5', details: 'at sum.js:1\nmore' },
    ...{ expected: '[\n  a red fox,\n  4\n]', actual: '[\n  a blue fox,\n  4\n]' },
    stack: [{ text: 'at sum.js:1', file: 'sum.js', line: 1 }],
  };
  await recordTests(site.context.database, ref, 1, [
    { ...test, name: 'adds', status: 'failed' },
    { ...test, name: 'later', status: 'skipped' },
  ]);
  const tests = { passed: 0, failed: 1, skipped: 1, total: 2, listed: 2 };
  await site.finish(ref, {
    status: 'failure',
    reason: 'exit_code',
    message: 'npm test exited with code 1',
    steps,
    tests,
  });
  await site.finish({ job: job(failed, 2), attempt: 1 });
  const names = ['test', 'deploy', 'gpu'].map((name) => ({ name, labels: name === 'gpu' ? ['gpu'] : [] }));
  const open = await site.build('sample', {}, names);
  await site.begin({ job: job(open), attempt: 1 });
  await site.askApproval(open, job(open, 2));
  const change = { path: '.github/workflows/ci.yml', status: 'changed' as const, diff: '-old\n+new\n' };
  const asked = await site.askForBuild('sample', { files: [change], more: 2 });
  const [first] = (await site.json('/api/v1/repos/sample/tests?limit=1')).tests;
  const stop = await fillNotices(site);
  return { failed, open, asked, test: first.id, stop, request: await fillRequests(site) };
}

/** A target of mail, of whose branches somebody has stopped one. */
async function fillNotices({ context }: Site): Promise<string> {
  await new Noticing(context).addMail('ada@example.org');
  const { address } = await openNoticeTarget(context.database, context.config, 'mail');
  const muted = { repo: 'sample', branch: 'main' };
  await mute(context.database, { target: 'mail', recipient: 'ada@example.org' }, muted);
  return `/notices/stop/mail/${stopToken(address.secret ?? '', { recipient: 'ada@example.org', ...muted })}`;
}

/** What people can act on: what can be started, as an observer has read it, a request that failed, a repository that is away. */
async function fillRequests(site: Site): Promise<number> {
  const { database } = site.context;
  await site.repository('away');
  const gone = new VoltError('fetch_failed', 'its server is away', { remedy: 'See whether it is up.' });
  await noteObserveError(database, 'away', gone);
  const broken = { job: job(await site.build('away')), attempt: 1 };
  await site.begin(broken);
  await site.finish(broken, { status: 'error', reason: 'fetch_failed', message: 'cannot fetch' });
  await site.build('away');
  const input = { description: 'What it is for', required: true, default: null, options: null };
  const types = ['string', 'boolean', 'number', 'choice', 'environment'] as const;
  const inputs = types.map((type) => ({ ...input, name: type, type, options: type === 'choice' ? ['a', 'b'] : null }));
  const found = {
    ...{ ref: 'refs/heads/main', sha: 'a'.repeat(40) },
    workflows: [{ path: 'release.yml', name: 'Release', inputs }],
    invalid: [{ path: 'broken.yml', message: 'broken.yml:1:1: a fault' }],
  };
  const askedAt = await askStartable(database, 'sample', null);
  await answerStartable(database, 'sample', { ref: null, askedAt }, found);
  // no observer is there to answer again
  const later = { asked_at: askedAt + 3_600_000, answered_at: askedAt + 3_600_000 };
  await database.db.updateTable('startable').set(later).execute();
  const request = await openTrigger(database, 'sample', 'nowhere');
  await failIntent(database, request, { code: 'commit_missing', message: 'no such branch', remedy: 'Name another.' });
  return request;
}
