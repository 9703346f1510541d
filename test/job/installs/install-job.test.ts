import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ProcessGroup } from '../../../src/exec/process-group.ts';
import { type InstallJob, keep } from '../../../src/job/installs/install-job.ts';
import type { StepContext } from '../../../src/job/job-context.ts';
import { JobIsolation } from '../../../src/job/sandbox/job-isolation.ts';
import { KeptInstalls } from '../../../src/job/storage/kept-installs.ts';
import { onMachine } from '../../../src/job/test-hosts.ts';
import { jobEnvironment } from '../../../src/system/environment.ts';
import { TestFolders } from '../../support/folder.ts';

describe('the size of an install', () => {
  const folders = new TestFolders();
  let processes: ProcessGroup;

  before(async () => {
    processes = await ProcessGroup.open(60, 'group');
  });
  after(async () => {
    await processes.close();
    folders.remove();
  });

  /** Keeps a folder with 500 kB, of which a part does not count. @param limit bytes */
  async function keepFolder(limit: number): Promise<{ bytes: number; kept: number }> {
    const [folder, all] = [folders.make(), folders.make()];
    for (const path of ['workspace', 'modules/cache']) mkdirSync(join(folder, path), { recursive: true });
    for (const path of ['modules/a', 'modules/b', 'modules/cache/c'])
      writeFileSync(join(folder, path), 'a'.repeat(166_000));
    const context = {
      ...{ folder, sandbox: JobIsolation.none, env: jobEnvironment(), signal: new AbortController().signal },
      ...{ processes: Promise.resolve(processes), toolCache: folder },
    };
    const job = {
      context,
      machine: onMachine(context as unknown as StepContext),
      log: { write: () => undefined },
    } as unknown as InstallJob;
    const packing = { folder, paths: ['modules'], options: ['--exclude=modules/cache'] };
    try {
      const bytes = await keep(job, new KeptInstalls(all, 'app+1', limit), { digest: 'd', what: 'modules' }, packing);
      return { bytes, kept: readdirSync(join(all, 'app+1')).length };
    } finally {
      if (limit < 300_000) expect(readdirSync(all)).to.deep.equal([]);
    }
  }

  it('lets it be kept if it is not larger than the limit of all', async () => {
    const { bytes, kept } = await keepFolder(400_000);
    expect(bytes).to.be.within(332_000, 400_000);
    expect(kept).to.equal(1);
  });

  it('is measured before it is packed, and names the limit if it is larger', async () => {
    const error = await keepFolder(200_000).catch((reason) => reason);
    expect(error.message).to.equal('it has 330 KB, and VOLT_INSTALL_LIMIT is 195 KB');
  });
});
