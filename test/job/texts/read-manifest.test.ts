import { expect } from 'chai';
import type { CompositeRuns } from '../../../src/job/texts/action-manifest.ts';
import { parseManifest } from '../../../src/job/texts/read-manifest.ts';

describe('the file of an action', () => {
  const parse = (text: string) => parseManifest(text, 'action.yml of ./x');

  it('has the files of a JavaScript action for any version of Node', () => {
    for (const node of ['node12', 'node16', 'node20', 'NODE24']) {
      expect(
        parse(`runs: {using: ${node}, main: dist/index.js, post: post.js, post-if: success()}`).runs,
      ).to.deep.equal({
        ...{ using: 'node', main: 'dist/index.js', pre: undefined, preIf: 'always()' },
        ...{ post: 'post.js', postIf: 'success()' },
      });
    }
  });

  it('has defaults for inputs, as text', () => {
    const text =
      "inputs: {a: {default: true}, b: {default: 1.5}, c: {required: true}, d: {default: '${{ github.token }}'}, e: }\nruns: {using: node20, main: x}";
    expect(parse(text).inputs).to.deep.equal({ a: 'true', b: '1.5', d: [{ expression: 'github.token' }] });
  });

  it('has the steps of a composite action, with ids, conditions and expressions as in a plan', () => {
    const text = `
name: Build
outputs:
  out: {value: "\${{ steps.one.outputs.x }}"}
runs:
  using: composite
  steps:
    - {id: one, run: "echo \${{ inputs.a }}", shell: bash, env: {N: 1}, working-directory: sub}
    - {run: echo, shell: sh, if: "always() && inputs.a"}
    - {uses: actions/cache@v4, with: {path: x}, if: "\${{ inputs.b == 'c' }}", continue-on-error: true}
`;
    const runs = parse(text).runs as CompositeRuns;
    expect(runs.outputs).to.deep.equal({ out: [{ expression: 'steps.one.outputs.x' }] });
    expect(JSON.parse(JSON.stringify(runs.steps))).to.deep.equal([
      {
        id: 'one',
        if: 'success()',
        run: ['echo ', { expression: 'inputs.a' }],
        shell: 'bash',
        env: { N: '1' },
        workingDirectory: 'sub',
      },
      { id: '__run', if: 'always() && inputs.a', run: 'echo', shell: 'sh' },
      {
        id: '__actions_cache',
        if: "success() && (inputs.b == 'c')",
        uses: 'actions/cache@v4',
        with: { path: 'x' },
        continueOnError: 'true',
      },
    ]);
  });

  it('has the image of a docker action, its arguments, entry points and environment', () => {
    const text = `
runs:
  using: Docker
  image: docker://alpine:3
  entrypoint: /run.sh
  args: ["\${{ inputs.who }}", 1, ""]
  env: {A: "\${{ inputs.a }}"}
  pre-entrypoint: /pre.sh
  post-entrypoint: /post.sh
  post-if: success()
`;
    expect(parse(text).runs).to.deep.equal({
      using: 'docker',
      image: { kind: 'image', name: 'docker.io/library/alpine:3' },
      entrypoint: '/run.sh',
      args: [[{ expression: 'inputs.who' }], '1', ''],
      env: { A: [{ expression: 'inputs.a' }] },
      ...{ pre: '/pre.sh', preIf: 'always()', post: '/post.sh', postIf: 'success()' },
    });
  });

  it('may name a Dockerfile, by the names that GitHub knows', () => {
    for (const path of ['Dockerfile', 'docker/dockerfile', 'Dockerfile.alpine', 'alpine.Dockerfile']) {
      const { runs } = parse(`runs: {using: docker, image: ${path}}`);
      expect(runs).to.deep.include({ using: 'docker', image: { kind: 'dockerfile', path }, args: undefined });
    }
  });

  for (const [what, text, words] of [
    ['no YAML', 'a: [', 'is not valid'],
    ['nothing', '', 'is not valid'],
    ['a container without an image', 'runs: {using: docker}', "'' should be either '[path]/Dockerfile'"],
    [
      'an image without docker://',
      'runs: {using: docker, image: alpine}',
      "'alpine' should be either '[path]/Dockerfile'",
    ],
    ['an image that is none', "runs: {using: docker, image: 'docker://../x'}", 'is not an image'],
    ['arguments that are no list', 'runs: {using: docker, image: Dockerfile, args: x}', 'runs.args'],
    ['something unknown', 'runs: {using: plugin}', '"plugin"'],
    ['no main file', 'runs: {using: node20}', 'runs.main is missing'],
    ['a step without a shell', 'runs: {using: composite, steps: [{run: x}]}', 'shell'],
    ['a step that does nothing', 'runs: {using: composite, steps: [{id: x}]}', 'either run or uses'],
    ['an expression that is not closed', "runs: {using: composite, steps: [{run: '${{ x', shell: sh}]}", 'not closed'],
    ['a condition that is none', "runs: {using: composite, steps: [{run: x, shell: sh, if: 'a b'}]}", 'a b'],
    [
      'aliases without end',
      `a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\nruns: {using: node20, main: x}`,
      'alias',
    ],
  ] as const) {
    it(`is refused with ${what}`, () => expect(() => parse(text)).to.throw(words));
  }
});
