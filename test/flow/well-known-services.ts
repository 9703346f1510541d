import type { WellKnownProject } from './well-known.ts';

/** Asks a server for a line, until it is ready; `PING` is for Redis, stand-ins of other servers say something by themselves. */
const ask = `#!/bin/bash
for _ in {1..300}; do
  answer=$( (
    exec 3<> "/dev/tcp/$1/$2"
    [ $# -lt 3 ] || printf '%s\\r\\n\\r\\n' "$3" >&3
    head -n 1 <&3
  ) 2> /dev/null | tr -d '\\r')
  [ -z "$answer" ] || break
  sleep 0.1
done
echo "$answer"
`;
const asking = { 'bin/ask': ask };
/** What many projects write below `options`. */
const pgIsReady = `--health-cmd pg_isready
          --health-interval 10s
          --health-timeout 5s
          --health-retries 5`;
const redisPing = `--health-cmd "redis-cli ping"
          --health-interval 10s
          --health-timeout 5s
          --health-retries 5`;
const usual = (name: string): [string, string][] => [
  ['Set up job', 'success'],
  ['Initialize containers', 'success'],
  ['Checkout', 'success'],
  [name, 'success'],
  ['Stop containers', 'success'],
];

/** Workflows with services like those of well-known projects, on images that the tests make. */
export const wellKnownServices: readonly WellKnownProject[] = [
  {
    name: 'like laravel/framework for databases: a health check in quotes, a server without a password',
    files: {
      ...asking,
      '.github/workflows/databases.yml': `on: { push: { branches: [main, '*.x'] } }
jobs:
  mysql_84:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    services:
      mysql:
        image: mysql:8
        env:
          MYSQL_ALLOW_EMPTY_PASSWORD: yes
          MYSQL_DATABASE: laravel
        ports:
          - 3306:3306
        options: --health-cmd="mysqladmin ping" --health-interval=10s --health-timeout=5s --health-retries=3
    name: MySQL 8.4
    steps:
      - name: Checkout
        uses: actions/checkout@v5
        with: { persist-credentials: false }
      - name: Execute tests
        run: bash bin/ask 127.0.0.1 3306
        env: { DB_CONNECTION: mysql }
`,
    },
    jobs: { 'MySQL 8.4': ['success', null] },
    status: 'success',
    look: { job: 'MySQL 8.4', steps: usual('Execute tests'), log: [/\nstand-in 3306 \n/] },
  },
  {
    name: 'like laravel/framework for Redis: another entry point, a matrix of clients',
    files: {
      ...asking,
      '.github/workflows/redis.yml': `on: push
jobs:
  redis:
    runs-on: ubuntu-24.04
    services:
      redis:
        image: redis:7
        ports:
          - 6379:6379
        options: --entrypoint redis-server
    strategy:
      fail-fast: true
      matrix:
        client: ["phpredis", "predis"]
    name: Redis (\${{ matrix.client}}) Driver
    steps:
      - name: Checkout
        uses: actions/checkout@v5
      - name: Execute Cache tests
        run: bash bin/ask localhost 6379 PING; echo "by $REDIS_CLIENT"
        env:
          REDIS_CLIENT: \${{ matrix.client }}
`,
    },
    jobs: { 'Redis (phpredis) Driver': ['success', null], 'Redis (predis) Driver': ['success', null] },
    status: 'success',
    look: {
      job: 'Redis (predis) Driver',
      steps: usual('Execute Cache tests'),
      log: [/\n\+PONG\nby predis\n/, /Print service container logs: redis\n[\s\S]*Ready to accept connections/],
    },
  },
  {
    name: 'like laravel/framework for all: three servers, of which one has a port that is chosen for it',
    files: {
      ...asking,
      '.github/workflows/tests.yml': `on: push
jobs:
  linux_tests:
    runs-on: ubuntu-24.04
    services:
      memcached:
        image: memcached:1
        ports:
          - 11211:11211
      mysql:
        image: mysql:8
        env:
          MYSQL_ALLOW_EMPTY_PASSWORD: yes
          MYSQL_PASSWORD: forge
        ports:
          - 3306
        options: --health-cmd="mysqladmin ping" --health-interval=10s --health-timeout=5s --health-retries=3
      redis:
        image: redis:7
        ports:
          - 6379:6379
        options: --entrypoint redis-server
    steps:
      - name: Checkout
        uses: actions/checkout@v5
      - name: Execute tests
        run: bash bin/ask 127.0.0.1 $DB_PORT && bash bin/ask 127.0.0.1 6379 PING && bash bin/ask 127.0.0.1 11211
        env:
          DB_PORT: \${{ job.services.mysql.ports[3306] }}
`,
    },
    jobs: { linux_tests: ['success', null] },
    status: 'success',
    look: {
      job: 'linux_tests',
      steps: usual('Execute tests'),
      log: [/\nstand-in 3306 forge\n\+PONG\nstand-in 11211 \n/],
    },
  },
  {
    name: 'like django: a version of the image from the matrix',
    files: {
      ...asking,
      '.github/workflows/schedule_tests.yml': `on: push
permissions: { contents: read }
jobs:
  postgresql:
    strategy:
      fail-fast: false
      matrix:
        version: [12, 16]
        server_side_bindings: [0, 1]
        exclude: [{ version: 12, server_side_bindings: 1 }, { version: 16, server_side_bindings: 0 }]
    runs-on: ubuntu-latest
    name: PostgreSQL Versions
    env:
      SERVER_SIDE_BINDING: \${{ matrix.server_side_bindings }}
    services:
      postgres:
        image: postgres:\${{ matrix.version }}
        env:
          POSTGRES_DB: django
          POSTGRES_USER: user
          POSTGRES_PASSWORD: postgres
        ports:
          - 5432:5432
        options: >-
          ${pgIsReady}
    steps:
      - name: Checkout
        uses: actions/checkout@v5
        with: { persist-credentials: false }
      - name: Run tests
        working-directory: ./bin/
        run: bash ask localhost 5432; echo "bindings $SERVER_SIDE_BINDING"
`,
    },
    jobs: { 'PostgreSQL Versions (12, 0)': ['success', null], 'PostgreSQL Versions (16, 1)': ['success', null] },
    status: 'success',
    look: {
      job: 'PostgreSQL Versions (16, 1)',
      steps: usual('Run tests'),
      log: [/Service postgres: image docker\.io\/library\/postgres:16 /, /\nstand-in 5432 postgres\nbindings 1\n/],
    },
  },
  {
    name: 'like mastodon: one of two search servers by an expression, and health checks every ten milliseconds',
    files: {
      ...asking,
      '.github/workflows/test-ruby.yml': `on: push
jobs:
  test-search:
    runs-on: ubuntu-latest
    services:
      redis:
        image: redis:7
        options: >-
          --health-cmd "redis-cli ping"
          --health-interval 10ms
          --health-timeout 3s
          --health-retries 50
        ports:
          - 6379:6379
      elasticsearch:
        image: \${{ contains(matrix.search-image, 'elasticsearch') && matrix.search-image || '' }}
        env:
          discovery.type: single-node
          xpack.security.enabled: false
        options: >-
          --health-cmd "curl http://localhost:80/_cluster/health"
          --health-interval 2s
          --health-timeout 3s
          --health-retries 50
        ports:
          - 9200:80
      opensearch:
        image: \${{ contains(matrix.search-image, 'opensearch') && matrix.search-image || '' }}
        env:
          discovery.type: single-node
          DISABLE_SECURITY_PLUGIN: true
        options: >-
          --health-cmd "curl http://localhost:80/_cluster/health"
          --health-interval 2s
          --health-timeout 3s
          --health-retries 50
        ports:
          - 9200:80
    env:
      ES_HOST: localhost
      ES_PORT: 9200
    strategy:
      fail-fast: false
      matrix:
        search-image:
          - docker.elastic.co/elasticsearch/elasticsearch:8
        include:
          - search-image: opensearchproject/opensearch:2
    steps:
      - name: Checkout
        uses: actions/checkout@v6
      - name: Search
        run: bash bin/ask $ES_HOST $ES_PORT 'GET / HTTP/1.0'
`,
    },
    jobs: {
      'test-search (docker.elastic.co/elasticsearch/elasticsearch:8)': ['success', null],
      'test-search (opensearchproject/opensearch:2)': ['success', null],
    },
    status: 'success',
    look: {
      job: 'test-search (opensearchproject/opensearch:2)',
      steps: usual('Search'),
      log: [/The service 'elasticsearch' will not be started/, /\nHTTP\/1/],
    },
  },
  {
    name: 'like gitea: a name with dots, numbers as variables, low ports, and a file system in memory',
    files: {
      ...asking,
      '.github/workflows/pull-db-tests.yml': `on: push
jobs:
  test-mysql:
    runs-on: ubuntu-latest
    services:
      mysql:
        image: mysql:8
        env:
          ALLOW_EMPTY_PASSWORD: true
          MYSQL_PASSWORD: 12345678
        ports:
          - "3306:3306"
        options: >-
          --mount type=tmpfs,destination=/bitnami/mysql/data
      smtpimap:
        image: memcached:1
        ports:
          - "25:11211"
          - "143:11211"
      devstoreaccount1.azurite.local: # a name with dots
        image: nginx:latest
        ports:
          - 10000:80
    steps:
      - name: Checkout
        uses: actions/checkout@v4
      - name: run tests
        run: |
          for port in 3306 25 143; do bash bin/ask localhost $port; done
          bash bin/ask localhost \${{ job.services['devstoreaccount1.azurite.local'].ports[80] }} 'GET / HTTP/1.0'
`,
    },
    jobs: { 'test-mysql': ['success', null] },
    status: 'success',
    look: {
      job: 'test-mysql',
      steps: usual('run tests'),
      log: [/\nstand-in 3306 12345678\nstand-in 11211 \nstand-in 11211 \nHTTP\/1/],
    },
  },
  {
    name: 'like undici: a job in a container, whose service has folders of the workspace and a name of its own',
    files: {
      'test/autobahn/config/server.json': '{}',
      '.github/workflows/autobahn.yml': `on: push
jobs:
  autobahn:
    name: Autobahn Test Suite
    runs-on: ubuntu-latest
    container: node:20
    services:
      fuzzingserver:
        image: nginx:latest
        ports:
          - '9001:9001'
        options: --name fuzzing
        volumes:
          - \${{ github.workspace }}/test/autobahn/config:/config
          - \${{ github.workspace }}/test/autobahn/reports:/www/reports
    steps:
      - name: Checkout
        uses: actions/checkout@v6
        with:
          persist-credentials: false
          clean: false
      - name: Run Autobahn Test Suite
        run: echo passed > test/autobahn/reports/index.html && curl http://fuzzing:80/reports/index.html
        env:
          FUZZING_SERVER_URL: ws://fuzzingserver:9001
`,
    },
    jobs: { 'Autobahn Test Suite': ['success', null] },
    status: 'success',
    look: { job: 'Autobahn Test Suite', steps: usual('Run Autobahn Test Suite'), log: [/\npassed\n/] },
  },
  {
    name: 'like sidekiq: a matrix with one Redis for each job',
    files: {
      ...asking,
      '.github/workflows/ci.yml': `on: { push: { branches: [main] } }
jobs:
  test:
    runs-on: ubuntu-latest
    strategy:
      fail-fast: false
      matrix:
        ruby: ["3.2", "3.4"]
    services:
      redis:
        image: redis:7
        options: >-
          ${redisPing}
        ports:
          - 6379:6379
    steps:
    - name: Checkout
      uses: actions/checkout@v4
    - name: Run tests
      run: bash bin/ask localhost 6379 'SET by \${{ matrix.ruby }} NX' && bash bin/ask localhost 6379 'INCR jobs'
`,
    },
    jobs: { 'test (3.2)': ['success', null], 'test (3.4)': ['success', null] },
    status: 'success',
    look: { job: 'test (3.4)', steps: usual('Run tests'), log: [/\n\+OK\n:1\n/] },
  },
  {
    name: 'like EF Core: a health check that uses a password of the service, after a time to start',
    files: {
      ...asking,
      '.github/workflows/Build.yml': `on: push
jobs:
  SqlServer:
    runs-on: ubuntu-24.04
    strategy: { matrix: { sqlserver_version: [16] } }
    env:
      MSSQL_SA_PASSWORD: 'PLACEHOLDERPass$$w0rd'
    services:
      mssql:
        image: postgres:\${{ matrix.sqlserver_version }}
        env:
          ACCEPT_EULA: Y
          POSTGRES_PASSWORD: \${{ env.MSSQL_SA_PASSWORD }}
        ports:
          - 1433:5432
        options: >-
          --health-cmd="pg_isready && test "$POSTGRES_PASSWORD" = 'PLACEHOLDERPass$$w0rd' -a 'SELECT 1' != ''"
          --health-start-period=20s
          --health-interval=2s
          --health-retries=30
          --health-timeout=5s
    steps:
      - name: Checkout
        uses: actions/checkout@v5
      - name: Test on SQL Server
        run: bash bin/ask localhost 1433
`,
    },
    jobs: { 'SqlServer (16)': ['success', null] },
    status: 'success',
    look: {
      job: 'SqlServer (16)',
      steps: usual('Test on SQL Server'),
      log: [/\nstand-in 5432 PLACEHOLDERPass\$\$w0rd\n/],
    },
  },
  {
    name: 'like actions/checkout: a job that reaches the world through a proxy beside it alone',
    files: {
      '.github/workflows/test.yml': `on: push
jobs:
  test-proxy:
    runs-on: ubuntu-latest
    container:
      image: ubuntu:latest
      options: --dns 127.0.0.1
    services:
      squid-proxy:
        image: nginx:latest
        ports:
          - 3128:3128
    steps:
      - name: Checkout
        uses: actions/checkout@v6
      - name: Verify basic
        run: curl http://\${{ job.services.squid-proxy.id && 'squid-proxy' }}:80
`,
    },
    jobs: { 'test-proxy': ['success', null] },
    status: 'success',
    look: { job: 'test-proxy', steps: usual('Verify basic'), log: [/\nWelcome to nginx\n/] },
  },
  {
    name: 'like cosign: a service that asks for a capability, which Volt refuses by name',
    files: {
      '.github/workflows/e2e-tests.yml': `on: push
jobs:
  e2e-kms:
    runs-on: ubuntu-latest
    services:
      vault:
        image: postgres:16
        options: >-
          --cap-add=IPC_LOCK
          --health-cmd "pg_isready"
          --health-interval 1s
          --restart always
        ports:
          - 8200:8200
    steps: [{ run: echo ran }]
  e2e:
    runs-on: ubuntu-latest
    services:
      vault:
        image: postgres:16
        options: >-
          --health-cmd "pg_isready"
          --health-interval 1s
          --restart always
        ports:
          - 8200:8200
    steps: [{ name: Checkout, run: echo out }, { name: test, run: echo ran }]
`,
    },
    jobs: { 'e2e-kms': ['error', 'unsupported'], e2e: ['success', null] },
    status: 'error',
    look: { job: 'e2e', steps: usual('test'), log: [/\nran\n/] },
  },
];
