import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { containersWith } from '../../src/engine/containers.ts';
import type { TestEngine } from './engine.ts';
import type { TestSession } from './engine-session.ts';
import { jobText, type TestJobs } from './job.ts';
import { until } from './until.ts';

/** Each begins with a text by which it is found. */
const secrets = {
  OF_SERVICE: 'of-service-5e1a\nand "its" $second line',
  OF_INPUT: 'of-input-77c0',
  OF_STEP: 'of-step-91d4 ü',
};
const hashes = Object.values(secrets).map((value) => createHash('sha256').update(value).digest('hex'));
const [ofService = '', ofInput = '', ofStep = ''] = hashes;

/** Commands that print the hash of a variable. Shells do not know those with strange names, which the first process has. */
const hashOf = (name: string) => `printf %s "$${name}" | sha256sum | cut -c-64`;
const hashOfStrange = (name: string) =>
  `tr "\\0" "\\n" < /proc/1/environ | grep "^${name}=" | cut -d= -f2- | tr -d "\\n" | sha256sum | cut -c-64`;

/**
 * Runs a job that gives secrets to a service with a health check, to its steps and to a docker action. While each of them runs,
 * looks for the secrets in what the engine shows and keeps, and in the arguments of all processes.
 */
export async function hidesSecrets(jobs: TestJobs, engine: TestEngine, session: TestSession): Promise<void> {
  await engine.makeImage('kept:1', 'USER node', 'WORKDIR /tmp', 'ENV FROM_IMAGE=kept', 'ENTRYPOINT ["sh"]');
  // of podman it needs a further package
  const init = (await engine.connect()).kind === 'docker' ? '--init' : '';
  const repository = jobs.repository();
  const waiting = 'until [ -e /github/workspace/go ]; do sleep 0.1; done';
  const plan = jobs.plans(
    jobText(
      `
- run: |
    echo "step $(${hashOf('OF_STEP')})"
    until nc kept 8080 | grep .; do sleep 0.1; done
    until [ -e "$GITHUB_WORKSPACE/gone" ]; do sleep 0.1; done
    echo "LATER=\${{ secrets.OF_STEP }}" >> "$GITHUB_ENV"
- uses: docker://tiny:1
  with:
    entrypoint: /bin/sh
    api-key: \${{ secrets.OF_INPUT }}
    args: >-
      -c 'echo "action $(${hashOf('LATER')}) $(${hashOfStrange('INPUT_API-KEY')})"; ${waiting}'`,
      `
env: { OF_STEP: '\${{ secrets.OF_STEP }}' }
container: tiny:1
services:
  kept:
    image: kept:1
    env: { PASSWORD: '\${{ secrets.OF_SERVICE }}' }
    options: ${init} --read-only --tmpfs /tmp --health-cmd 'test "$(${hashOf('PASSWORD')})" = ${ofService} && ls seen || { touch seen; false; }' --health-interval 1s
    command: -c 'while true; do echo "service $(id -u) $PWD $FROM_IMAGE $CI $(${hashOf('PASSWORD')})" | nc -l -p 8080; done'`,
    ),
    repository,
  ).test;
  if (!plan) throw new Error('there is no such job');
  const values = async () => ({ values: secrets, withheld: null });
  const job = jobs.start(plan, repository, { engine: session.next(), secrets: values });
  const write = (name: string) => writeFileSync(join(job.workspace, name), '');
  const prints = async (text: string) => {
    const isPrinted = until(text, () => job.log().includes(text)).catch(() => undefined);
    await Promise.race([isPrinted, job.ended]);
    expect(job.log(), job.log()).to.include(text);
  };
  await prints('Service kept: waiting until it is healthy');
  await nothingShows(engine);
  await prints(`service 1000 /tmp kept true ${ofService}\n`);
  await prints(`step ${ofStep}\n`);
  await nothingShows(engine);
  write('gone');
  await prints(`action ${ofStep} ${ofInput}\n`);
  await nothingShows(engine);
  write('go');
  const { outcome } = await job.ended;
  expect(outcome, job.log()).to.include({ status: 'success' });
  await session.nothingIsLeft();
  await nothingShows(engine);
}

/** @throws AssertionError where the engine shows or keeps a secret, or a process has one in its arguments */
async function nothingShows(engine: TestEngine): Promise<void> {
  const ids = await containersWith(await engine.connect(), { 'volt.record': 'test' });
  // one by which Volt looks into an image may be gone
  const shown = (await Promise.all(ids.map((id) => engine.podman('inspect', id).catch(() => '')))).join('');
  const marks = Object.values(secrets).map((value) => value.slice(0, 'of-step-91d4'.length));
  for (const mark of marks) {
    expect(shown, 'what the engine shows').not.to.include(mark);
    expect(await filesWith(dirname(engine.socket), mark), 'what the engine keeps').to.equal('');
  }
  const everyArgument = readdirSync('/proc').flatMap((pid) => (/^\d+$/.test(pid) ? [argumentsOf(pid)] : []));
  for (const mark of marks) expect(everyArgument.filter((each) => each.includes(mark))).to.deep.equal([]);
}

/** Of files that come and go, grep complains. */
function filesWith(folder: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    execFile('grep', ['-rlaF', '--devices=skip', text, folder], (_, found) => resolve(found));
  });
}

function argumentsOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
