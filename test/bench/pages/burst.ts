/**
 * Measures what the list of builds costs the browser that has it open while many builds come at once and run:
 * `npm run bench:burst`; `--help` lists the options.
 */
import { Command } from 'commander';
import type { CDPSession } from 'playwright-core';
import { startBrowser } from '../../support/browser.ts';
import { job, Site } from '../../web/site.ts';

interface Options {
  builds: number;
  seconds: number;
  runners: number;
  path: string;
  json?: boolean;
}

/** Share of a core that is too much. */
const bar = 0.1;

const number = (text: string) => Number(text);
const options = new Command('bench:burst')
  .description(
    'Opens the list of builds in Chromium, makes builds in one burst, and lets them start and end one after the other. Prints the processor time of the page (its process, all threads, by the DevTools protocol) as a share of a core, from the first build to the last end.',
  )
  .option('--builds <n>', 'builds of the burst', number, 500)
  .option('--seconds <n>', 'time from the burst to the end of the last build', number, 60)
  .option('--runners <n>', 'builds that run at the same time', number, 8)
  .option('--path <path>', 'the page that is open', '/builds')
  .option('--json', 'print JSON')
  .parse()
  .opts<Options>();

const browser = await startBrowser();
if (!browser) throw new Error('this machine has no Chromium');
const site = await Site.start();
try {
  await site.repository('burst');
  const old = await site.build('burst', { subject: 'Before the burst' });
  await site.finish({ job: job(old), attempt: 1 });
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  let fetches = 0;
  page.on('request', (request) => {
    if (request.resourceType() === 'fetch' || request.resourceType() === 'xhr') fetches += 1;
  });
  await page.goto(site.url + options.path);
  await page.getByText('Before the burst').first().waitFor();
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
  const before = await metricsOf(devtools);
  const begin = performance.now();
  fetches = 0;
  await burst();
  const after = await metricsOf(devtools);
  const seconds = (performance.now() - begin) / 1000;
  const spent = (name: string) => (after[name] ?? 0) - (before[name] ?? 0);
  const share = spent('ProcessTime') / seconds;
  const figures = {
    ...{ builds: options.builds, seconds: round(seconds), fetches, share: round(share * 100) / 100 },
    processSeconds: round(spent('ProcessTime')),
    mainThreadSeconds: round(spent('TaskDuration')),
    scriptSeconds: round(spent('ScriptDuration')),
    layoutAndStyleSeconds: round(spent('LayoutDuration') + spent('RecalcStyleDuration')),
  };
  if (options.json) process.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`);
  else {
    for (const [name, value] of Object.entries(figures)) process.stdout.write(`${name.padEnd(24)}${value}\n`);
    process.stdout.write(
      `${(share * 100).toFixed(1)} % of a core${share < bar ? '' : `, which is not below ${bar * 100} %`}\n`,
    );
  }
} finally {
  await browser.close();
  await site.stop();
}

/** All builds come at once, and then start and end in turn, evenly over the time. */
async function burst(): Promise<void> {
  const { builds, runners } = options;
  const begin = performance.now();
  const made = [];
  for (let index = 0; index < builds; index++) {
    const id = await site.build('burst', { subject: `Commit ${index + 1} of the burst` });
    await site.announce(id, 'burst', 'queued');
    made.push(id);
  }
  const pace = (options.seconds * 1000 - (performance.now() - begin)) / (builds + runners);
  const from = performance.now();
  for (let turn = 0; turn < builds + runners; turn++) {
    const [starting, ending] = [made[turn], made[turn - runners]];
    if (starting !== undefined) {
      await site.begin({ job: job(starting), attempt: 1 });
      await site.announce(starting, 'burst', 'running');
    }
    if (ending !== undefined) {
      await site.finish({ job: job(ending), attempt: 1 });
      await site.announce(ending, 'burst', 'success');
    }
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, from + (turn + 1) * pace - performance.now())));
  }
}

async function metricsOf(devtools: CDPSession): Promise<{ [name: string]: number }> {
  const { metrics } = await devtools.send('Performance.getMetrics');
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
