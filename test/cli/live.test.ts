import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect } from 'chai';
import { program } from '../support/bundle.ts';
import { temporaryFolder } from '../support/cli.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';

describe('volt up on a terminal', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let repository: TestRepository;
  let terminal: ChildProcess;
  let shown: string;

  beforeEach(async () => {
    folder = await temporaryFolder();
    repository = new TestRepository({ 'test.sh': '#!/bin/sh\necho text of the log\n' }, { name: 'app' });
    shown = '';
  });

  afterEach(async () => {
    if (terminal.exitCode === null && terminal.signalCode === null) {
      terminal.stdin?.write('\u0003');
      await once(terminal, 'close');
    }
    repository.remove();
    await folder.remove();
  });

  /** Runs volt up on a pseudo-terminal of util-linux's script. */
  function up(env: Record<string, string>, ...more: string[]): void {
    const data = join(folder.path, 'data');
    const args = ['up', '--data', data, '--port', '0', '--repo', repository.path, '--poll', '1', ...more];
    const command = [process.execPath, program, ...args].join(' ');
    terminal = spawn('script', ['-qefc', `stty cols 80 rows 24; exec ${command}`, '/dev/null'], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, SHELL: '/bin/sh', TERM: 'xterm-256color', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    terminal.stdout?.setEncoding('utf8').on('data', (text) => {
      shown += text;
    });
  }

  const plain = () => stripVTControlCharacters(shown);

  it('redraws its live view below the lines of builds until it is stopped', async () => {
    up({});
    await until('the view shows the verdict', () => /✔ app {2}passed (just now|\d+ s ago)/.test(plain()));
    await until('the log and the verdict are shown', () =>
      /│ text of the log\r\n[\s\S]*✔ app#1 main [0-9a-f]{7} passed in /.test(plain()),
    );
    expect(shown, 'it never clears what a person may want to read').to.not.contain('\u001b[2J');
    const sha = repository.commit('second');
    await until('the verdict is shown', () => new RegExp(`✔ app#2 main ${sha.slice(0, 7)} passed in `).test(plain()));
    expect(plain().match(/▶ app#2/), 'the view tells that it runs').to.equal(null);
    terminal.stdin?.write('\u0003');
    const [code] = await once(terminal, 'close');
    expect(code).to.equal(0);
    expect(plain()).to.match(/stopping: running jobs have 5 s/);
    expect(plain().trimEnd(), 'the view is gone').to.not.match(/press Ctrl-C to stop$/);
  });

  for (const [why, env] of [
    ['NO_COLOR is set', { NO_COLOR: '1' }],
    ['TERM is dumb', { TERM: 'dumb' }],
    ['CI is set', { CI: 'true' }],
  ] as const) {
    it(`prints plain lines if ${why}`, async () => {
      up(env, '--once');
      const [code] = await once(terminal, 'close');
      expect(code).to.equal(0);
      expect(plain()).to.match(/▶ app#1 .*\r\n {2}│ .*[\s\S]*✔ app#1 .* passed in/);
      expect(shown, 'no line is drawn again').to.not.contain('\u001b[1A').and.not.contain('\u001b[2K');
    });
  }
});
