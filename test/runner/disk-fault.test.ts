import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { JobOutcome } from '../../src/job/outcome.ts';
import { diskFault } from '../../src/runner/disk-fault.ts';
import type { DiskProblem } from '../../src/runner/disk-watch.ts';
import { TestFolders } from '../support/folder.ts';

const megabyte = 1_048_576;
const failed: JobOutcome = { status: 'failure', reason: 'exit_code', message: 'exited with code 1', exitCode: 1 };

describe('a job that fails while the disk of its runner has a problem', () => {
  const folders = new TestFolders();
  let workspace: string;
  let device: number;

  before(() => {
    workspace = folders.make();
    device = statSync(workspace).dev;
    mkdirSync(join(workspace, 'deep'));
    writeFileSync(join(workspace, 'deep', 'file'), Buffer.alloc(4 * megabyte, 1));
  });
  after(folders.remove);

  const full = (bytes: number, on: number | undefined): DiskProblem => ({
    message: 'disk full',
    short: { bytes, device: on },
  });
  const short = (bytes: number) => full(bytes, device);
  const broken: DiskProblem = { message: 'read-only file system', short: undefined };
  const fault = (outcome: JobOutcome, problem: DiskProblem | undefined, tried = 0) =>
    diskFault(outcome, problem, { workspace, tried, runner: 'box' });

  it('keeps its outcome if there was no problem after all', async () => {
    expect(await fault(failed, undefined)).to.deep.equal({ kind: 'none' });
  });

  it('keeps its outcome if a full disk does not cause such outcomes', async () => {
    for (const outcome of [
      { status: 'success', reason: null, message: null, exitCode: 0 },
      { status: 'cancelled', reason: 'by_user', message: 'enough', exitCode: null },
      { status: 'error', reason: 'no_tests_found', message: 'none', exitCode: null },
    ] satisfies JobOutcome[]) {
      expect(await fault(outcome, short(megabyte)), outcome.status).to.deep.equal({ kind: 'none' });
    }
  });

  it('is given back if others have filled the disk', async () => {
    for (const problem of [short(400 * megabyte), full(megabyte, device + 1), full(megabyte, undefined), broken]) {
      const { kind, ...rest } = await fault(failed, problem);
      expect(kind).to.equal('runner');
      expect(JSON.stringify(rest)).to.include('runner box').and.include(problem.message).and.include('code 1');
    }
    const checkout: JobOutcome = { status: 'error', reason: 'checkout_failed', message: 'no room', exitCode: null };
    expect((await fault(checkout, short(400 * megabyte))).kind).to.equal('runner');
  });

  it('is an error, and never a failure, if it has filled the disk itself', async () => {
    const found = await fault(failed, short(3 * megabyte));
    expect(found).to.deep.include({ kind: 'job' });
    expect(found.kind === 'job' && found.outcome).to.include({ status: 'error', reason: 'disk_full', exitCode: 1 });
    expect(found.kind === 'job' && found.outcome.message).to.include('4 MB');
  });

  it('is given back at most twice', async () => {
    expect((await fault(failed, short(400 * megabyte), 1)).kind).to.equal('runner');
    const last = await fault(failed, short(400 * megabyte), 2);
    expect(last.kind === 'job' && last.outcome).to.include({ status: 'error', reason: 'disk_full' });
    const other = await fault(failed, broken, 2);
    expect(other.kind === 'job' && other.outcome).to.include({ status: 'error', reason: 'runner_failed' });
  });
});
