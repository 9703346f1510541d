import { existsSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { HealthFile } from '../../src/kernel/health-file.ts';
import { TestFolders } from '../support/folder.ts';
import { keepLog } from '../support/logger.ts';

describe('the health file', () => {
  const folders = new TestFolders();
  after(folders.remove);

  it('is made at the first sign of life, and is as old as the last', () => {
    const path = join(folders.make(), 'alive');
    const health = new HealthFile(path, keepLog().logger);
    health.touch();
    expect(existsSync(path)).to.equal(true);
    utimesSync(path, 0, 0);
    health.touch();
    expect(statSync(path).mtimeMs).to.be.above(0);
  });

  it('is complained of once where it cannot be written', () => {
    const folder = folders.make();
    writeFileSync(join(folder, 'file'), '');
    const { logger, lines } = keepLog();
    const health = new HealthFile(join(folder, 'file', 'alive'), logger);
    health.touch();
    health.touch();
    expect(lines).to.have.lengthOf(1);
    expect(lines[0]).to.include('VOLT_HEALTH_FILE');
  });

  it('is not made where none was asked for', () => {
    expect(() => new HealthFile(undefined, keepLog().logger).touch()).to.not.throw();
  });
});
