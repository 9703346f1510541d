import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { unified } from '../../src/exec/control-group.ts';
import { TestFolders } from '../support/folder.ts';

/** The limits themselves are tried in test/job/sandbox/limits.test.ts, where this machine lets groups be made. */
describe('where the control groups of jobs are made with cgroup v2', () => {
  const folders = new TestFolders();
  after(folders.remove);

  /** As the kernel shows a group that has both controllers. */
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

  it('in the group in which Volt is alone, when it has moved on', () => {
    const parent = slice(true);
    const unit = group(join(parent, 'volt.service'), { shared: false, members: [gone, process.pid] });
    expect(unified(unit, parent)).to.deep.equal(at(unit));
    expect(readFileSync(join(unit, 'volt/cgroup.procs'), 'utf8')).to.equal(String(process.pid));
    expect(readFileSync(join(unit, 'cgroup.subtree_control'), 'utf8')).to.equal('+memory +pids');
  });

  it('in that group, where it has moved on already', () => {
    const unit = group(join(slice(false), 'volt.service'), { shared: true, members: [] });
    expect(unified(join(unit, 'volt'), unit)).to.deep.equal(at(unit));
  });

  it('beside the group that it shares with others, such as a shell', () => {
    const parent = slice(true);
    const session = group(join(parent, 'session.scope'), { shared: false, members: [process.ppid, process.pid] });
    expect(unified(session, parent)).to.deep.equal(at(parent));
    expect(readFileSync(join(session, 'cgroup.subtree_control'), 'utf8')).to.equal('\n');
  });

  it('nowhere, where groups beside that one cannot be limited or are out of sight', () => {
    const parent = slice(false);
    const session = group(join(parent, 'session.scope'), { shared: false, members: [process.ppid, process.pid] });
    expect(unified(session, parent)).to.equal(undefined);
    expect(unified(session, session)).to.equal(undefined);
  });
});
