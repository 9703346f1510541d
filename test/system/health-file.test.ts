import { existsSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { HealthFile } from '../../src/system/health-file.ts';
import { TestFolders } from '../support/folder.ts';
import { keepLog } from '../support/logger.ts';

describe('the health file', () => {
  const folders = new TestFolders();
  after(folders.remove);

  it('is created at the first heartbeat and has the time of the last one', () => {
    const path = join(folders.make(), 'alive');
    const health = new HealthFile(path, keepLog().logger);
    health.touch();
    expect(existsSync(path)).to.equal(true);
    utimesSync(path, 0, 0);
    health.touch();
    expect(statSync(path).mtimeMs).to.be.above(0);
  });

  it('is logged once when it cannot be written', () => {
    const folder = folders.make();
    writeFileSync(join(folder, 'file'), '');
    const { logger, lines } = keepLog();
    const health = new HealthFile(join(folder, 'file', 'alive'), logger);
    health.touch();
    health.touch();
    expect(lines).to.have.lengthOf(1);
    expect(lines[0]).to.include('VOLT_HEALTH_FILE');
  });

  it('is not created without VOLT_HEALTH_FILE', () => {
    expect(() => new HealthFile(undefined, keepLog().logger).touch()).to.not.throw();
  });
});
