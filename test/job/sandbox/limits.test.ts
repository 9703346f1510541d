import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { ControlGroup } from '../../../src/exec/control-group.ts';
import type { Overrides } from '../../../src/kernel/config.ts';
import { IsolatedJobs, type IsolatedRun, isIsolable } from '../../support/isolation.ts';

for (const level of ['sandbox', 'user'] as const) {
  describe(`the limits of a job under isolation ${level}`, function () {
    this.timeout(120_000);

    before(async function () {
      if (!(await isIsolable(level))) this.skip();
    });

    async function run(limits: Overrides, command: string): Promise<IsolatedRun> {
      const jobs = new IsolatedJobs(level, limits);
      try {
        return await jobs.command(command);
      } finally {
        jobs.clean();
      }
    }

    it('end a process that uses too much processor time, with a message', async () => {
      const { outcome } = await run({ jobCpuTime: 1 }, 'while :; do :; done');
      expect(outcome).to.include({ status: 'failure', reason: 'resource_limit' });
      expect(outcome.message).to.include('a process took more than 1 s of processor time');
    });

    it('end a process that writes too large a file, with a message', async () => {
      const { outcome } = await run({ jobFileSize: 2 }, 'head -c 3000000 /dev/zero > large; exit $?');
      expect(outcome).to.include({ status: 'failure', reason: 'resource_limit' });
      expect(outcome.message).to.include('it wrote a file of more than 2 MB');
    });

    it('stop a fork bomb', async () => {
      // the shell counts without starting a process
      const command =
        'bomb() { bomb | bomb & }; bomb; (for i in $(seq 200); do sleep 9 & done); set -- /proc/[0-9]*; echo "there are $#"';
      const { log, outcome } = await run({ jobProcesses: 60 }, command);
      const count = Number(/there are (\d+)/.exec(log)?.[1] ?? 0);
      expect(count, `${outcome.message}\n${log.slice(-500)}`)
        .to.be.greaterThan(20)
        .and.lessThan(70);
    });

    it('cannot be raised by the job', async () => {
      const { log } = await run({ jobProcesses: 100 }, `bash -c 'ulimit -u unlimited; ulimit -u 200; ulimit -u'`);
      expect(log).to.match(/\n100\n/);
    });

    it('make the kernel end the job first when the machine is out of memory', async () => {
      const { log } = await run({}, 'cat /proc/self/oom_score_adj');
      expect(log).to.include('\n500\n');
    });

    describe('with a control group', () => {
      before(async function () {
        const group = ControlGroup.create('test', {});
        await group?.remove();
        if (!group) this.skip();
      });

      it('end processes that together use too much memory, with a message', async () => {
        const hog = `node -e "const all = []; for (;;) all.push(Buffer.alloc(10e6, 1))"`;
        const { outcome } = await run({ jobMemory: 200 }, `${hog} & ${hog} & wait $!`);
        expect(outcome).to.include({ status: 'failure', reason: 'resource_limit' });
        expect(outcome.message).to.include('was ended: more than 200 MB of memory');
      });

      // at `user`, /dev/shm is the machine's, so files there stay
      if (level === 'sandbox')
        it('count files in /dev/shm as memory', async () => {
          const { outcome } = await run({ jobMemory: 100 }, 'head -c 300000000 /dev/zero > /dev/shm/hog');
          expect(outcome).to.include({ status: 'failure', reason: 'resource_limit' });
        });

      it('report too many processes', async () => {
        const { outcome } = await run(
          { jobMemory: 500, jobProcesses: 20 },
          'for i in $(seq 40); do sleep 5 & done; exit 1',
        );
        expect(outcome).to.include({ status: 'failure', reason: 'resource_limit' });
        expect(outcome.message).to.include('had more than 20 processes at once');
      });

      it('leave no control group behind', async () => {
        await run({ jobMemory: 500 }, 'sleep 100 & true');
        // it goes on where groups of other programs end meanwhile
        const { stdout } = spawnSync('find', ['/sys/fs/cgroup', '-name', `volt-job-${process.pid}-*`]);
        expect(String(stdout)).to.equal('');
      });
    });
  });
}
