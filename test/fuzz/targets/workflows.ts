import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { readWorkflows } from '../../../src/workflow/commit-workflows.ts';
import type { Diagnostic } from '../../../src/workflow/diagnostics.ts';
import { ExpressionFailed, evaluate, evaluateText, parseExpression } from '../../../src/workflow/expression.ts';
import { TooManyJobs } from '../../../src/workflow/progress.ts';
import { parseTemplate } from '../../../src/workflow/template.ts';
import { root } from '../../support/bundle.ts';
import { factsOf, PlannedBuild } from '../../support/workflows.ts';
import { type Target, target } from '../target.ts';
import { anyText, mutated, soup } from '../texts.ts';

const examples = ['.github/workflows', 'test/workflow/files'].flatMap((folder) =>
  readdirSync(join(root, folder)).map((name) => readFileSync(join(root, folder, name), 'utf8')),
);

const words = [
  ...[
    'on',
    'push',
    'pull_request',
    'workflow_dispatch',
    'workflow_call',
    'schedule',
    'cron',
    'branches',
    'paths',
    'tags',
  ],
  ...[
    'jobs',
    'a',
    'b',
    'runs-on',
    'needs',
    'if',
    'strategy',
    'matrix',
    'include',
    'exclude',
    'max-parallel',
    'fail-fast',
  ],
  ...['steps', 'run', 'uses', 'with', 'env', 'name', 'id', 'outputs', 'timeout-minutes', 'continue-on-error', 'shell'],
  ...[
    'concurrency',
    'group',
    'cancel-in-progress',
    'defaults',
    'permissions',
    'container',
    'services',
    'inputs',
    'secrets',
  ],
  ...[
    'ubuntu-latest',
    'self-hosted',
    'make',
    'actions/checkout@v4',
    './.github/workflows/b.yml',
    'inherit',
    'true',
    '1',
  ],
  ...['${{ matrix.x }}', '${{ needs.a.outputs.x }}', '${{ fromJSON(github.event.y) }}', '${{ insert }}', '"0 0 * * *"'],
];

/** Lines of YAML that is nearly a workflow. */
const nearlyYaml = fc
  .array(
    fc.record({
      indent: fc.nat(5),
      dash: fc.constantFrom('', '', '', '- ', '- - '),
      key: fc.constantFrom(...words),
      value: fc.oneof(
        fc.constantFrom('', ...words),
        fc.constantFrom(...words).map((word) => `[${word}, ${word}]`),
        anyText(3),
      ),
    }),
    { maxLength: 25 },
  )
  .map((lines) =>
    lines.map(({ indent, dash, key, value }) => `${'  '.repeat(indent)}${dash}${key}: ${value}\n`).join(''),
  )
  .map((text) => `on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{ run: make }]\n${text}`);

/** Each error names a line of an existing file. */
function checkDiagnostics(files: { path: string; text: string }[], diagnostics: readonly Diagnostic[]): void {
  for (const { file, line, column, message, severity } of diagnostics) {
    const found = files.find(({ path }) => path === file);
    expect(found, `a file ${file}`).to.not.equal(undefined);
    const lines = found?.text.split(/\r\n|\r|\n/).length ?? 0;
    expect(Number.isInteger(line) && line >= 1 && line <= lines + 1, `line ${line} of ${lines}`).to.equal(true);
    expect(Number.isInteger(column) && column >= 1, `column ${column}`).to.equal(true);
    expect(message.trim(), severity).to.not.equal('');
  }
  expect(diagnostics.length).to.be.at.most(files.length * 1000);
}

/** Reads a file, and plans it to its end if it is valid. */
function readAndPlan(text: string): void {
  const files = [{ path: '.volt/workflows/ci.yml', text }];
  const { workflows, diagnostics } = readWorkflows(files);
  checkDiagnostics(files, diagnostics);
  const invalid = diagnostics.some(({ severity }) => severity === 'invalid');
  expect(workflows.length, JSON.stringify(diagnostics)).to.equal(invalid ? 0 : 1);
  if (invalid) return;
  try {
    const build = new PlannedBuild({ [files[0]?.path ?? '']: text }, factsOf());
    // each round ends all queued jobs
    for (let round = 0; round < 20; round++) {
      const queued = Object.entries(build.statuses).find(([, status]) => status === 'queued');
      if (!queued) break;
      build.end(queued[0], round % 3 === 0 ? 'failure' : 'success', { x: 'y' });
    }
    for (const [name, decision] of Object.entries(build.decisions)) expect(decision, name).to.not.equal('');
  } catch (error) {
    if (!(error instanceof TooManyJobs)) throw error;
  }
}

const expressionWords = [
  ...[
    'github',
    '.ref',
    '.event',
    "['x']",
    '[0]',
    '.*',
    '.constructor',
    '.__proto__',
    'matrix',
    'needs',
    'env',
    'inputs',
  ],
  ...['(', ')', ',', ' ', '!', '==', '!=', '<', '>', '<=', '>=', '&&', '||', '-', '1', '0x1f', '1e3', '-.5', '.'],
  ...["'a'", "'it''s'", "''", "'{0} {1} {{0}}'", 'true', 'false', 'null', 'NaN', 'Infinity'],
  ...[
    'format',
    'contains',
    'startsWith',
    'endsWith',
    'join',
    'toJSON',
    'fromJSON',
    'hashFiles',
    'success',
    'always',
    'case',
  ],
  ...['fromJSON(\'[1,{"a":[]}]\')', "join(github.event.list, ',')", 'toJSON(github)', "format('{0}', github.ref)"],
];

const contexts = {
  github: {
    ref: 'refs/heads/main',
    event: { list: [1, 'two', { three: null }], text: 'x', deep: { a: { b: [true] } } },
  },
  matrix: { x: 1 },
  needs: {},
  env: { A: 'b' },
  inputs: {},
};

function evaluateBoth(text: string): void {
  const known = (work: () => unknown) => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof ExpressionFailed)) throw error;
      expect(error.message.length).to.be.lessThan(2000);
    }
  };
  known(() => parseExpression(text));
  known(() => expect(JSON.stringify(evaluate([{ expression: text }], { contexts }))).to.not.equal(undefined));
  known(() => evaluateText(parseTemplate(`a \${{ ${text} }} b`) ?? '', { contexts }));
}

export const workflowTargets: Target[] = [
  target(
    'workflow-files',
    'a workflow file of any kind is read and planned, and each error has its place',
    60,
    nearlyYaml,
    readAndPlan,
  ),
  target(
    'workflow-mutants',
    'a real workflow file with mistakes is read and planned, and each error has its place',
    40,
    mutated(examples),
    readAndPlan,
  ),
  target('workflow-text', 'any text as a workflow file is refused with a place', 60, anyText(40), readAndPlan),
  target(
    'expressions',
    'an expression has a value or a fault that its author can read',
    500,
    soup(expressionWords, 15),
    evaluateBoth,
  ),
];
