import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { settings, settingsFromFiles } from '../src/kernel/settings.ts';
import { stageKinds } from '../src/redis/membership.ts';
import { find, thisMachine } from '../src/setup/programs.mjs';
import { TOOLS } from './run/tools.mjs';
import { TestFolders } from './support/folder.ts';

const folder = join(import.meta.dirname, '../systemd');
const units = readdirSync(folder);
const read = (unit: string): string => readFileSync(join(folder, unit), 'utf8');
const analyze = find(TOOLS.systemd.names, thisMachine().folders);

/** The values of a key in a unit, in order. */
const values = (unit: string, key: string): string[] =>
  [...read(unit).matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value]) => value as string);

describe('the systemd units', () => {
  const folders = new TestFolders();
  after(folders.remove);

  it('exist for each stage, and for all stages in one process', () => {
    const stages = [...stageKinds, 'runner'];
    expect(units).to.have.members(['volt.service', ...stages.map((stage) => `volt-${stage}.service`)]);
    for (const stage of stages) {
      expect(values(`volt-${stage}.service`, 'ExecStart')).to.deep.equal([`volt ${stage}`]);
    }
    expect(values('volt.service', 'ExecStart')).to.deep.equal(['volt up']);
  });

  it('set only settings that exist', () => {
    const known = settings.flatMap(({ env }) => (settingsFromFiles.has(env) ? [env, `${env}_FILE`] : [env]));
    const set = units.flatMap(
      (unit) =>
        values(unit, 'Environment')
          .join(' ')
          .match(/VOLT_\w+(?==)/g) ?? [],
    );
    expect(set).to.include('VOLT_REDIS_URL_FILE');
    expect(known).to.include.members(set);
  });

  it('run the runner as another user than the stages that share the database', () => {
    for (const stage of stageKinds) expect(values(`volt-${stage}.service`, 'User')).to.deep.equal(['volt']);
    expect(values('volt-runner.service', 'User')).to.deep.equal(['volt-runner']);
  });

  it('allow namespaces only where jobs run', () => {
    const closed = units.filter((unit) => values(unit, 'RestrictNamespaces').includes('yes'));
    expect(closed).to.have.members(stageKinds.map((stage) => `volt-${stage}.service`));
  });

  it('delegate a writable control group where jobs run', () => {
    const given = units.filter((unit) => values(unit, 'Delegate').includes('memory pids'));
    expect(given).to.have.members(['volt.service', 'volt-runner.service']);
    for (const unit of given) expect(values(unit, 'ProtectControlGroups'), unit).to.deep.equal([]);
  });

  it('explain each line of their hardening', () => {
    for (const unit of units) {
      const [, hardening = ''] = read(unit).split(/^# Hardening:.*$/m);
      const blocks = hardening.split(/^\[Install\]$/m)[0]?.split(/^(?=#)/m) ?? [];
      const said = blocks.join('').match(/^\w+=.*$/gm) ?? [];
      expect(said, unit).to.include('NoNewPrivileges=yes').and.include('LimitCORE=0');
      // each block begins with its comment
      expect(blocks[0]?.match(/^\w+=/gm), unit).to.equal(null);
    }
  });

  it('leave no core dump, which would contain secrets', () => {
    for (const unit of units) expect(values(unit, 'LimitCORE'), unit).to.deep.equal(['0']);
  });

  it('allow the device that networks of jobs need', () => {
    for (const unit of ['volt.service', 'volt-runner.service'])
      expect(values(unit, 'DeviceAllow'), unit).to.deep.equal(['/dev/net/tun rw']);
  });

  describe('according to systemd', () => {
    let checked: string[];
    before(function () {
      if (!analyze) return this.skip();
      const aside = folders.make();
      checked = units.map((unit) => {
        const file = join(aside, unit);
        // the command is not installed on this machine
        writeFileSync(file, read(unit).replace('ExecStart=volt', `ExecStart=${process.execPath}`));
        return file;
      });
    });

    it('are valid', async () => {
      const { stdout, stderr } = await promisify(execFile)(analyze ?? '', ['verify', '--man=no', ...checked]);
      expect(stdout + stderr).to.equal('');
    });

    it('have an exposure of at most 1.5 of 10 without jobs, and at most 4 with jobs', async () => {
      for (const file of checked) {
        const most = /volt(-runner)?\.service$/.test(file) ? 40 : 15;
        const limit = ['--offline=true', '--no-pager', `--threshold=${most}`];
        // it exits with an error above the limit
        await promisify(execFile)(analyze ?? '', ['security', ...limit, file]);
      }
    });
  });
});
