import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { logFile } from '../../src/kernel/data-paths.ts';
import type { Build } from '../../src/kernel/model.ts';
import { hasEngine, startEngine, type TestEngine } from '../support/engine.ts';
import { TestFolders } from '../support/folder.ts';
import { isIsolable } from '../support/isolation.ts';
import { TestRepository } from '../support/repository.ts';
import { makeStandIns } from '../support/stand-in-images.ts';
import { TestVolt } from '../support/volt.ts';
import { actActions, actWorkflows } from './act-workflows.ts';
import { wellKnownServices } from './well-known-services.ts';

/** Milliseconds for a build; the machine may be busy. */
const patience = 240_000;

describe('workflows with containers', function () {
  this.timeout(patience + 10_000);
  const folders = new TestFolders();
  const repositories: TestRepository[] = [];
  let engine: TestEngine;
  /** by the name of the workflow */
  const commits = new Map<string, string>();
  let volt: TestVolt;

  async function begin(name: string, files: Record<string, string>): Promise<void> {
    const workflows = Object.entries(files).filter(([path]) => path.startsWith('.github/workflows/'));
    const isRefused = workflows.some(([, text]) => text.includes('--cap-add'));
    const repository = new TestRepository(files, { name: `${isRefused ? 'refused' : 'project'}-${commits.size}` });
    repositories.push(repository);
    commits.set(name, repository.head());
    await volt.observe(repository.path, { pollSeconds: 3600 });
  }

  before(async function () {
    // in a network of their own, jobs do not need the same ports of this machine
    if (!hasEngine() || !(await isIsolable('sandbox'))) return this.skip();
    engine = await startEngine();
    await makeStandIns(engine);
    const actionsUrl = folders.make();
    for (const [name, files] of Object.entries(actActions)) {
      const action = new TestRepository(files, { at: join(actionsUrl, name) });
      for (const tag of ['v1', 'master']) action.git('tag', tag);
      repositories.push(action);
    }
    // the owner allows what some of them ask for beyond what every job may have
    const allowed = { allowVolumes: '*', allowPrivileged: 'project-*' };
    const settings = { isolation: 'sandbox', actionsUrl, engine: engine.socket, ...allowed } as const;
    volt = await TestVolt.startAll(settings, { slots: 2 });
    // all at once: what one waits for does not hold up the others
    for (const { name, workflow, files } of actWorkflows)
      await begin(name, { ...files, '.github/workflows/push.yml': workflow });
    for (const { name, files } of wellKnownServices) await begin(name, files);
  });
  after(async () => {
    await volt?.stop();
    await engine?.stop();
    for (const repository of repositories) repository.remove();
    folders.remove();
  });

  /** The build of a repository's first commit, and the logs of its jobs. */
  async function built(name: string): Promise<{ build: Build; logs: string[] }> {
    const build = await volt.build(commits.get(name) as string, undefined, patience);
    const logs = build.jobs.map(({ id, attempts }) =>
      attempts.length > 0 ? readFileSync(logFile(volt.dataDir, { job: id, attempt: attempts.length }), 'utf8') : '',
    );
    return { build, logs };
  }

  for (const { name, jobs, log = [] } of actWorkflows) {
    it(`like those of act run: ${name}`, async () => {
      const { build, logs } = await built(name);
      const text = logs.join('\n');
      for (const { name: job, status, reason } of build.jobs)
        expect([status, reason], `${job}\n${text}`).to.deep.equal(jobs?.[job] ?? ['success', null]);
      for (const expected of log) expect(text).to.match(expected);
    });
  }

  for (const { name, jobs, status, look } of wellKnownServices) {
    it(`run ${name}`, async () => {
      const { build, logs } = await built(name);
      const ended = Object.fromEntries(build.jobs.map((job) => [job.name, [job.status, job.reason]]));
      expect(ended, logs.join('\n')).to.deep.equal(jobs);
      expect(build.status).to.equal(status);
      const at = build.jobs.findIndex((job) => job.name === look.job);
      const steps = build.jobs[at]?.steps.map((step) => [step.name, step.status]);
      expect(steps, logs[at]).to.deep.equal(look.steps);
      for (const text of look.log) expect(logs[at]).to.match(text);
    });
  }
});
