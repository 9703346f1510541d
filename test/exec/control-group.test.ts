import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { unified } from '../../src/exec/control-group.ts';
import { TestFolders } from '../support/folder.ts';

/** Limits are tested in test/job/sandbox/limits.test.ts, if this machine allows groups. */
describe('the parent of control groups of jobs in cgroup v2', () => {
  const folders = new TestFolders();
  after(folders.remove);

  /** A group with both controllers, as the kernel shows it. */
  function group(folder: string, { shared, members }: { shared: boolean; members: number[] }): string {
    mkdirSync(folder, { recursive: true });
    const files = {
      'cgroup.type': 'domain',
      'cgroup.controllers': 'cpu memory pids',
      'cgroup.subtree_control': shared ? 'memory pids' : '',
      'cgroup.procs': members.join('\n'),
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), `${text}\n`);
    return folder;
  }

  function slice(shared: boolean): string {
    return group(join(folders.make(), 'slice'), { shared, members: [] });
  }

  const at = (folder: string) => ({ version: 2, memory: folder, pids: folder });
  const gone = 2 ** 22 + 1;

  it('is the group in which Volt is alone, after Volt has moved into a group inside of it', () => {
    const parent = slice(true);
    const unit = group(join(parent, 'volt.service'), { shared: false, members: [gone, process.pid] });
    expect(unified(unit, parent)).to.deep.equal(at(unit));
    expect(readFileSync(join(unit, 'volt/cgroup.procs'), 'utf8')).to.equal(String(process.pid));
    expect(readFileSync(join(unit, 'cgroup.subtree_control'), 'utf8')).to.equal('+memory +pids');
  });

  it('is the same group when Volt has moved already', () => {
    const unit = group(join(slice(false), 'volt.service'), { shared: true, members: [] });
    expect(unified(join(unit, 'volt'), unit)).to.deep.equal(at(unit));
  });

  it('is the group above when Volt shares its group with others, such as a shell', () => {
    const parent = slice(true);
    const session = group(join(parent, 'session.scope'), { shared: false, members: [process.ppid, process.pid] });
    expect(unified(session, parent)).to.deep.equal(at(parent));
    expect(readFileSync(join(session, 'cgroup.subtree_control'), 'utf8')).to.equal('\n');
  });

  it('does not exist when the group above has no limits or is not visible', () => {
    const parent = slice(false);
    const session = group(join(parent, 'session.scope'), { shared: false, members: [process.ppid, process.pid] });
    expect(unified(session, parent)).to.equal(undefined);
    expect(unified(session, session)).to.equal(undefined);
  });
});
