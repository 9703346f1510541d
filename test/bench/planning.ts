/**
 * Measures reading and planning workflows: `npx tsx test/bench/planning.ts`. It prints medians in milliseconds, and the
 * first run separately, because that loads GitHub's schema and warms up the engine. `cpu` is this process's processor
 * time for each run: the meaningful number on a busy machine. `held` is the longest block of the event loop.
 */
import { randomBytes } from 'node:crypto';
import { advance } from '../../src/dispatcher/advance.ts';
import { CommitHandler } from '../../src/dispatcher/commits.ts';
import { planner } from '../../src/dispatcher/planner.ts';
import type { CommitMessage } from '../../src/queues/messages.ts';
import { listBuilds } from '../../src/record/builds.ts';
import { initialNodes } from '../../src/workflow/job-name.ts';
import { progress } from '../../src/workflow/progress.ts';
import { readWorkflow } from '../../src/workflow/read-workflow.ts';
import { parseHostedNames } from '../../src/workflow/runs-on.ts';
import type { Workflow } from '../../src/workflow/workflow.ts';
import { observed } from '../support/record.ts';
import { TestVolt } from '../support/volt.ts';
import { factsOf } from '../support/workflows.ts';

/** A workflow of 300 lines, with a realistic mix of features. */
function long(): string {
  const job = (index: number) => `  job${index}:
    name: Job ${index}
    needs: [${index === 0 ? '' : `job${index - 1}`}]
    if: github.event_name == 'push' && !contains(github.event.head_commit.message, 'wip')
    runs-on: \${{ matrix.os }}
    strategy:
      fail-fast: false
      matrix:
        os: [ubuntu-latest, ubuntu-22.04]
        node: [18, 20, 22]
    env:
      NODE_ENV: test
      KEY: \${{ secrets.KEY }}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: \${{ matrix.node }}
          cache: npm
      - run: npm ci
      - name: Test
        run: |
          npm test -- --reporter=\${{ matrix.node == 22 && 'github' || 'dot' }}
          echo 'it''s done' >> "$GITHUB_OUTPUT"
      - if: \${{ failure() }}
        run: cat npm-debug.log
      - if: always()
        uses: actions/upload-artifact@v4
        with: { name: "logs-\${{ matrix.os }}-\${{ matrix.node }}", path: logs }
`;
  return `name: Long\non:\n  push:\n    branches: [main]\njobs:\n${Array.from({ length: 10 }, (_, index) => job(index)).join('')}`;
}

const cells = `on: push\njobs:\n  all:\n    runs-on: ubuntu-latest\n    strategy:\n      matrix:\n        a: [${Array.from({ length: 16 }, (_, index) => index)}]\n        b: [${Array.from({ length: 16 }, (_, index) => index)}]\n    steps:\n      - uses: actions/checkout@v4\n      - run: make \${{ matrix.a }}-\${{ matrix.b }}\n`;

let held = 0;
let turnedAt = performance.now();
setImmediate(function turn() {
  held = Math.max(held, performance.now() - turnedAt);
  turnedAt = performance.now();
  setImmediate(turn).unref();
}).unref();

async function measure(what: string, times: number, work: () => unknown): Promise<void> {
  const taken: number[] = [];
  const holds: number[] = [];
  let before = process.cpuUsage();
  for (let count = 0; count <= times; count++) {
    const begin = performance.now();
    await work();
    taken.push(performance.now() - begin);
    await new Promise(setImmediate);
    if (count > 0) holds.push(held);
    held = 0;
    if (count === 0) before = process.cpuUsage();
  }
  const [first = 0, ...rest] = taken;
  rest.sort((a, b) => a - b);
  const [median = 0, slow = 0] = [0.5, 0.95].map((part) => rest[Math.floor(rest.length * part)]);
  const hold = holds.sort((a, b) => a - b)[Math.floor(holds.length / 2)] ?? 0;
  const { user, system } = process.cpuUsage(before);
  const cpu = (user + system) / 1000 / times;
  const line = `median ${median.toFixed(1)}  p95 ${slow.toFixed(1)}  first ${first.toFixed(1)}  cpu ${cpu.toFixed(1)}  held ${hold.toFixed(1)}  n ${times}`;
  process.stdout.write(`${what.padEnd(58)} ${line}\n`);
}

const text = long();
const lines = text.split('\n').length;
await measure(`read and check a workflow of ${lines} lines`, 100, () => readWorkflow({ path: 'long.yml', text }));
const { workflow } = readWorkflow({ path: 'long.yml', text });
if (!workflow) throw new Error('it is not valid');
await measure(`plan its first jobs (a matrix of 6)`, 100, () => plan(workflow));
const wide = readWorkflow({ path: 'cells.yml', text: cells }).workflow;
if (wide) await measure('plan a matrix of 256', 20, () => plan(wide));

function plan(planned: Workflow): void {
  const states = initialNodes(planned).map(({ node, name }, id) => ({
    ...{ id, node, name, status: 'waiting' as const, continueOnError: false, outputs: {} },
  }));
  let last = states.length;
  progress(
    { facts: factsOf(), workflows: new Map([[planned.path, planned]]), states },
    {
      timeoutMinutes: 60,
      hosted: parseHostedNames('ubuntu-*=linux'),
      offered: new Set(),
      allocate: () => last++,
      enter: () => ({ kind: 'inside' }),
      deploy: () => ({ kind: 'allowed', vars: {} }),
    },
  );
}

const volt = await TestVolt.start();
await observed(volt.context.database);
const handler = new CommitHandler(volt.context);
const commit = (file: string): CommitMessage => ({
  ...{ v: 1, repo: 'app', ref: 'refs/heads/main', sha: randomBytes(20).toString('hex'), subject: 'x', author: 'Ada' },
  ...{ committedAt: '2026-01-02T03:04:05.000Z', trigger: 'manual', passedOver: 0, more: false },
  intent: Math.floor(Math.random() * 1e9),
  workflows: { files: [{ path: 'ci.yml', text: file }], changed: null, defaultBranch: 'main' },
});
await measure('a commit with it: planned, recorded, routed', 20, () =>
  handler.handle(commit(text), { count: 1, deaths: 0 }),
);
await measure('a commit with a matrix of 256: planned, recorded, routed', 10, () =>
  handler.handle(commit(cells), { count: 1, deaths: 0 }),
);
const [newest] = await listBuilds(volt.context.database, { limit: 1 });
if (newest)
  await measure('a look at that build when one of its jobs has ended', 20, () => advance(volt.context, newest.id));
await planner.close();
await volt.stop();
