import { strict as assert } from 'node:assert';
import { until } from '../support/until.ts';
import type { Engine } from './engine.ts';
import { step } from './run.ts';
import type { VoltInContainers } from './volt-in-containers.ts';

interface Build {
  id: string;
  sha: string;
  status: string;
  reason: string | null;
  message: string | null;
}
interface Job {
  status: string;
  runner: string;
  attempts: { runner: string; status: string; reason: string | null }[];
}

/** Creates a repository whose test waits for a branch `go` on the server, if the commit says so. */
const repository = (address: string): string => `
  git init --quiet --initial-branch=main app
  cd app
  git config user.name Ada
  git config user.email ada@example.com
  cat >test.sh <<'END'
#!/bin/sh
echo "commit $(git log -1 --format=%s)"
case $(git log -1 --format=%s) in
  wait) until git ls-remote --exit-code ${address} refs/heads/go >/dev/null; do sleep 0.2; done ;;
esac
END
  chmod +x test.sh
  git add .
  git commit --quiet --message first`;

export const commit = (message: string) =>
  `cd app; git commit --quiet --allow-empty --message ${message}; git rev-parse HEAD`;

/** What users do first: they start all services, and add a repository. */
export async function begin(volt: VoltInContainers): Promise<void> {
  step('starting all services');
  await volt.compose('up', '--no-build', '--detach');
  await volt.allAre('healthy');
  step('all are healthy');
  assert.equal(
    await volt.compose('exec', '-T', 'runner', 'id', '--user'),
    '1000',
    'the image runs as an ordinary user',
  );

  const doctor = await volt.compose('exec', '-T', 'runner', 'volt', 'doctor');
  assert.match(doctor, /^✔ isolation +sandbox: /m);

  const address = `git://git:${volt.gitPort}/app`;
  await volt.git(repository(address));
  await volt.volt('repo', 'add', 'app', address, '--poll', '1');
  await succeeds(volt, await volt.git('git -C app rev-parse HEAD'));
  step('the first commit was tested');
}

/** What users do, from the first start to a lost runner. */
export async function scenario(engine: Engine, volt: VoltInContainers): Promise<void> {
  await begin(volt);
  await fromTheHost(volt);

  step('scaling to 3 runners, and one more as on another machine');
  await volt.compose('up', '--no-build', '--detach', '--no-recreate', '--scale', 'runner=3');
  await volt.addRunnerKey();
  await volt.remote('up', '--no-build', '--detach');
  await until('4 runners are there', async () => (await runners(volt)).length === 4, 120_000);

  const waiting = await volt.git(commit('wait'));
  const taken = await until('a runner has the job', async () => running(volt, waiting), 120_000);
  step(`killing the runner that has the job, ${taken.runner}`);
  await engine.command('kill', await containerOf(engine, volt, taken.runner));
  const moved = await until(
    'another one has the job',
    async () => {
      const job = await running(volt, waiting);
      return job && job.runner !== taken.runner ? job : undefined;
    },
    120_000,
  );
  step(`it has moved to ${moved.runner}`);
  await volt.git('git -C app branch go');
  await succeeds(volt, waiting);
  // on a slow machine a lease may run out by itself
  const attempts = (await jobs(volt, waiting))[0]?.attempts ?? [];
  assert.deepEqual([attempts[0]?.runner, attempts[0]?.reason], [taken.runner, 'runner_lost']);
  assert.equal(attempts.at(-1)?.status, 'success');
  step(`the job has ended in its attempt ${attempts.length}`);

  step('stopping Redis');
  await volt.compose('stop', 'redis');
  await volt.allAre('unhealthy', ['observer', 'dispatcher', 'reporter', 'notifier', 'web']);
  step('the stages are unhealthy, as they should be; starting it again');
  await volt.compose('start', 'redis');
  await volt.allAre('healthy', ['observer', 'dispatcher', 'reporter', 'notifier', 'web', 'redis']);
  await succeeds(volt, await volt.git(commit('after')));
  step('all are healthy again, and a further commit was tested');
}

/** The dashboard answers on the host, and nothing can be read there without the token. */
async function fromTheHost(volt: VoltInContainers): Promise<void> {
  const address = `http://127.0.0.1:${volt.webPort}`;
  assert.equal((await fetch(`${address}/healthz`)).status, 200);
  assert.equal((await fetch(`${address}/api/v1/builds`)).status, 401);
  const token = await volt.compose('exec', '-T', 'web', 'cat', '/data/token');
  const builds = await fetch(`${address}/api/v1/builds`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal(builds.status, 200);
}

async function build(volt: VoltInContainers, sha: string): Promise<Build | undefined> {
  const { builds } = (await volt.volt('builds')) as { builds: Build[] };
  return builds.find((each) => each.sha === sha);
}

async function jobs(volt: VoltInContainers, sha: string): Promise<Job[]> {
  const found = await build(volt, sha);
  if (!found) return [];
  return ((await volt.volt('show', String(found.id))) as { jobs: Job[] }).jobs;
}

async function running(volt: VoltInContainers, sha: string): Promise<Job | undefined> {
  return (await jobs(volt, sha)).find(({ status }) => status === 'running');
}

async function runners(volt: VoltInContainers): Promise<{ name: string; host: string }[]> {
  return ((await volt.volt('runners')) as { runners: { name: string; host: string }[] }).runners;
}

/** The container of a runner. Its host name begins like its id, unless it uses the machine's network. */
async function containerOf(engine: Engine, volt: VoltInContainers, name: string): Promise<string> {
  const runner = (await runners(volt)).find((each) => each.name === name);
  assert.ok(runner, `runner ${name} is not listed`);
  const ids = await volt.containers('runner');
  const remote = await volt.containers('runner', `${volt.project}-remote`);
  const hosts = await Promise.all(ids.map((id) => engine.command('inspect', '--format', '{{.Config.Hostname}}', id)));
  const id = ids[hosts.indexOf(runner.host)] ?? remote[0];
  assert.ok(id, `no container is named ${runner.host}`);
  return id;
}

/** Waits until the build of a commit has passed. */
export async function succeeds(volt: VoltInContainers, sha: string): Promise<void> {
  const { status, reason, message } = await until(
    `a verdict of ${sha}`,
    async () => {
      const found = await build(volt, sha);
      return found && !['queued', 'running'].includes(found.status) ? found : undefined;
    },
    180_000,
  );
  assert.equal(status, 'success', `${status}: ${reason}: ${message}`);
}
