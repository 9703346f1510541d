import { readFileSync, statSync } from 'node:fs';
import { expect } from 'chai';
import { logFile } from '../../src/kernel/data-paths.ts';
import type { Build, Job, Reason, Status } from '../../src/kernel/model.ts';
import { TestRepository } from '../support/repository.ts';
import { longSleep, processesWith } from '../support/seen-processes.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

interface Edge {
  what: string;
  command: string;
  status: Status;
  reason?: Reason;
  exitCode?: number | null;
  /** minutes */
  timeout?: number;
  /** checks the whole log */
  log?: (log: Buffer) => void;
}

const megabyte = 1024 * 1024;
/** Minutes within which all checkouts end, on a busy machine, too. */
const afterCheckout = 0.1;
const left = longSleep();

const edges: Edge[] = [
  {
    what: 'closes its output early gets the status of its exit code',
    command: 'exec >&- 2>&-; sleep 0.3; exit 3',
    status: 'failure',
    reason: 'exit_code',
    exitCode: 3,
  },
  {
    what: 'prints nothing for longer than a heartbeat lives keeps running',
    command: 'sleep 6; echo awake',
    status: 'success',
    log: (log) => expect(log.toString()).to.include('\nawake\n'),
  },
  {
    what: 'floods its output keeps all of it in the log',
    command: `head -c ${12 * megabyte} /dev/zero | tr '\\0' 'x' | fold -w 99; echo; echo the end`,
    status: 'success',
    log: (log) => {
      expect(log.length).to.be.greaterThan(12 * megabyte);
      expect(log.subarray(-200).toString()).to.include('\nthe end\n');
    },
  },
  {
    what: 'prints one huge line keeps all of it in the log',
    command: `head -c ${3 * megabyte} /dev/zero | tr '\\0' 'y'`,
    status: 'success',
    log: (log) => expect(log.lastIndexOf('y'.repeat(3 * megabyte))).to.be.greaterThan(0),
  },
  {
    what: 'leaves daemons behind that hold its output open ends with its command',
    command: `(setsid sh -c 'sleep ${left} & sleep ${left}' &) ; nohup sleep ${left} & echo done`,
    status: 'success',
    log: (log) => expect(log.toString()).to.include('\ndone\n'),
  },
  { what: 'waits for input gets the end of it', command: 'cat; read answer || echo nobody', status: 'success' },
  {
    what: 'removes its own workspace gets the status of its exit code',
    command: 'rm -rf "$PWD" && exit 0',
    status: 'success',
    exitCode: 0,
  },
  {
    what: 'kills itself with a signal fails and names the signal',
    command: 'kill -KILL $$',
    status: 'failure',
    reason: 'signal',
    exitCode: null,
  },
  {
    what: 'stops itself (SIGSTOP) ends at its timeout',
    command: `sleep ${left} & kill -STOP $$`,
    timeout: afterCheckout,
    status: 'failure',
    reason: 'timeout',
    exitCode: null,
  },
  {
    what: 'ignores SIGTERM ends at its timeout',
    command: `trap '' TERM INT HUP; sleep ${left} & while :; do sleep 0.1; done`,
    timeout: afterCheckout,
    status: 'failure',
    reason: 'timeout',
    exitCode: null,
  },
  {
    what: 'has an unknown command ends as an error that names the program',
    command: 'no-such-command-anywhere',
    status: 'error',
    reason: 'tool_missing',
    exitCode: 127,
    log: (log) => expect(log.toString()).to.match(/no-such-command-anywhere: (command )?not found/),
  },
];

describe('a job that', () => {
  let volt: TestVolt;
  let repository: TestRepository;
  let build: Build;

  before(async () => {
    volt = await TestVolt.startAll({}, { slots: edges.length });
    repository = new TestRepository({ README: 'x' }, { name: 'app' });
    await volt.observe(repository.path, { command: 'true' });
    await volt.build(repository.head());
    // all at once, because they mostly wait
    const jobs = edges.map(({ command, timeout }, index) => [`edge-${index}`, { command, timeout: timeout ?? 60 }]);
    const id = await volt.plan('app', repository.head(), Object.fromEntries(jobs));
    build = await volt.built(id, undefined, 60_000);
  });

  after(async () => {
    await volt.stop();
    repository.remove();
  });

  edges.forEach(({ what, status, reason = null, exitCode, log }, index) => {
    it(what, () => {
      const job = build.jobs[index] as Job;
      expect({ status: job.status, reason: job.reason }, job.message ?? '').to.deep.equal({ status, reason });
      if (exitCode !== undefined) expect(job.exitCode).to.equal(exitCode);
      expect(job.attempts).to.have.length(1);
      const file = logFile(volt.dataDir, { job: job.id, attempt: 1 });
      expect(statSync(file).size).to.be.greaterThan(0);
      log?.(readFileSync(file));
    });
  });

  it('has ended leaves no process behind', async () => {
    await until('all processes of the jobs have ended', () => processesWith(left).length === 0);
  });
});
