/**
 * Makes the pictures of docs/images: `npm run screenshots`. Starts a Volt of its own, lets it build sample projects, and takes
 * a picture of each main page in Chromium. Names of pages select some: `npm run screenshots -- log tests`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { BuildSummary } from '../src/kernel/model.ts';
import { startBrowser } from '../test/support/browser.ts';
import { temporaryFolder, VoltProcess } from '../test/support/cli.ts';
import { until } from '../test/support/until.ts';
import {
  commit,
  lastCommit,
  paymentsCommits,
  repositoryOf,
  shopCommits,
  simulatorCommits,
  storefrontCommits,
  websiteCommits,
} from './sample-projects.ts';

/** Milliseconds that the builds of the sample projects may take on a busy machine. */
const patience = 900_000;
/** Milliseconds for fonts and charts to settle. */
const settle = 500;

interface Picture {
  path: string;
  /** pixels of CSS */
  height?: number;
  dark?: boolean;
  /** what a person does before */
  act?(page: Page): Promise<unknown>;
}

/** The main pages, by the name of their file. */
async function picturesOf(volt: Fleet): Promise<{ [name: string]: Picture }> {
  const failed = await volt.build('storefront', 'failure');
  const job = (await volt.jobs(failed.id)).find(({ status }) => status === 'failure')?.id;
  const long = await volt.build('simulator', 'success');
  const broken = await volt.build('shop', 'failure');
  const [flaky] = (await volt.get<{ tests: { id: string }[] }>('/repos/shop/tests?sort=flaky')).tests;
  return {
    overview: { path: '/', height: 540 },
    builds: { path: '/builds', dark: true },
    build: { path: `/builds/${failed.id}`, height: 960 },
    timeline: { path: `/builds/${failed.id}?view=timeline&job=${job}`, height: 760 },
    graph: { path: `/builds/${failed.id}?view=graph&job=${job}`, height: 560 },
    failure: { path: `/builds/${broken.id}`, height: 900 },
    log: {
      path: `/builds/${long.id}?view=list#log`,
      act: async (page) => {
        await page.getByRole('searchbox', { name: 'Search the log' }).fill('checkpoint');
        await page.keyboard.press('Enter');
        await page.getByText(/^\d+ of \d+/).waitFor();
      },
    },
    repository: { path: '/repos/shop' },
    charts: { path: '/repos/shop/charts', height: 900 },
    grid: { path: '/builds?repo=storefront&view=grid', height: 560 },
    tests: { path: '/repos/shop/tests?sort=flaky', height: 420 },
    test: { path: `/repos/shop/tests/${flaky?.id}` },
    runners: { path: '/runners' },
  };
}

/** A Volt with the sample projects, all of whose builds but one have ended. */
class Fleet {
  readonly signIn: string;
  readonly #url: string;
  readonly #token: string;

  constructor(said: string, token: string) {
    this.#url = /dashboard +(\S+)/.exec(said)?.[1] ?? '';
    this.signIn = /sign in +(\S+)/.exec(said)?.[1] ?? '';
    this.#token = token;
  }

  get token(): string {
    return this.#token;
  }

  async get<T>(path: string): Promise<T> {
    const answer = await fetch(`${this.#url}/api/v1${path}`, { headers: { authorization: `Bearer ${this.#token}` } });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  async builds(query: string): Promise<BuildSummary[]> {
    return (await this.get<{ builds: BuildSummary[] }>(`/builds?${query}`)).builds;
  }

  /** The newest build of a repository with a status. */
  async build(repo: string, status: string): Promise<BuildSummary> {
    const [found] = await this.builds(`repo=${repo}&status=${status}&limit=1`);
    if (!found) throw new Error(`${repo} has no build with the status ${status}`);
    return found;
  }

  async jobs(build: string): Promise<{ id: string; status: string }[]> {
    return (await this.get<{ jobs: { id: string; status: string }[] }>(`/builds/${build}`)).jobs;
  }

  /** Waits until this many builds of a repository have ended. */
  async ended(repo: string, count: number): Promise<void> {
    const over = async () =>
      (await this.builds(`repo=${repo}&limit=100`)).filter(({ finishedAt }) => finishedAt !== null);
    await until(`${count} builds of ${repo} have ended`, async () => (await over()).length === count, patience);
  }
}

async function takePicture(browser: Browser, volt: Fleet, name: string, picture: Picture): Promise<void> {
  const { path, height = 760, dark = false, act } = picture;
  const context = await browser.newContext({
    ...{ viewport: { width: 1280, height }, colorScheme: dark ? 'dark' : 'light', timezoneId: 'UTC', locale: 'en-GB' },
  } as const);
  const page = await context.newPage();
  await page.goto(volt.signIn);
  await page.getByLabel('Token').fill(volt.token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
  await page.goto(new URL(path, page.url()).href);
  await act?.(page);
  await page.waitForTimeout(settle);
  await page.screenshot({ path: join(import.meta.dirname, 'images', `${name}.png`) });
  await context.close();
}

const wanted = process.argv.slice(2);
const folder = await temporaryFolder();
const browser = await startBrowser();
if (!browser) throw new Error('this machine has no Chromium');
const projects = [
  { name: 'shop', commits: shopCommits },
  { name: 'storefront', commits: storefrontCommits },
  { name: 'payments', commits: paymentsCommits },
  { name: 'website', commits: websiteCommits },
  { name: 'simulator', commits: simulatorCommits },
].map(({ name, commits }) => ({ name, commits, repository: repositoryOf(name, commits) }));
const data = join(folder.path, 'data');
const repositories = projects.flatMap(({ repository }) => ['--repo', repository.path]);
const up = new VoltProcess(['up', '--data', data, '--port', '0', '--poll', '1', '--slots', '3', ...repositories]);
try {
  await up.says(/press Ctrl-C to stop/, patience);
  const volt = new Fleet(up.stdout, readFileSync(join(data, 'token'), 'utf8').trim());
  for (const { name, commits, repository } of projects) {
    await volt.ended(name, 1);
    for (const one of commits.slice(1)) commit(repository, one);
  }
  for (const { name, commits } of projects) await volt.ended(name, commits.length);
  const simulator = projects.find(({ name }) => name === 'simulator');
  if (simulator) commit(simulator.repository, lastCommit);
  await until('the last build runs', async () => (await volt.builds('status=running&limit=1')).length === 1, patience);
  for (const [name, picture] of Object.entries(await picturesOf(volt))) {
    if (wanted.length === 0 || wanted.includes(name)) await takePicture(browser, volt, name, picture);
  }
} finally {
  await browser.close();
  up.signal('SIGTERM');
  up.signal('SIGTERM');
  await up.stop();
  for (const { repository } of projects) repository.remove();
  await folder.remove();
}
