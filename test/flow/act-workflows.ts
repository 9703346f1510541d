/**
 * Workflows like those by which act (github.com/nektos/act, pkg/runner/testdata) tests containers, services and docker actions:
 * with the same keys and the same questions to the environment, on images that the tests make.
 *
 * Rows of act that are not here, and why:
 * - issue-141 makes a cluster with KinD, which needs a registry and a privileged container.
 * - shells/python and shells/pwsh in a container need images with Python and PowerShell.
 * - job-container-invalid-credentials expects an error that GitHub does not have: without a password, credentials are not used.
 * - remote-action-docker-new-cache is remote-action-docker with another cache of act.
 * - checkout has an image that is not to be had, which Volt tries to get several times; job-container.test.ts has such a job.
 * - container-volumes mounts a file of the machine, which Volt refuses by name.
 */
export interface ActWorkflow {
  /** of act's folder */
  name: string;
  /** the workflow */
  workflow: string;
  /** further files of the repository */
  files?: Record<string, string>;
  /** statuses of the jobs, by name; all succeed by default */
  jobs?: { [name: string]: [status: string, reason: string] };
  /** in the logs of all jobs */
  log?: RegExp[];
}

const greeting =
  '#!/bin/sh -l\necho "Hello $1"\necho "::set-output name=time::$(date)"\necho "whoami=$WHOAMI" >> "$GITHUB_OUTPUT"\necho "SOMEVAR=$1" >> "$GITHUB_ENV"\n';
const greets = (args: string) => `name: Hello World
inputs: { who-to-greet: { required: true, default: World } }
outputs: { time: { description: when } }
runs:
  using: docker
  image: Dockerfile
  env:
    WHOAMI: \${{ inputs.who-to-greet }}
${args}`;
const greeter =
  'FROM node:16-buster-slim\nCOPY --chmod=755 entrypoint.sh /entrypoint.sh\nENTRYPOINT ["/entrypoint.sh"]\n';
const localActions = {
  'actions/docker-local/action.yml': greets('  args:\n    - ${{ inputs.who-to-greet }}\n'),
  'actions/docker-local/Dockerfile': greeter,
  'actions/docker-local/entrypoint.sh': greeting,
  'actions/docker-local-noargs/action.yml': greets(''),
  'actions/docker-local-noargs/Dockerfile': greeter,
  'actions/docker-local-noargs/entrypoint.sh': greeting,
  'localdockerimagetest_/Dockerfile': 'FROM ubuntu:latest\nCMD echo Hello\n',
};
const action1 = {
  'actions/action1/action.yml': 'name: action1\nruns: { using: docker, image: Dockerfile }\n',
  'actions/action1/Dockerfile': 'FROM ubuntu:18.04\n',
};
const dockerUrl = {
  'actions/docker-url/action.yml': `name: docker-url
inputs: { who-to-greet: { required: true, default: World } }
runs:
  using: docker
  image: docker://node:16-buster-slim
  entrypoint: /bin/sh -c
  env: { TEST: enabled }
  args: [env]
`,
};
const checked = `#!/bin/sh
for name in GITHUB_ACTION GITHUB_ACTION_REPOSITORY GITHUB_ACTION_REF; do
  env | grep "^$name=" || { echo "Missing environment variable: $name"; exit 1; }
done
[ -n "$GITHUB_ACTION" ]
`;
const checks = 'FROM alpine:3\nCOPY --chmod=755 entrypoint.sh /entrypoint.sh\nENTRYPOINT ["/entrypoint.sh"]\n';

/** Actions of other repositories: their names and files. */
export const actActions: Readonly<Record<string, Record<string, string>>> = {
  'actions/hello-world-docker-action': {
    'action.yml': greets('  args:\n    - ${{ inputs.who-to-greet }}\n'),
    Dockerfile: greeter,
    'entrypoint.sh': greeting,
  },
  'actions/hello-world-javascript-action': {
    'action.yml': 'inputs: { who-to-greet: { default: World } }\nruns: { using: node20, main: index.js }\n',
    'index.js': "console.log('Hello ' + process.env['INPUT_WHO-TO-GREET']);\n",
  },
  'nektos/act-test-actions': {
    'js/action.yml': 'runs: { using: node20, main: index.js }\n',
    'js/index.js': "if (!process.env.GITHUB_ACTION_REPOSITORY) throw new Error('no repository');\n",
    'docker/action.yml': 'runs: { using: docker, image: Dockerfile }\n',
    'docker/Dockerfile': checks,
    'docker/entrypoint.sh': checked,
    'docker-file/Dockerfile': checks,
    'docker-file/entrypoint.sh': checked,
    'docker-relative-context/action/action.yml': 'runs: { using: docker, image: ../Dockerfile }\n',
    'docker-relative-context/Dockerfile': checks,
    'docker-relative-context/entrypoint.sh': checked,
  },
};

const postgres = (image: string) => `services:
      postgres:
        image: ${image}
        env:
          POSTGRES_USER: runner
          POSTGRES_PASSWORD: mysecretdbpass
          POSTGRES_DB: mydb
        options: >-
          --health-cmd pg_isready
          --health-interval 10s
          --health-timeout 5s
          --health-retries 5
        ports:
          - 5432:5432
    steps:
      - name: Echo the Postgres service ID / Network / Ports
        run: |
          echo "id: \${{ job.services.postgres.id }}"
          echo "network: \${{ job.services.postgres.network }}"
          echo "ports: \${{ job.services.postgres.ports[5432] }}"
`;
const job = (lines: string) => `on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    ${lines.trim()}\n`;
const shellTest = (shell: string, container: string, condition: string) => `on: push
env: { MY_SHELL: ${shell} }
jobs:
  check:
    runs-on: ubuntu-latest
    steps: [{ shell: ${shell}, run: '${condition}' }]
  check-container:
    runs-on: ubuntu-latest
    container: ${container}
    steps: [{ shell: ${shell}, run: '${condition}' }]
  check-job-default:
    runs-on: ubuntu-latest
    defaults: { run: { shell: '\${{ env.MY_SHELL }}' } }
    steps: [{ run: '${condition}' }]
`;

export const actWorkflows: readonly ActWorkflow[] = [
  {
    name: 'job-container',
    workflow: `on: push
jobs:
  test:
    runs-on: ubuntu-latest
    container:
      image: node:16-buster-slim
      env:
        TEST_ENV: test-value
    steps:
      - run: echo \${TEST_ENV} | grep test-value
  test2:
    runs-on: ubuntu-latest
    container: node:16-buster-slim
    steps:
      - run: echo \${TEST_ENV} | grep test-value
        env:
          TEST_ENV: test-value
`,
  },
  {
    name: 'fail, in a container',
    workflow: job('container: node:16-buster-slim\n    steps: [{ run: echo bye }, { run: exit 1 }]'),
    jobs: { test: ['failure', 'exit_code'] },
  },
  {
    name: 'job-container-non-root',
    workflow: job(
      'container:\n      image: catthehacker/ubuntu:runner-latest\n    steps: [{ run: "test $(id -un) = runner && echo PASS" }]',
    ),
    log: [/\nPASS\n/],
  },
  {
    name: 'container-hostname',
    workflow: `on: push
defaults: { run: { shell: bash } }
jobs:
  with-hostname:
    runs-on: ubuntu-latest
    container:
      image: node:16-buster-slim
      options: "--hostname my.host.local --user 100:101"
    steps:
      - run: '[[ "$(id -u)" == "100" ]] && [[ "$(id -g)" == "101" ]] && [[ "$(uname -n)" == "my.host.local" ]]'
  default-hostname:
    runs-on: ubuntu-latest
    container:
      image: node:16-buster-slim
    steps:
      - run: '[[ "$(id -u)" == "0" ]] && [[ "$(id -g)" == "0" ]] && [[ $(uname -n) ]] && [[ "$(uname -n)" != "my.host.local" ]]'
`,
  },
  {
    name: 'remote-action-js-node-user',
    workflow: job(`container:
      image: node:16-buster-slim
      options: --user node
    steps:
      - name: check permissions of env files
        id: test
        run: |
          [[ "$(id -un)" = "node" ]]
          echo "TEST=Value" >> $GITHUB_OUTPUT
        shell: bash
      - name: check if file command worked
        if: steps.test.outputs.test != 'Value'
        run: exit 1
      - uses: actions/hello-world-javascript-action@v1
        with:
          who-to-greet: 'Mona the Octocat'`),
    log: [/\nHello Mona the Octocat\n/],
  },
  {
    name: 'services',
    workflow: job(postgres('postgres:12')),
    log: [/id: [0-9a-f]{64}\nnetwork: volt\w+\nports: 5432\n/],
  },
  {
    name: 'services-empty-image',
    workflow: job(postgres("${{ false || '' }}")),
    log: [/'postgres' will not be started because[\s\S]*\nid: \nnetwork: \nports: \n/],
  },
  {
    name: 'services-host-network',
    workflow: job(`services:
      nginx:
        image: "nginx:latest"
        ports:
          - "8080:80"
    steps:
      - run: |
          ask() { exec 3<> /dev/tcp/localhost/8080 && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && cat <&3; }
          until (ask) | grep Welcome; do sleep 0.1; done`),
    log: [/\nWelcome to nginx\n/],
  },
  {
    name: 'services-with-container',
    workflow: job(`container:
      image: "ubuntu:latest"
    services:
      nginx:
        image: "nginx:latest"
        ports:
          - "8080:80"
    steps:
      - run: apt-get -qq update && apt-get -yqq install --no-install-recommends curl
      - run: curl -v http://nginx:80`),
    log: [/\nWelcome to nginx\n/],
  },
  {
    name: 'mysql-service-container-with-health-check',
    workflow: job(`container: mysql:8
    services:
      maindb:
        image: mysql:8
        env:
          MYSQL_DATABASE: dbname
          MYSQL_USER: dbuser
          MYSQL_PASSWORD: dbpass
          MYSQL_RANDOM_ROOT_PASSWORD: yes
        options: --health-cmd="mysqladmin ping" --health-interval=10s --health-timeout=5s --health-retries=3
    steps:
    - run: mysql -u dbuser -D dbname -pdbpass -h maindb -e "select * from T"`),
    log: [/\nstand-in 3306 dbpass\nselect \* from T\n/],
  },
  {
    name: 'local-action-docker-url, whose entry point is one program, as on GitHub',
    workflow: job('steps: [{ uses: actions/checkout@v2 }, { uses: ./actions/docker-url }]'),
    files: dockerUrl,
    jobs: { test: ['failure', 'exit_code'] },
  },
  {
    name: 'local-action-dockerfile',
    workflow: `on: push
defaults: { run: { shell: bash } }
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
    - uses: actions/checkout@v2
    - uses: ./actions/docker-local
      id: dockerlocal
      with:
        who-to-greet: 'Mona the Octocat'
    - run: '[[ "\${{ env.SOMEVAR }}" == "Mona the Octocat" ]]'
    - run: '[ "\${SOMEVAR}" = "Not Mona" ] || exit 1'
      env:
        SOMEVAR: 'Not Mona'
    - run: '[[ "\${{ steps.dockerlocal.outputs.whoami }}" == "Mona the Octocat" ]]'
    # Test if overriding args doesn't leak inputs
    - uses: ./actions/docker-local-noargs
      with:
        args: \${{format('"{0}"', 'Mona is not the Octocat') }}
        who-to-greet: 'Mona the Octocat'
    - run: '[[ "\${{ env.SOMEVAR }}" == "Mona is not the Octocat" ]]'
    - uses: ./localdockerimagetest_
`,
    files: localActions,
  },
  {
    name: 'local-action-via-composite-dockerfile',
    workflow: job('steps: [{ uses: actions/checkout@v2 }, { uses: ./composite/action }]'),
    files: {
      ...localActions,
      'composite/action/action.yml': `inputs:
  who-to-greet:
    default: 'Mona the Octocat'
runs:
  using: composite
  steps:
  - run: stat $GITHUB_ACTION_PATH/action.yml && [[ "$GITHUB_ACTION_REPOSITORY" == "" ]] && [[ "$GITHUB_ACTION_REF" == "" ]]
    shell: bash
  - uses: ./actions/docker-local
    id: dockerlocal
    with:
      who-to-greet: \${{inputs.who-to-greet}}
  - run: '[[ "\${{ env.SOMEVAR }}" == "\${{inputs.who-to-greet}}" ]]'
    shell: bash
  - run: '[[ "\${{ steps.dockerlocal.outputs.whoami }}" == "\${{inputs.who-to-greet}}" ]]'
    shell: bash
  - uses: ./actions/docker-local-noargs
    with:
      args: \${{format('"{0}"', 'Mona is not the Octocat') }}
      who-to-greet: \${{inputs.who-to-greet}}
  - run: '[[ "\${{ env.SOMEVAR }}" == "Mona is not the Octocat" ]]'
    shell: bash
  - uses: ./localdockerimagetest_
  # Also test a remote docker action here
  - uses: actions/hello-world-docker-action@v1
    with:
      who-to-greet: 'Mona the Octocat'
  - run: stat $GITHUB_ACTION_PATH/action.yml && [[ "$GITHUB_ACTION_REPOSITORY" == "" ]] && [[ "$GITHUB_ACTION_REF" == "" ]]
    shell: bash
`,
    },
  },
  {
    name: 'uses-docker-url',
    workflow: job(`steps:
      - uses: docker://node:16-buster-slim
        with:
          somekey: somevalue
          args: echo \${INPUT_SOMEKEY} | grep somevalue
      - uses: docker://node:16-buster-slim
        with:
          args: -v
      - uses: docker://node:16-buster-slim
        with:
          entrypoint: /bin/sh
          args: -c -- uname -a
      - uses: docker://node:16-buster-slim
        with:
          entrypoint: /bin/sh
          args: -c 'uname -a'`),
    log: [/\n\$\{INPUT_SOMEKEY\} \| grep somevalue\n[\s\S]*\nv16\.0\.0 -v\n[\s\S]*\nLinux\n[\s\S]*\nLinux \w/],
  },
  {
    name: 'basic',
    workflow: `on: push
env: { TEST: value }
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - run: '[[ "$(pwd)" == "\${GITHUB_WORKSPACE}" ]]'
      - run: echo \${{ env.TEST }} | grep value
      - uses: docker://node:16-buster-slim
        with:
          somekey: \${{ env.TEST }}
          args: echo \${INPUT_SOMEKEY} | grep somevalue
  build:
    runs-on: ubuntu-latest
    needs: [check]
    steps:
      - uses: actions/checkout@v2
      - uses: ./actions/action1
        with:
          args: echo 'build'
  test:
    runs-on: ubuntu-latest
    needs: [build]
    steps:
      - uses: docker://node:16-buster-slim
        with:
          args: env
      - uses: docker://node:16-buster-slim
        with:
          entrypoint: /bin/echo
          args: \${{github.event_name}}
`,
    files: action1,
    log: [/\nbuild\n/, /\nGITHUB_WORKSPACE=\/github\/workspace\n/, /\npush\n/],
  },
  {
    name: 'parallel, without its step that fails on GitHub',
    workflow: `on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v2
      - uses: ./actions/action1
        with:
          args: echo 'build'
      - uses: actions/hello-world-javascript-action@master
        with:
          who-to-greet: 'Mona the Octocat'
  test1:
    runs-on: ubuntu-latest
    needs: [build]
    steps:
      - uses: docker://node:16-buster-slim
        with:
          args: echo \${GITHUB_REF} | grep nektos/act
  test2:
    runs-on: ubuntu-latest
    needs: [build]
    steps:
      - run: echo hello
      - run: echo world
`,
    files: action1,
  },
  {
    name: 'remote-action-docker, and issue-104',
    workflow: job(`steps:
      - name: hello
        uses: actions/hello-world-docker-action@v1
        with:
          who-to-greet: 'Mona the Octocat'`),
    log: [/\nHello Mona the Octocat\n/],
  },
  {
    name: 'actions-environment-and-context-tests',
    workflow: job(`steps:
      - uses: actions/checkout@v3
      - uses: './docker'
      - uses: 'nektos/act-test-actions/js@main'
      - uses: 'nektos/act-test-actions/docker@main'
      - uses: 'nektos/act-test-actions/docker-file@main'`),
    files: {
      'docker/action.yml': 'runs: { using: docker, image: Dockerfile }\n',
      'docker/Dockerfile': checks,
      'docker/entrypoint.sh': checked,
    },
    log: [
      /\nGITHUB_ACTION_REPOSITORY=\n/,
      /\nGITHUB_ACTION_REPOSITORY=nektos\/act-test-actions\nGITHUB_ACTION_REF=main\n/,
    ],
  },
  {
    name: 'docker-relative-context of act-test-actions',
    workflow: job("steps: [{ uses: 'nektos/act-test-actions/docker-relative-context/action@main' }]"),
  },
  {
    name: 'docker-action-custom-path',
    workflow: job(`steps:
    - run: |
        FROM ubuntu:latest
        ENV PATH="/opt/texlive/texdir/bin/x86_64-linuxmusl:\${PATH}"
        ENV ORG_PATH="\${PATH}"
        ENTRYPOINT [ "bash", "-c", "echo \\"PATH=$PATH\\" && echo \\"ORG_PATH=$ORG_PATH\\" && [[ \\"$PATH\\" = \\"$ORG_PATH\\" ]]" ]
      shell: mv {0} Dockerfile
    - uses: ./`),
    log: [/\nPATH=\/opt\/texlive\/texdir\/bin\/x86_64-linuxmusl:/],
  },
  {
    name: 'docker-action-host-env',
    workflow: `on: [push]
jobs:
  hello_world_job:
    runs-on: self-hosted
    steps:
      - name: Checkout code
        uses: actions/checkout@v4
      - name: Run Hello World Docker Action
        uses: ./action
        with:
          who-to-greet: "GitHub"
`,
    files: {
      'action/action.yml':
        "inputs: { who-to-greet: { default: World } }\nruns: { using: docker, image: Dockerfile, args: ['${{ inputs.who-to-greet }}'] }\n",
      'action/Dockerfile': `FROM debian:bullseye-slim
RUN apt-get update && apt-get install -y \\
    curl \\
    && apt-get clean
COPY entrypoint.sh /entrypoint.sh
RUN chmod +x /entrypoint.sh
ENTRYPOINT ["/entrypoint.sh"]
`,
      'action/entrypoint.sh':
        '#!/bin/bash\nset -e\necho "Hello, $1!"\n[[ "$PWD" = /github/workspace ]]\nls -la "$PWD/action"\n[ -f "$PWD/action/Dockerfile" ]\n',
    },
    log: [/\nHello, GitHub!\n/],
  },
  {
    name: 'shells/defaults',
    workflow: `on: push
jobs:
  check:
    runs-on: ubuntu-latest
    steps: [{ run: '[[ -n "$BASH" ]]' }]
  check-container:
    runs-on: ubuntu-latest
    container: alpine:latest
    steps: [{ run: '[ -z \${BASH+x} ]' }]
`,
  },
  { name: 'shells/bash', workflow: shellTest('bash', 'node:16-buster-slim', '[[ -n "$BASH" ]]') },
  { name: 'shells/sh', workflow: shellTest('sh', 'alpine:latest', '[ -z ${BASH+x} ]') },
];
