import { join } from 'node:path';
import { expect } from 'chai';
import { temporaryFolder, VoltProcess, volt } from '../support/cli.ts';
import { TestRepository } from '../support/repository.ts';

const steps = (...lines: string[]) => lines.map((run) => ({ run }));

describe('following a build of several jobs', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let repository: TestRepository;
  let up: VoltProcess;
  let data: string[];

  before(async () => {
    folder = await temporaryFolder();
    data = ['--data', join(folder.path, 'data')];
    const workflow = {
      on: 'push',
      jobs: {
        first: { 'runs-on': 'linux', steps: steps('echo said by the first', 'echo ::warning::of the first') },
        many: {
          'runs-on': 'linux',
          needs: 'first',
          strategy: { matrix: { n: [1, 2] } },
          steps: steps('echo said by number ${{ matrix.n }}'),
        },
        never: { 'runs-on': 'linux', if: 'false', steps: steps('echo never said') },
      },
    };
    repository = new TestRepository({ '.volt/workflows/ci.yml': JSON.stringify(workflow) }, { name: 'app' });
    up = new VoltProcess(['up', ...data, '--port', '0', '--repo', repository.path, '--poll', '1', '--slots', '2']);
    await up.says(/✔ app#1 main .* passed/);
  });

  after(async () => {
    await up.stop();
    repository.remove();
    await folder.remove();
  });

  const headings = (text: string) => [...text.matchAll(/── (.*)/g)].map(([, name]) => name?.trim());

  it('prints a heading for each job in volt up', () => {
    expect(headings(up.stdout)).to.deep.equal(['first', 'many (1)', 'many (2)']);
    expect(up.stdout).to.match(
      /│ ── first\n[\s\S]*│ said by the first\n[\s\S]*│ ── many \(2\)\n[\s\S]*│ said by number 2\n/,
    );
  });

  it('follows the build to its end, with jobs that are added later', async () => {
    const end = await volt(['trigger', 'app', '--wait', ...data]);
    expect(end.code, end.stderr).to.equal(0);
    expect(headings(end.stderr)).to.have.members(['first', 'many (1)', 'many (2)']);
    expect(end.stdout).to.match(
      /said by the first[\s\S]*said by number [12][\s\S]*said by number [12][\s\S]*✔ app#2 main .* passed/,
    );
    expect(end.stdout).to.not.contain('never said');
  });

  it('shows marks as words, wherever a log is printed, unless it is asked for raw', async () => {
    const word = /^(?: {2}│ )?Warning: of the first$/m;
    expect(up.stdout)
      .to.match(word)
      .and.match(/^ {2}│ ▸ Run echo said by the first$/m);
    const wait = await volt(['trigger', 'app', '--wait', ...data]);
    const logs = await volt(['logs', 'app', 'first', ...data]);
    const follow = await volt(['logs', 'app', 'first', '-f', ...data]);
    for (const { stdout } of [wait, logs, follow, up]) expect(stdout).to.match(word).and.not.include('##[');
    for (const more of [[], ['-f']]) {
      const raw = await volt(['logs', 'app', 'first', '--raw', ...more, ...data]);
      expect(raw.stdout)
        .to.match(/^##\[warning\]of the first$/m)
        .and.match(/^##\[endgroup\]$/m);
    }
  });

  it('follows only the retried job after a retry', async () => {
    const end = await volt(['retry', 'app#1', 'many (2)', '--wait', ...data]);
    expect(end.code, end.stderr).to.equal(0);
    expect(headings(end.stderr)).to.deep.equal(['many (2)']);
    expect(end.stdout).to.contain('said by number 2').and.not.contain('said by number 1');
    const earlier = await volt(['logs', 'app#1', 'many (2)', '--attempt', '1', ...data]);
    expect(earlier.stdout).to.contain('said by number 2');
  });

  it('refuses --attempt without a job, since each job has attempts of its own', async () => {
    const end = await volt(['logs', 'app#1', '--attempt', '2', ...data]);
    expect(end.code).to.equal(2);
    expect(end.stderr).to.match(
      /^error usage: --attempt needs a job, since each job counts its own attempts\n {2}Name one of the jobs: first, many/,
    );
  });
});
