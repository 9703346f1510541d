import { chromium } from 'playwright-core';
import { VoltError } from '../../src/kernel/errors.ts';
import { moveToNextAttempt, recordSteps } from '../../src/record/moves.ts';
import { noteObserveError } from '../../src/record/repositories.ts';
import { job, Site } from './site.ts';

const s = await Site.start();
for (const n of ['sample', 'payments-service', 'website']) await s.repository(n);
const step = (name: string, status: any, ms: number, exitCode: number | null = 0) => {
  const now = Date.now();
  return {
    name,
    status,
    exitCode,
    startedAt: new Date(now - ms).toISOString(),
    finishedAt: status === 'running' ? null : new Date(now).toISOString(),
  };
};
for (let i = 0; i < 12; i++) {
  const b = await s.build(['sample', 'payments-service', 'website'][i % 3]!, {
    subject: [
      'Fix the rounding of refunds in foreign currencies',
      'Bump dependencies',
      'Say what went wrong when the upload fails, and offer to try again instead of losing the form',
      'Revert "Speed up search"',
    ][i % 4]!,
    author: ['Ada Lovelace', 'Grace Hopper'][i % 2]!,
    ref: i % 5 === 2 ? 'refs/heads/feature/very-long-branch-name-for-upload-errors' : 'refs/heads/main',
    sha: (i + 1).toString(16).repeat(40).slice(0, 40),
    trigger: i === 4 ? 'manual' : 'commit',
  });
  if (i < 10) {
    await s.begin({ job: job(b), attempt: 1 });
    await s.finish(
      { job: job(b), attempt: 1 },
      i % 4 === 1
        ? { status: 'failure', reason: 'exit_code', message: 'npm test exited with code 1', exitCode: 1 }
        : i === 6
          ? { status: 'error', reason: 'fetch_failed', message: 'the commit could not be fetched: connection refused' }
          : i === 7
            ? { status: 'cancelled', reason: 'by_user', message: null }
            : {},
    );
  }
}
await s.appendLog({ job: job('10' as any), attempt: 1 }, Array.from({ length: 30 }, (_, i) => `line ${i}`).join('\n'));
await s.appendLog(
  { job: job('6' as any), attempt: 1 },
  '\x1b[1mnpm test\x1b[0m\n> mocha\n\n  refunds\n    \x1b[32m✓\x1b[0m rounds half up\n    \x1b[31m1) keeps the currency\x1b[0m\n    \x1b[33m- pending\x1b[0m\n\n  \x1b[41mFAIL\x1b[0m \x1b[2mtest/refunds.test.js\x1b[22m\n\x1b[38;5;208morange\x1b[0m \x1b[38;2;80;120;255mblue\x1b[0m \x1b[7minverse\x1b[0m <script>alert(1)</script>\nprogress 10%\rprogress 100%\n',
);
const big = await s.build('payments-service', { subject: 'Build on three systems' }, [
  { name: 'test (linux)', labels: ['linux'] },
  { name: 'test (gpu)', labels: ['gpu', 'linux'] },
  { name: 'package', needs: ['test (linux)', 'test (gpu)'] },
]);
await s.begin({ job: job(big), attempt: 1 });
await moveToNextAttempt(
  s.context.record,
  { job: job(big), attempt: 1 },
  { reason: 'runner_lost', message: 'its runner is gone', at: Date.now() },
);
await s.begin({ job: job(big), attempt: 2 }, { id: 'r2~1', name: 'r2', host: 'other' });
await recordSteps(s.context.record, { job: job(big), attempt: 2 }, [
  step('checkout', 'success', 900),
  step('npm ci', 'success', 12000),
  step('npm test', 'running', 3000, null),
]);
await s.appendLog({ job: job(big), attempt: 2 }, 'checking out\nnpm ci\nadded 300 packages\nnpm test\n');
await s.context.queues.announceLabels(['gpu', 'linux']);
await s.context.queues.sendJobs([
  {
    priority: 1,
    message: {
      v: 1,
      job: job(big, 2),
      attempt: 1,
      build: big,
      name: 'test (gpu)',
      labels: ['gpu', 'linux'],
      repo: { name: 'payments-service', url: 'https://u:p@git.example/x.git' },
      ref: 'refs/heads/main',
      sha: 'a'.repeat(40),
      plan: { kind: 'discover' },
      timeout: 60,
    },
  },
]);
await noteObserveError(
  s.context.record,
  'website',
  new VoltError('fetch_failed', 'cannot fetch https://bob:secret@git.example/website.git: connection refused', {
    remedy: 'See whether the server is up.',
  }),
);
await s.runner('r1', { labels: ['host:machine', 'linux', 'x64'], slots: 4, running: ['1-1.1', `${big}-1.2`] });
await s.runner('r2', { labels: ['host:other', 'linux', 'x64'], slots: 2 });

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
});
const cookie = await s.signIn();
const [name, value] = cookie.split('=') as [string, string];
for (const scheme of ['light', 'dark'] as const)
  for (const [kind, width, height] of [
    ['desk', 1200, 850],
    ['phone', 390, 844],
  ] as const) {
    if (process.argv[2] && !`${kind}-${scheme}`.includes(process.argv[2])) continue;
    const ctx = await browser.newContext({ viewport: { width, height }, colorScheme: scheme });
    const page = await ctx.newPage();
    page.on('console', (m) => {
      if (m.type() !== 'log') console.log(kind, m.type(), m.text());
    });
    page.on('requestfailed', (r) => console.log('failed', r.url(), r.failure()?.errorText));
    for (const [n, p] of [
      ['builds', '/'],
      ['failed', '/builds/6'],
      ['running', `/builds/${big}`],
      ['runners', '/runners'],
      ['signin', '/sign-in'],
      ['board', '/queues'],
      ['boardq', '/queues/queue/jobs.gpu+linux'],
      ['missing', '/builds/999'],
    ] as const) {
      if (p === '/runners') {
        await s.runner('r1', { labels: ['host:machine', 'linux', 'x64'], slots: 4, running: ['1-1.1', `${big}-1.2`] });
        await s.runner('r2', { labels: ['host:other', 'linux', 'x64'], slots: 2 });
        await s.stage('observer');
        await s.stage('dispatcher');
      }
      await page.goto(s.url + p);
      await page.waitForTimeout(p.startsWith('/queues') ? 1200 : 300);
      await page.screenshot({ path: `/tmp/shots/${n}-${kind}-${scheme}.png`, fullPage: true });
    }
    await ctx.addCookies([{ name, value, url: s.url }]);
    await page.goto(`${s.url}/builds/${big}`);
    await page.screenshot({ path: `/tmp/shots/signedin-${kind}-${scheme}.png` });
    await page.goto(`${s.url}/queues`);
    await page.waitForTimeout(1000);
    await page.screenshot({ path: `/tmp/shots/boardw-${kind}-${scheme}.png` });
    await ctx.close();
  }
await browser.close();
await s.stop();
