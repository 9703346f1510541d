import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect } from 'chai';
import { program } from '../support/bundle.ts';
import { TestFolders } from '../support/folder.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';

const workflow = `on: push
jobs:
  one:
    runs-on: ubuntu-latest
    steps:
      - name: Wait for word
        run: echo waiting; while [ ! -e "$GO" ]; do sleep 0.02; done
        env: { GO: '\${{ vars.GO }}' }
      - name: Well
        run: echo not shown
      - name: Badly
        run: echo shown; exit 3
`;

describe('volt exec on a terminal', () => {
  const folders = new TestFolders();
  after(folders.remove);

  it('shows a live tree of steps, and the output of failed ones', async () => {
    const repository = new TestRepository({ '.github/workflows/ci.yml': workflow });
    const go = join(folders.make(), 'go');
    const command = `${process.execPath} ${program} exec --var GO=${go}`;
    // script of util-linux makes a pseudo-terminal
    const terminal: ChildProcess = spawn('script', ['-qefc', `stty cols 80 rows 24; exec ${command}`, '/dev/null'], {
      cwd: repository.path,
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        SHELL: '/bin/sh',
        TERM: 'xterm-256color',
        XDG_CACHE_HOME: folders.make(),
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let shown = '';
    terminal.stdout?.setEncoding('utf8').on('data', (text) => {
      shown += text;
    });
    const plain = () => stripVTControlCharacters(shown);
    const ended = once(terminal, 'close');
    try {
      await until('the tree of steps is shown', () =>
        [/^one\r?$/m, /✔ Set up job /, /▶ Wait for word /, /^ {6}waiting/m].every((line) => line.test(plain())),
      );
      writeFileSync(go, '');
      const [code] = await ended;
      expect(code).to.equal(1);
    } finally {
      if (terminal.exitCode === null) terminal.kill('SIGKILL');
      repository.remove();
    }
    const end = plain();
    expect(end).to.match(/ {2}✘ Badly [^\n]*exit code 3\r\n {4}shown\r\n/);
    // a slow step's last line is in the tree while it runs, further to the right
    expect(end).to.not.match(/^ {4}not shown\r?$/m);
    expect(end).to.include('✘ one failed: Badly: Process completed with exit code 3.\r\n');
    expect(end).to.match(/✘ failed: Badly: [^\n]*\n\s*$/);
  });
});
