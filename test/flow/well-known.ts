/**
 * Workflows like those of well-known projects, each with the project files that they need: the syntax that they use,
 * and the commands that they run, are those of the projects.
 */
export interface WellKnownProject {
  name: string;
  files: Record<string, string>;
  /** statuses of the jobs, by name */
  jobs: { [name: string]: [status: string, reason: string | null] };
  status: string;
  /** job whose steps and log are checked */
  look: { job: string; steps: [name: string, status: string][]; log: RegExp[] };
}

const packageOf = (scripts: Record<string, string>) =>
  JSON.stringify({ name: 'p', version: '1.0.0', private: true, scripts });
const lock = JSON.stringify({
  name: 'p',
  version: '1.0.0',
  lockfileVersion: 3,
  requires: true,
  packages: { '': { name: 'p', version: '1.0.0' } },
});

export const wellKnown: readonly WellKnownProject[] = [
  {
    name: 'like axios: branches with globs, versions as ranges, a name of its own for one step',
    files: {
      '.github/workflows/ci.yml': `name: ci

on:
  push:
    branches: [main, 'v1.x/*']
  pull_request:
    branches: [main]

permissions:
  contents: read

jobs:
  build:
    runs-on: ubuntu-latest
    strategy:
      matrix:
        node-version: [20.x, 22.x]
    steps:
      - uses: actions/checkout@v4
        with:
          persist-credentials: false
      - name: Setup node
        uses: actions/setup-node@v4
        with:
          node-version: \${{ matrix.node-version }}
          cache: npm
      - run: npm ci
      - run: npm test
`,
      'package.json': packageOf({ test: 'node -e "console.log(\'tested with \' + process.version)" && node -v' }),
      'package-lock.json': lock,
    },
    jobs: { 'build (20.x)': ['success', null], 'build (22.x)': ['success', null] },
    status: 'success',
    look: {
      job: 'build (22.x)',
      steps: [
        ['Set up job', 'success'],
        ['Run actions/checkout@v4', 'success'],
        ['Setup node', 'success'],
        ['Run npm ci', 'success'],
        ['Run npm test', 'success'],
        ['Post Setup node', 'success'],
      ],
      log: [/found node 22\.11\.0 in the tool cache/, /\nv22\.11\.0\n/],
    },
  },
  {
    name: 'like execa: a name and a runner made of the matrix, systems that are not here, conditions on the matrix',
    files: {
      '.github/workflows/main.yml': `name: CI
on:
  - push
  - pull_request
jobs:
  test:
    name: Node.js \${{ matrix.node-version }} on \${{ matrix.os }}
    runs-on: \${{ matrix.os }}-latest
    strategy:
      fail-fast: false
      matrix:
        node-version:
          - 22
          - 20
        os:
          - ubuntu
          - macos
          - windows
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: \${{ matrix.node-version }}
      - run: npm install
      - run: npm run lint
        if: \${{ matrix.os == 'ubuntu' && matrix.node-version == 22 }}
      - run: npm run unit
`,
      'package.json': packageOf({
        lint: 'echo linted',
        unit: 'node -e "process.exit(Number(process.env.FAILS || 0))"',
      }),
    },
    jobs: {
      'Node.js 22 on ubuntu': ['success', null],
      'Node.js 22 on macos': ['skipped', 'no_runner'],
      'Node.js 22 on windows': ['skipped', 'no_runner'],
      'Node.js 20 on ubuntu': ['success', null],
      'Node.js 20 on macos': ['skipped', 'no_runner'],
      'Node.js 20 on windows': ['skipped', 'no_runner'],
    },
    status: 'success',
    look: {
      job: 'Node.js 20 on ubuntu',
      steps: [
        ['Set up job', 'success'],
        ['Run actions/checkout@v4', 'success'],
        ['Run actions/setup-node@v4', 'success'],
        ['Run npm install', 'success'],
        ['Run npm run lint', 'skipped'],
        ['Run npm run unit', 'success'],
        ['Post Run actions/setup-node@v4', 'success'],
      ],
      log: [/found node 20\.20\.0 in the tool cache/],
    },
  },
  {
    name: 'like express: a matrix of names with what each needs, a shell of its own, outputs of a step, a job that needs the matrix',
    files: {
      '.github/workflows/ci.yml': `name: ci

on:
- pull_request
- push

jobs:
  test:
    runs-on: ubuntu-latest
    strategy:
      fail-fast: false
      matrix:
        name:
        - Node.js 20.x
        - Node.js 22.x

        include:
        - name: Node.js 20.x
          node-version: "20.20"
          npm-i: old-mocha@1.2.3

        - name: Node.js 22.x
          node-version: "22.11"

    steps:
    - uses: actions/checkout@v3

    - name: Install Node.js \${{ matrix.node-version }}
      shell: bash -eo pipefail {0}
      run: |
        ls -d "$RUNNER_TOOL_CACHE"/node/\${{ matrix.node-version }}.*/x64/bin >> "$GITHUB_PATH"

    - name: Install npm module(s) \${{ matrix.npm-i }}
      run: echo npm install --save-dev \${{ matrix.npm-i }}
      if: matrix.npm-i != ''

    - name: List environment
      id: list_env
      shell: bash
      run: |
        echo "node@$(node -v)"
        node -pe 'Object.keys(require("./package").devDependencies).join("\\n")' | \\
          awk -F'[ @]' '$1 { print $1 "=yes" }' >> "$GITHUB_OUTPUT"

    - name: Run tests
      shell: bash
      run: |
        npm run test-ci
        cp coverage/lcov.info "coverage/\${{ matrix.name }}.lcov"

    - name: Lint code
      if: steps.list_env.outputs.eslint != ''
      run: npm run lint

  coverage:
    needs: test
    runs-on: ubuntu-latest
    steps:
    - run: echo merged
`,
      'package.json': JSON.stringify({
        ...{ name: 'p', version: '1.0.0', private: true, devDependencies: { eslint: '1.0.0', mocha: '1.0.0' } },
        scripts: {
          'test-ci': 'node -v | grep -qv v22 && mkdir -p coverage && echo covered > coverage/lcov.info',
          lint: 'echo linted',
        },
      }),
    },
    jobs: {
      'test (Node.js 20.x)': ['success', null],
      'test (Node.js 22.x)': ['failure', 'exit_code'],
      coverage: ['skipped', 'needs_failed'],
    },
    status: 'failure',
    look: {
      job: 'test (Node.js 22.x)',
      steps: [
        ['Set up job', 'success'],
        ['Run actions/checkout@v3', 'success'],
        ['Install Node.js 22.11', 'success'],
        ['Install npm module(s)', 'skipped'],
        ['List environment', 'success'],
        ['Run tests', 'failure'],
        ['Lint code', 'skipped'],
      ],
      log: [/\nnode@v22\.11\.0\n/, /##\[error\]Process completed with exit code 1\./],
    },
  },
  {
    name: 'like many sites: a build with a cache, whose files other jobs take, and a report on a standard output that is named',
    files: {
      '.github/workflows/site.yml': `name: site
on: { push: { branches: [main] } }
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - id: cache
        uses: actions/cache@v4
        with:
          path: |
            .cache
            ~/.site-tools
          key: \${{ runner.os }}-\${{ hashFiles('**/*.md') }}
          restore-keys: \${{ runner.os }}-
      - if: steps.cache.outputs.cache-hit != 'true'
        run: mkdir -p .cache ~/.site-tools && echo tool > ~/.site-tools/tool
      - run: mkdir -p public/deep && tr a-z A-Z < page.md | tee public/deep/page.html /dev/stderr
      - uses: actions/upload-artifact@v4
        with: { name: 'site-\${{ github.sha }}', path: public, if-no-files-found: error }
  check:
    needs: build
    runs-on: ubuntu-latest
    strategy: { matrix: { by: [size, text] } }
    steps:
      - uses: actions/download-artifact@v4
        with: { name: 'site-\${{ github.sha }}', path: site }
      - run: grep HELLO site/deep/page.html && echo "checked by \${{ matrix.by }}" > \${{ matrix.by }}.txt
      - uses: actions/upload-artifact@v4
        with: { name: 'report-\${{ matrix.by }}', path: '*.txt' }
  report:
    needs: check
    runs-on: ubuntu-latest
    steps:
      - uses: actions/download-artifact@v4
        with: { pattern: report-*, merge-multiple: true }
      - run: cat *.txt
`,
      'page.md': 'hello\n',
    },
    jobs: {
      build: ['success', null],
      'check (size)': ['success', null],
      'check (text)': ['success', null],
      report: ['success', null],
    },
    status: 'success',
    look: {
      job: 'report',
      steps: [
        ['Set up job', 'success'],
        ['Run actions/download-artifact@v4', 'success'],
        ['Run cat *.txt', 'success'],
      ],
      log: [/\nchecked by size\nchecked by text\n/],
    },
  },
];
