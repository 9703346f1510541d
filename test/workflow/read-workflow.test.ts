import { expect } from 'chai';
import { readWorkflows } from '../../src/workflow/commit-workflows.ts';
import { formatDiagnostic } from '../../src/workflow/diagnostics.ts';
import { readWorkflow } from '../../src/workflow/read-workflow.ts';
import type { StepsJob, Workflow } from '../../src/workflow/workflow.ts';

const diagnosticsOf = (text: string) => readWorkflow({ path: 'ci.yml', text }).diagnostics.map(formatDiagnostic);

function workflowOf(text: string): Workflow {
  const { workflow, diagnostics } = readWorkflow({ path: 'ci.yml', text });
  if (!workflow) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  return workflow;
}

/** A workflow of one job, whose lines from its second on are given. */
const job = (...lines: string[]) =>
  ['on: push', 'jobs:', '  a:', '    runs-on: x', ...lines.map((line) => `    ${line}`), ''].join('\n');
const steps = (...lines: string[]) => job('steps:', ...lines.map((line) => `  ${line}`));
const stepsOf = (text: string) => (workflowOf(text).jobs[0] as StepsJob).steps;

describe('reading a workflow', () => {
  describe('keeps the value of multi-line text', () => {
    it('in a literal block with expressions: without indentation, with line breaks', () => {
      const [step] = stepsOf(
        steps('- run: |', "    echo 'it''s'", '      ${{ github.ref }}', "    cat <<'X'", '    X'),
      );
      expect(step?.run).to.deep.equal(["echo 'it''s'\n  ", { expression: 'github.ref' }, "\ncat <<'X'\nX\n"]);
    });

    it('in folded and stripped blocks', () => {
      const [folded, stripped] = stepsOf(
        steps('- run: >-', '    one', '    ${{ github.ref }}', '    two', '- run: |-', '    ${{ github.sha }}'),
      );
      expect(folded?.run).to.deep.equal(['one ', { expression: 'github.ref' }, ' two']);
      expect(stripped?.run).to.deep.equal([{ expression: 'github.sha' }]);
    });

    it('in a file with Windows line endings', () => {
      const [step] = stepsOf(steps('- run: |', '    echo a', '    echo ${{ github.ref }}').replaceAll('\n', '\r\n'));
      expect(step?.run).to.deep.equal(['echo a\necho ', { expression: 'github.ref' }, '\n']);
    });

    it('in an `if` condition', () => {
      const [one, two, three] = stepsOf(
        steps(
          '- if: >-',
          '    ${{ false }}',
          '  run: x',
          "- if: ${{ github.ref == 'a''b' }}",
          '  run: x',
          '- if: always()',
          '  run: x',
        ),
      );
      expect([one?.if, two?.if, three?.if]).to.deep.equal([
        'success() && (false)',
        "success() && (github.ref == 'a''b')",
        'always()',
      ]);
    });
  });

  it('gives steps without an id the ids that GitHub gives them', () => {
    const ids = stepsOf(
      steps(
        ...['- run: a', '- run: b', '- uses: actions/checkout@v4', '- uses: ./local', '- id: __x_'].slice(0, 4),
        ...['- { id: run, run: c }', '- uses: docker://alpine:3', '- uses: a/b/c/d@main', '- run: d'],
      ),
    ).map(({ id }) => id);
    expect(ids).to.deep.equal([
      ...['__run', '__run_2', '__actions_checkout', '__self', 'run', '__alpine_3', '__a_b', '__run_3'],
    ]);
  });

  it('reads a job with 1,500 steps', () => {
    const list = stepsOf(steps(...Array.from({ length: 1500 }, () => '- run: x')));
    expect(list.at(-1)?.id).to.equal('__run_1500');
  });

  it('matches needs case-insensitively and drops duplicates', () => {
    const text = `on: push\njobs:\n  Build:\n    runs-on: x\n    steps: [{ run: x }]\n  b:\n    needs: [BUILD, build]\n    runs-on: x\n    steps: [{ run: x }]\n`;
    expect(workflowOf(text).jobs[1]?.needs).to.deep.equal(['Build']);
  });

  it('accepts valid keys that the parser wrongly refuses', () => {
    for (const on of ['repository_dispatch', '[repository_dispatch]', '{ workflow_dispatch: { inputs: { x: } } }']) {
      workflowOf(steps('- run: x').replace('on: push', `on: ${on}`));
    }
    expect(workflowOf(job('env: { 1: a }', 'steps: [{ run: x }]')).jobs[0]).to.deep.include({ env: { '1': 'a' } });
  });

  describe('reports with line and column', () => {
    const cases: [what: string, text: string, ...expected: string[]][] = [
      [
        'unknown keys, with a suggestion',
        job('timeout-minute: 5', 'steps: [{ runn: x }]'),
        'ci.yml:5:5: "timeout-minute" is not allowed here; did you mean "timeout-minutes"?',
        'ci.yml:6:13: a step needs `run` or `uses`',
        'ci.yml:6:15: "runn" is not allowed here; did you mean "run"?',
      ],
      ['a missing key', 'on: push\njobs:\n  a:\n    steps: [{ run: x }]\n', 'ci.yml:4:5: `runs-on` is missing'],
      [
        'invalid YAML',
        'on: push\njobs:\n  a: [\n',
        'ci.yml:4:1: Flow sequence in block collection must be sufficiently indented and end with a ]',
      ],
      ['an empty file', '\n# only a remark\n', 'ci.yml:1:1: the file is empty'],
      [
        'a condition that YAML reads as a tag',
        steps('- run: x', '  if: !cancelled()'),
        'ci.yml:7:13: Unresolved tag: !cancelled(); put the value in quotes or into ${{ }}',
      ],
      [
        'expressions that use unknown contexts, also in blocks',
        steps(
          '- run: |',
          '    one',
          '    echo ${{ nope.x }}',
          '- run: ${{ constructor() }}',
          "- if: nope == 'x'",
          '  run: x',
        ),
        "ci.yml:8:16: Unrecognized named-value: 'nope'",
        'ci.yml:9:14: cannot evaluate ${{ constructor() }}: the function constructor does not exist',
        "ci.yml:10:13: Unrecognized named-value: 'nope'",
      ],
      [
        'unknown needs and cycles of needs',
        'on: push\njobs:\n  build: { runs-on: x, steps: [{ run: x }] }\n  a: { needs: biuld, runs-on: x, steps: [{ run: x }] }\n  b: { needs: c, runs-on: x, steps: [{ run: x }] }\n  c: { needs: b, runs-on: x, steps: [{ run: x }] }\n',
        'ci.yml:4:15: the job "a" needs the job "biuld", which does not exist; did you mean "build"?',
        'ci.yml:5:15: the job "b" depends on itself through its needs',
        'ci.yml:6:15: the job "c" depends on itself through its needs',
      ],
      [
        'invalid and duplicate ids',
        steps('- { id: 1a, run: x }', '- { id: b, run: x }', '- { id: B, run: x }', '- { id: __run, run: x }'),
        'ci.yml:6:15: "1a" is not a valid id: use letters, digits, "_" and "-", beginning with a letter or "_", fewer than 100 characters',
        'ci.yml:8:15: another step of the job has the id "B"',
        'ci.yml:9:15: "__run" is not a valid id: the prefix "__" is reserved for steps without an id',
      ],
      [
        'invalid action references',
        steps('- uses: checkout', '- uses: actions/checkout'),
        'ci.yml:6:15: "checkout" is not an action: use owner/repository@ref, owner/repository/path@ref, $/path (in this repository) or ./path (in the workspace)',
        'ci.yml:7:15: "actions/checkout" is not an action: use owner/repository@ref, owner/repository/path@ref, $/path (in this repository) or ./path (in the workspace)',
      ],
      [
        'filters that exclude each other or cannot match',
        steps('- run: x').replace(
          'on: push',
          "on: { push: { paths: [a], paths-ignore: [b], branches: ['!x'], tags: ['[x'] } }",
        ),
        'ci.yml:1:27: `paths` and `paths-ignore` cannot be used together; use "!" in `paths`',
        'ci.yml:1:71: "[x" is not a valid pattern: a "[" is not closed',
      ],
      [
        'a filter with too many patterns',
        steps('- run: x').replace('on: push', `on: { push: { paths: [${Array(1001).fill('a').join()}] } }`),
        'ci.yml:1:22: `paths` has 1001 patterns; at most 1000 are allowed',
      ],
      [
        'filters that match nothing, except an empty `tags` beside `branches`',
        steps('- run: x').replace('on: push', "on: { push: { paths: ['!a'], branches: [main], tags: ['!**'] } }"),
        'ci.yml:1:22: warning: `paths` matches nothing, because all its patterns begin with "!"; use `paths-ignore`',
      ],
      [
        'invalid schedules',
        steps('- run: x').replace('on: push', "on: { schedule: [{ cron: '61 * * * *' }] }"),
        'ci.yml:1:26: "61 * * * *" is not a valid schedule: Invalid value for minute: 61',
      ],
      [
        'timeouts of zero',
        job('timeout-minutes: 0', 'steps: [{ run: x }]'),
        'ci.yml:5:22: timeout-minutes must be more than 0, not 0',
      ],
      [
        'unsupported keys by name',
        job('snapshot: mine', 'steps: [{ run: x }]'),
        'ci.yml:5:15: `snapshot` is not supported yet',
      ],
      [
        'unsupported background steps by name',
        job('steps: [{ run: x, background: true }, { wait-all: }, { run: y, background: false }]'),
        'ci.yml:5:23: background steps are not supported yet: `background`',
        'ci.yml:5:45: background steps are not supported yet: `wait-all`',
      ],
      [
        'invalid values, with the expected type',
        job(
          'continue-on-error: maybe',
          'strategy: { fail-fast: nope, max-parallel: 0, matrix: { x: [] } }',
          'timeout-minutes: abc',
          'needs: { a: 1 }',
          'steps: [{ run: x, uses: ./y }]',
        ),
        'ci.yml:5:24: `continue-on-error` must be true or false, not "maybe"',
        'ci.yml:6:28: `fail-fast` must be true or false, not "nope"',
        'ci.yml:7:22: `timeout-minutes` must be a number, not "abc"',
        'ci.yml:8:12: A mapping was not expected',
        'ci.yml:9:23: a step cannot have both `run` and `uses`',
      ],
      [
        'an empty `runs-on`',
        'on: push\njobs:\n  a:\n    runs-on:\n    steps: [{ run: x }]\n',
        'ci.yml:4:13: `runs-on` is empty',
      ],
      [
        'an invalid permission',
        `permissions: { contents: wirte }\n${steps('- run: x')}`,
        'ci.yml:1:26: the permission `contents` must be read, write or none, not "wirte"',
      ],
      [
        'a suggestion for a misspelled context or function',
        steps('- run: ${{ secret.X }}', '- run: ${{ fromJSOM(1) }}', '- { run: x, if: succes() }'),
        'ci.yml:6:14: Unrecognized named-value: \'secret\'; did you mean "secrets"?',
        'ci.yml:7:14: Unrecognized function: \'fromJSOM\'; did you mean "fromjson"?',
        'ci.yml:8:23: Unrecognized function: \'succes\'; did you mean "success"?',
      ],
      [
        'a second YAML document',
        `${steps('- run: x')}---\na: b\n`,
        'ci.yml:7:1: the file has several YAML documents; remove all but one (they are separated by `---`)',
      ],
      [
        'a matrix that is empty, too large or excludes by an unknown key',
        `on: push\njobs:\n${[
          '{ x: [] }',
          `{ x: [${Array(17).fill(1)}], y: [${Array(17).fill(1)}] }`,
          '{ x: [1], exclude: [{ y: 1 }] }',
        ]
          .map((matrix, index) => `  j${index}: { strategy: { matrix: ${matrix} }, runs-on: x, steps: [{ run: x }] }\n`)
          .join('')}`,
        'ci.yml:3:29: the matrix key "x" has no values',
        'ci.yml:4:29: the matrix has 289 combinations; at most 256 are allowed',
        'ci.yml:5:29: `exclude` of the matrix uses "y", which is not a key of the matrix',
      ],
      [
        'invalid shells and labels, and a matrix with max-parallel 0',
        job(
          'defaults: { run: { shell: csh } }',
          'strategy: { max-parallel: 0 }',
          'steps: [{ run: x, shell: fish }, { run: x, shell: "fish {0}" }]',
        ).replace('runs-on: x', 'runs-on: [self-hosted, "bad label!"]'),
        'ci.yml:4:14: "bad label!" is not a valid label',
        'ci.yml:5:31: "csh" is not a shell: use bash, sh, python, pwsh, or a command line that contains {0}',
        'ci.yml:7:30: "fish" is not a shell: use bash, sh, python, pwsh, or a command line that contains {0}',
      ],
      [
        'input defaults of the wrong type',
        steps('- run: x').replace(
          'on: push',
          'on: { workflow_dispatch: { inputs: { n: { type: number, default: abc }, c: { type: choice, options: [a], default: b } } } }',
        ),
        'ci.yml:1:66: the default of the input "n" must be a number, not "abc"',
        'ci.yml:1:115: the default of the input "c" must be one of a, not "b"',
      ],
      [
        'schedules that never occur or are too frequent for GitHub',
        steps('- run: x').replace('on: push', "on: { schedule: [{ cron: '0 0 31 2 *' }, { cron: '* * * * *' }] }"),
        'ci.yml:1:26: warning: the schedule "0 0 31 2 *" never occurs',
        'ci.yml:1:50: warning: GitHub runs schedules at most every 5 minutes; "* * * * *" runs more often only in Volt',
      ],
      [
        'all errors of a file at once',
        'on: push\nbogus: 1\njobs:\n  a:\n    runs-on: x\n    if: !cancelled()\n  b: { runs-on: x, steps: [] }\n  c: { runs-on: x, steps: [{ run: x, shel: y }] }\n',
        'ci.yml:2:1: "bogus" is not allowed here',
        'ci.yml:4:3: the job "a" has no steps',
        'ci.yml:6:9: Unresolved tag: !cancelled(); put the value in quotes or into ${{ }}',
        'ci.yml:7:27: the job "b" has no steps',
        'ci.yml:8:38: "shel" is not allowed here; did you mean "shell"?',
      ],
      [
        'a workflow without jobs beside other errors',
        'on: push\nbogus: 1\njobs: {}\n',
        'ci.yml:2:1: "bogus" is not allowed here',
        'ci.yml:3:7: the workflow has no jobs',
      ],
      [
        '`cancel-timeout-minutes`, which has no effect',
        job('cancel-timeout-minutes: 1', 'steps: [{ run: x }]'),
        'ci.yml:5:29: warning: `cancel-timeout-minutes` has no effect: Volt gives steps five minutes after a cancel',
      ],
      [
        'a condition that is always true',
        steps('- run: x', "  if: ${{ github.ref }} == 'x'"),
        'ci.yml:7:13: warning: this `if` is always true, because it is text around an expression; put all of it into one ${{ }}, or remove ${{ }}',
      ],
    ];
    for (const [what, text, ...lines] of cases) it(what, () => expect(diagnosticsOf(text)).to.deep.equal(lines));
  });

  describe('accepts what GitHub accepts:', () => {
    const cases: [what: string, text: string][] = [
      [
        'an empty `inputs` of workflow_dispatch',
        steps('- run: x').replace('on: push', 'on: { workflow_dispatch: { inputs: } }'),
      ],
      [
        'unknown keys of workflow_dispatch',
        steps('- run: x').replace('on: push', 'on: { workflow_dispatch: { branches: [main], inputs: { a: } } }'),
      ],
      ['shell names in any case', steps('- run: x', '  shell: Bash', '- run: x', '  shell: PWSH')],
    ];
    for (const [what, text] of cases) it(what, () => expect(diagnosticsOf(text)).to.deep.equal([]));

    it('but refuses unknown keys of workflow_dispatch inputs', () => {
      const text = steps('- run: x').replace('on: push', 'on: { workflow_dispatch: { inputs: { a: { typ: x } } } }');
      expect(diagnosticsOf(text)).to.deep.equal(['ci.yml:1:43: "typ" is not allowed here; did you mean "type"?']);
    });
  });

  it('accepts any settings of events that only GitHub has', () => {
    const on = (events: string) => diagnosticsOf(steps('- run: x').replace('on: push', `on: { push: {}, ${events} }`));
    expect(on('create: { tags: [v*] }, pull_request: { tags-ignore: [a], types: [opened] }')).to.deep.equal([]);
    expect(on('merge_group: { paths: [a] }, fork: {}')).to.deep.equal([]);
    expect(on('pull_requests: {}')[0]).to.match(/"pull_requests" is not allowed here/);
    expect(diagnosticsOf(steps('- run: x').replace('on: push', 'on: { push: { branchs: [a] } }'))[0]).to.match(
      /"branchs" is not allowed here/,
    );
  });

  describe('has limits:', () => {
    it('of the values that YAML aliases expand to', () => {
      const bomb = Array.from(
        { length: 10 },
        (_, index) => `x${index + 1}: &x${index + 1} [${Array(10).fill(`*x${index}`)}]`,
      );
      expect(diagnosticsOf(`x0: &x0 [a]\n${bomb.join('\n')}\non: push\n`)).to.include(
        'ci.yml:1:1: the file has more than 50000 values, including its expanded aliases',
      );
    });

    it('of the size and the depth of a file', () => {
      expect(diagnosticsOf(`# ${'x'.repeat(600_000)}`)).to.deep.equal(['ci.yml:1:1: the file is larger than 512 KB']);
      expect(diagnosticsOf(`on: ${'['.repeat(5000)}`)[0]).to.match(/nested too deeply$/);
      expect(diagnosticsOf(`on: ${'{a: '.repeat(5000)}`)[0]).to.match(/nested too deeply$/);
    });

    it('of the number of diagnostics', () => {
      expect(diagnosticsOf(job(...Array.from({ length: 500 }, (_, index) => `key${index}: x`)))).to.have.length(100);
    });
  });

  it('never throws for random changes of a file', () => {
    const odd = [
      '[]',
      '42',
      'on',
      '{}',
      'on: {}',
      'jobs: {}',
      'on: push\njobs: []',
      'on: push\njobs: { a: }',
      '? [a]\n: b',
      '---\na\n---\nb',
      '\0',
      'on: push\njobs:\n  a: {}',
      '<<: *x',
      'on: {push: }\njobs: {a: {uses: 1}}',
      'on: push\njobs: {a: {runs-on: [], steps: {}}}',
      '&a [*a]',
    ];
    for (const text of odd) expect(diagnosticsOf(text).length, JSON.stringify(text)).to.be.greaterThan(0);
  });
});

describe('reading all workflows of a commit', () => {
  const call = (rest = '') => `on: push\njobs:\n  c:\n    uses: ./.github/workflows/b.yml\n${rest}`;
  const called = (face = '') => `on:\n  workflow_call:\n${face}jobs:\n  x:\n    runs-on: x\n    steps: [{ run: x }]\n`;
  const together = (files: { [name: string]: string }) => {
    const read = readWorkflows(
      Object.entries(files).map(([name, text]) => ({ path: `.github/workflows/${name}`, text })),
    );
    return { paths: read.workflows.map(({ path }) => path), messages: read.diagnostics.map(formatDiagnostic) };
  };

  const cases: [what: string, files: { [name: string]: string }, ...expected: RegExp[]][] = [
    [
      'a call of a missing workflow',
      { 'a.yml': call() },
      /a.yml:3:3: the job "c" calls .github\/workflows\/b.yml, which does not exist or is not valid$/,
    ],
    [
      'a call of a workflow without workflow_call',
      { 'a.yml': call(), 'b.yml': 'on: push\njobs: { x: { runs-on: x, steps: [{ run: x }] } }' },
      /which cannot be called/,
    ],
    [
      'unknown and missing inputs and secrets of a call',
      {
        'a.yml': call('    with: { nam: x }\n'),
        'b.yml': called(
          '    inputs: { name: { type: string, required: true } }\n    secrets: { key: { required: true } }\n',
        ),
      },
      /passes the unknown input "nam" to .*; did you mean "name"\?$/,
      /must pass the input "name" to /,
      /must pass the secret "key" to /,
    ],
    [
      'inputs of the wrong type and unknown secrets at their lines in the call',
      {
        'a.yml': call('    with:\n      n: abc\n      b: "yes"\n      ok: "3"\n    secrets:\n      tokn: x\n'),
        'b.yml': called(
          '    inputs: { n: { type: number }, b: { type: boolean }, ok: { type: number } }\n    secrets: { token: {} }\n',
        ),
      },
      /a.yml:6:7: .*the input "n" must be a number, not "abc"$/,
      /a.yml:7:7: .*the input "b" must be a boolean, not "yes"$/,
      /a.yml:10:7: .*the unknown secret "tokn" to .*; did you mean "token"\?$/,
    ],
    [
      'errors in the calls of an invalid file',
      { 'a.yml': `${call('    with: { nam: x }\n')}bogus: 1\n`, 'b.yml': called() },
      /"bogus" is not allowed here/,
      /passes the unknown input "nam"/,
    ],
    [
      'a cycle of calls',
      {
        'a.yml': call().replace('on: push', 'on: [push, workflow_call]'),
        'b.yml': call().replace('on: push', 'on: workflow_call').replace('b.yml', 'a.yml'),
      },
      /calls workflows in a cycle or too deeply: .*a.yml → .*b.yml → .*a.yml$/,
      /cycle/,
    ],
    [
      'a call of an invalid workflow',
      { 'a.yml': call(), 'b.yml': called().replace('runs-on', 'runson') },
      /"runson"/,
      /`runs-on` is missing/,
      /does not exist or is not valid/,
    ],
  ];
  for (const [what, files, ...lines] of cases) {
    it(`reports ${what}`, () => {
      const { messages: found, paths } = together(files);
      expect(found.length).to.equal(lines.length);
      for (const [index, line] of lines.entries()) expect(found[index]).to.match(line);
      expect(paths).to.not.include('.github/workflows/a.yml');
    });
  }
});
