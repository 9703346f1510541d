import { expect } from 'chai';
import { type ViewState, viewLines } from '../../src/cli/up/view-lines.ts';
import type { BuildSummary } from '../../src/kernel/model.ts';

const second = 1000;
const earlier = (ms: number) => new Date(Date.now() - ms).toISOString();

function build(repo: string, number: number, change: Partial<BuildSummary> = {}): BuildSummary {
  return {
    id: String(number),
    number,
    repo,
    ref: 'refs/heads/main',
    sha: 'a'.repeat(40),
    subject: 'Change',
    author: 'Ada',
    trigger: 'commit',
    status: 'success',
    reason: null,
    message: null,
    createdAt: earlier(100 * second),
    startedAt: earlier(90 * second),
    finishedAt: earlier(60 * second),
    ...change,
  } as BuildSummary;
}

const repository = (name: string, change: Partial<ViewState['repositories'][number]> = {}) => ({
  name,
  problem: null,
  observedAt: earlier(second),
  running: [],
  last: undefined,
  ...change,
});

function lines(repositories: ViewState['repositories'], size = { columns: 100, rows: 30 }): string[] {
  const since = earlier(20 * second);
  return viewLines({ repositories, running: 2, queued: 3, since, footer: 'press Ctrl-C to stop' }, size);
}

describe('the live view of volt up', () => {
  let running: BuildSummary;

  beforeEach(() => {
    running = build('app', 7, { status: 'running', startedAt: earlier(12 * second), finishedAt: null });
  });

  it('shows running builds with their duration, then repository errors, then the latest verdicts', () => {
    const shown = lines([
      repository('quiet'),
      repository('old', { last: build('old', 1, { finishedAt: earlier(7200 * second) }) }),
      repository('new', { last: build('new', 2, { status: 'failure' }) }),
      repository('far', { problem: 'fetch_failed', last: build('far', 3) }),
      repository('app', { running: [running], last: build('app', 6) }),
      repository('big', { observedAt: null }),
    ]);
    expect(shown[0]).to.match(/^─+$/);
    expect(shown.slice(1)).to.deep.equal([
      '▶ app    running 12 s  app#7 main aaaaaaa Change',
      '! far    cannot be polled: fetch_failed',
      '✘ new    failed 1 min ago  new#2 main aaaaaaa Change',
      '✔ old    passed 2 h ago  old#1 main aaaaaaa Change',
      '· big    first fetch running, 20 s',
      '· quiet  no builds yet',
      '2 running, 3 queued · press Ctrl-C to stop',
    ]);
  });

  it('shows one line for each running build', () => {
    const shown = lines([repository('app', { running: [running, { ...running, number: 8 }] })]);
    expect(shown.slice(1, 3).map((line) => /app#\d/.exec(line)?.[0])).to.deep.equal(['app#7', 'app#8']);
  });

  it('fits into the terminal, and tells how many lines it leaves out', () => {
    const many = Array.from({ length: 40 }, (_, index) => repository(`repository-${index}`));
    const shown = lines(many, { columns: 24, rows: 15 });
    expect(shown).to.have.length(7);
    expect(shown[5]).to.equal('  and 36 more');
    for (const line of shown) expect(line.length, line).to.be.at.most(24);
    expect(lines(many, { columns: 24, rows: 2 })).to.have.length(3);
  });

  it('removes terminal control sequences from commit subjects', () => {
    const [, line] = lines([repository('app', { running: [{ ...running, subject: 'a\u001b[2Jb\r\nc' }] })]);
    expect(line).to.match(/ab c$/);
  });
});
