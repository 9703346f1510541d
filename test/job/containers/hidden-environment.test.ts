import { useEngine } from '../../support/engine-session.ts';
import { hidesSecrets } from '../../support/hidden-environment.ts';
import { TestJobs } from '../../support/job.ts';

describe('the environment of containers', function () {
  this.timeout(120_000);
  const jobs = new TestJobs();
  const used = useEngine();
  after(async () => {
    await jobs.clean();
    jobs.folders.remove();
  });

  it('is not in what the engine shows and keeps, nor in the arguments of a process', () =>
    hidesSecrets(jobs, used.engine, used.session));
});
