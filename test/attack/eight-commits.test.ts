import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadConfig } from '../../src/kernel/config.ts';
import { logFile } from '../../src/kernel/data-paths.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import { type Build, isFinal } from '../../src/kernel/model.ts';
import { findBuild, listBuilds } from '../../src/record/builds.ts';
import type { Database } from '../../src/record/database.ts';
import { connectRedis, type RedisAccess } from '../../src/redis/connect.ts';
import { listRunners } from '../../src/redis/membership.ts';
import { pause } from '../../src/system/wait.ts';
import { attack } from '../support/attack.ts';
import { TestFolders } from '../support/folder.ts';
import { type VoltProcess, VoltProcesses } from '../support/processes.ts';
import { openRecord } from '../support/record.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';
import { type GuiltyCommit, guiltyJobs, guiltyPlans } from './guilty-commits.ts';

/** Longest time between heartbeats of a runner, in milliseconds. */
const longestGap = 2000;
/** Duration of the other repository's job, in seconds. */
const work = 60;
/** Extra time for a busy machine, in milliseconds. */
const patience = 240_000;

const all = [...guiltyJobs, ...guiltyPlans];

describe('commits with extreme input beside another repository’s job', () => {
  const folders = new TestFolders();
  const processes = new VoltProcesses();
  const repositories: TestRepository[] = [];
  const records: Database[] = [];
  const connections: RedisAccess[] = [];

  afterEach(async () => {
    for (const access of connections.splice(0)) await access.close();
    for (const database of records.splice(0)) await database.close();
    await processes.end();
    for (const repository of repositories.splice(0)) repository.remove();
  });
  after(folders.remove);

  const sets: { title: string; guilty: readonly GuiltyCommit[] }[] = [
    ...all.map((one) => ({ title: one.title, guilty: [one] })),
    { title: 'cannot delay them by all of these commits at once', guilty: all },
  ];
  for (const { title, guilty } of sets) {
    for (const killed of [false, true]) {
      const how = killed ? `${title}, while Volt is killed and started again` : title;
      const about = { attacker: 'pusher to another branch', asset: "other repositories' jobs", title: how } as const;
      attack({ ...about, long: true, timeout: 600_000 }, () => besides(guilty, killed));
    }
  }

  async function besides(guilty: readonly GuiltyCommit[], killed: boolean): Promise<void> {
    const dataDir = join(folders.make(), 'data');
    const neighbour = repository({ 'test.sh': `sleep ${work}\n` }, 'neighbour');
    const bad = guilty.map(({ files }, index) => ({
      ...(guilty[index] as GuiltyCommit),
      at: repository(files, `guilty-${index}`),
    }));
    const start = async (): Promise<VoltProcess> => {
      const up = processes.start([
        ...['up', '--port', '0', '--data', dataDir, '--slots', '4', '--poll', '1'],
        ...[neighbour, ...bad.map(({ at }) => at)].flatMap(({ path }) => ['--repo', path]),
      ]);
      await up.says(/http:\/\//);
      return up;
    };
    let up = await start();
    const database = await openRecord(dataDir);
    records.push(database);
    let beats = await Heartbeats.of(dataDir, connections);
    await until(
      'the neighbour’s job runs',
      async () => (await buildOf(database, 'neighbour'))?.status === 'running',
      patience,
    );
    if (killed) {
      await pause(5000);
      beats.stop();
      up.signal('SIGKILL');
      await up.ended();
      up = await start();
      beats = await Heartbeats.of(dataDir, connections);
    }
    const answers = watchDashboard(dataDir);
    const good = await ended(database, 'neighbour');
    expect(good.status, said(dataDir, good)).to.equal('success');
    expect(good.jobs.map(({ attempts }) => attempts.length)).to.deep.equal([killed ? 2 : 1]);
    for (const [index, { title, status, says }] of bad.entries()) {
      const build = await ended(database, `guilty-${index}`);
      expect(build.status, `${title}: ${said(dataDir, build)}`).to.equal(status);
      expect(said(dataDir, build), title).to.match(says);
    }
    beats.stop();
    expect(beats.longestGap).to.be.below(longestGap);
    expect(await answers.stop()).to.be.below(longestGap);
  }

  function repository(files: { [path: string]: string }, name: string): TestRepository {
    const made = new TestRepository(files, { name });
    repositories.push(made);
    return made;
  }
});

async function buildOf(database: Database, repo: string): Promise<Build | undefined> {
  const [summary] = await listBuilds(database, { repo, limit: 1 });
  return summary && (await findBuild(database, summary.id));
}

function ended(database: Database, repo: string): Promise<Build> {
  return until(
    `the build of ${repo} ends`,
    async () => {
      const build = await buildOf(database, repo);
      return build && isFinal(build.status) ? build : undefined;
    },
    patience,
  );
}

/** Reasons and logs of a build. */
function said(dataDir: string, { message, jobs }: Build): string {
  const logs = jobs.slice(0, 20).map(({ id, message: why, attempts }) => {
    const file = logFile(dataDir, { job: id, attempt: attempts.length });
    return `${why ?? ''}\n${existsSync(file) ? readFileSync(file, 'utf8').slice(-3000) : ''}`;
  });
  return [message ?? '', ...logs].join('\n');
}

/** Watches the heartbeats of the only runner. */
class Heartbeats {
  longestGap = 0;
  #stopped = false;

  static async of(dataDir: string, connections: RedisAccess[]): Promise<Heartbeats> {
    const url = await until('Redis answers', () => {
      const file = join(dataDir, 'redis', 'url');
      return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
    });
    const access = await connectRedis(loadConfig({ dataDir }), url, createLogger('error'));
    connections.push(access);
    const beats = new Heartbeats();
    void beats.#watch(access).catch(() => undefined);
    return beats;
  }

  async #watch(access: RedisAccess): Promise<void> {
    let last: number | undefined;
    while (!this.#stopped) {
      const { alive } = await listRunners(access);
      for (const { heartbeatAt } of alive) {
        const at = Date.parse(String(heartbeatAt));
        if (last !== undefined && at > last) this.longestGap = Math.max(this.longestGap, at - last);
        last = Math.max(last ?? 0, at);
      }
      await pause(200);
    }
  }

  stop(): void {
    this.#stopped = true;
  }
}

/**
 * Requests the dashboard repeatedly.
 * @returns `stop` returns the longest response time (ms)
 */
function watchDashboard(dataDir: string): { stop(): Promise<number> } {
  const url = readFileSync(join(dataDir, 'web.url'), 'utf8').trim();
  let isOver = false;
  const watched = (async () => {
    let longest = 0;
    while (!isOver) {
      const since = performance.now();
      for (const path of ['/', '/builds/1', '/api/v1/builds']) await (await fetch(`${url}${path}`)).text();
      longest = Math.max(longest, performance.now() - since);
      await pause(1000);
    }
    return longest;
  })();
  return {
    stop: () => {
      isOver = true;
      return watched;
    },
  };
}
