import { expect } from 'chai';
import { formatDiagnostic } from '../../../src/workflow/diagnostics.ts';
import { readWorkflow } from '../../../src/workflow/read-workflow.ts';
import { factsOf, PlannedBuild } from '../../support/workflows.ts';

const job = (...lines: string[]) =>
  [
    'on: push',
    'jobs:',
    '  a:',
    '    runs-on: x',
    ...lines.map((line) => `    ${line}`),
    '    steps: [{ run: x }]',
  ].join('\n');
/** Problems, without the warning that Volt runs no containers yet. */
const problemsOf = (...lines: string[]) =>
  readWorkflow({ path: 'ci.yml', text: job(...lines) })
    .diagnostics.map(formatDiagnostic)
    .filter((line) => !line.includes('not supported yet'));

describe('containers in a workflow file', () => {
  it('may have all forms that GitHub knows', () => {
    const problems = problemsOf(
      'container:',
      '  image: ghcr.io/acme/${{ vars.IMAGE }}:22',
      '  env: { A: 1, "${{ insert }}": "${{ fromJSON(vars.ENV) }}", T: "${{ secrets.T }} ${{ runner.os }}" }',
      '  ports: [80, "${{ vars.PORT }}:443"]',
      '  volumes: ["cache:/cache", "${{ github.workspace }}/x:/x", "/github/workspace:/y", "/__w/app/app/z:/z:ro"]',
      '  options: --cpus ${{ vars.CPUS }} --health-cmd "a b"',
      '  credentials: { username: "${{ github.actor }}", password: "${{ secrets.TOKEN }}" }',
      'services:',
      '  redis: redis',
      '  none: { image: "", ports: [80] }',
      '  nothing: ""',
      '  db: { image: postgres, entrypoint: /start, command: -c "a b" }',
    );
    expect(problems).to.deep.equal([]);
    expect(problemsOf('container: ${{ matrix.image }}')).to.deep.equal([]);
    expect(problemsOf("container: ''")).to.deep.equal([]);
    expect(problemsOf("container: { image: '', options: --rm }")).to.deep.equal([]);
    expect(problemsOf('container: { "${{ insert }}": "${{ fromJSON(vars.CONTAINER) }}" }')).to.deep.equal([]);
  });

  const cases: [what: string, line: string, ...problems: string[]][] = [
    ['a container without an image', 'container: { options: --rm }', 'ci.yml:5:16: `image` is missing'],
    ['an image that is none', 'container: node:', 'ci.yml:5:16: '],
    [
      'an image in capitals',
      'services: { db: { image: ghcr.io/Acme/db } }',
      'ci.yml:5:30: "ghcr.io/Acme/db" is not an image: use name, name:tag, registry/name:tag or name@sha256:…; names are in lower case',
    ],
    [
      'a port',
      "services: { db: { image: x, ports: [80, '80:http'] } }",
      'ci.yml:5:45: "80:http" is not a port: use port, host:port or host:port/udp',
    ],
    [
      'an option that gives rights',
      'container: { image: x, options: --userns host }',
      'ci.yml:5:37: the option `--userns` is not supported: it would give the job rights on the machine of the runner',
    ],
    [
      'an option that only services have',
      'container: { image: x, options: --entrypoint y }',
      'ci.yml:5:37: the option `--entrypoint` is not supported, as on GitHub',
    ],
    [
      'a command with an open quote',
      "services: { db: { image: x, command: 'a \"b' } }",
      'ci.yml:5:42: a quote or an escape is not closed in "a "b"',
    ],
    [
      'credentials without a password',
      'container: { image: x, credentials: { username: me } }',
      'ci.yml:5:41: `password` is missing',
    ],
    [
      'keys that only services have',
      'container: { image: x, command: y }',
      'ci.yml:5:28: "command" is not allowed here',
    ],
    [
      'a context that is not known before the job runs',
      'container: "${{ steps.x.outputs.image }}"',
      "ci.yml:5:17: Unrecognized named-value: 'steps'",
    ],
    [
      'a secret outside of env and credentials',
      'services: { db: { image: "${{ secrets.IMAGE }}" } }',
      "ci.yml:5:31: Unrecognized named-value: 'secrets'",
    ],
  ];
  for (const [what, line, ...problems] of cases) {
    it(`are refused with line and column: ${what}`, () => {
      const found = problemsOf(line);
      expect(found).to.have.length(problems.length);
      for (const [index, problem] of problems.entries())
        expect(found[index]).to.satisfy((one: string) => one.startsWith(problem));
    });
  }

  it('are refused with line and column: an action whose image is none', () => {
    const text = (uses: string) => `on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{ uses: '${uses}' }]`;
    const found = (uses: string) =>
      readWorkflow({ path: 'ci.yml', text: text(uses) }).diagnostics.filter(({ severity }) => severity === 'invalid');
    expect(found('docker://ghcr.io/acme/tool:3')).to.deep.equal([]);
    for (const uses of ['docker://', 'docker://Acme:x', 'docker://../x']) {
      expect(found(uses).map(formatDiagnostic), uses).to.have.length(1);
      expect(found(uses)[0]).to.include({ line: 5, column: 21 });
    }
  });

  it('warn of what only some runners allow, which the runner decides', () => {
    const warnings = (line: string) =>
      readWorkflow({ path: 'ci.yml', text: job(line) })
        .diagnostics.filter(({ severity }) => severity === 'warning')
        .map(formatDiagnostic);
    const flag = (name: string) => `(\`volt runner --allow-${name} REPOSITORY\`), and a trusted ref`;
    const privileged = `needs a runner that allows it ${flag('privileged')}`;
    const volumes = `a path of the machine, needs a runner that allows it ${flag('volumes')}`;
    for (const [line, warning] of [
      [
        'container: { image: x, options: --privileged }',
        `ci.yml:5:37: warning: the option \`--privileged\` ${privileged}`,
      ],
      [
        'container: { image: x, options: --device /dev/kvm }',
        `ci.yml:5:37: warning: the option \`--device\` ${privileged}`,
      ],
      ['container: { image: x, options: -v /opt:/opt }', `ci.yml:5:37: warning: the volume "/opt", ${volumes}`],
      ["container: { image: x, volumes: ['/srv:/data'] }", `ci.yml:5:38: warning: the volume "/srv", ${volumes}`],
    ] as const)
      expect(warnings(line)).to.deep.equal([warning]);
    expect(new PlannedBuild(job('container: { image: x, options: --privileged }')).decisions).to.deep.equal({});
  });

  it('that are not allowed end their job, not the others', () => {
    const build = new PlannedBuild(`${job('container: { image: x, options: --userns host }')}
  b: { runs-on: x, steps: [{ run: x }] }`);
    expect(build.decisions.a).to.match(/^error unsupported: ci.yml:5:37: the option `--userns` is not supported/);
    expect(build.statuses.b).to.equal('queued');
  });

  it('come to the job as they are, with the names of the secrets in them', () => {
    const lines = [
      'container: { image: "${{ github.ref_name }}", env: { T: "${{ secrets.ENV }}" } }',
      'services: { db: { image: x, credentials: { username: me, password: "${{ secrets.PASSWORD }}" } } }',
    ];
    const plan = new PlannedBuild(job(...lines), factsOf()).plans.a?.plan;
    expect(plan?.secrets.names).to.deep.equal(['ENV', 'PASSWORD']);
    expect(plan?.container).to.deep.equal({
      map: [
        ['image', { text: [{ expression: 'github.ref_name' }] }],
        ['env', { map: [['T', { text: [{ expression: 'secrets.ENV' }] }]] }],
      ],
    });
    expect(JSON.stringify(plan?.services)).to.include('"expression":"secrets.PASSWORD"');
  });
});
