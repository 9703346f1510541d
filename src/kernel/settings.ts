import { z } from 'zod';
import { parseNetworkPolicy } from './network-policy.ts';
import { hideCredentials } from './urls.ts';

/** Repositories of actions that Volt can do by itself, see job/actions/served.ts. */
const knownActions = ['actions/checkout', 'actions/cache', 'actions/upload-artifact', 'actions/download-artifact'];

/**
 * Every setting that the environment may carry; `about` is what people read of it. `.env.example` and
 * docs/configuration.md are made of this table by `npm run docs`, and a test keeps them equal. A command's own flag,
 * where there is one, goes before the environment.
 */
export const settings = [
  {
    env: 'VOLT_REDIS_URL',
    key: 'redisUrl',
    schema: z.string().optional(),
    about:
      'Address of Redis, as redis://[user:password@]host[:port][/db], rediss://...[?ca=path][&cert=path&key=path] (TLS, with PEM files of your own), redis+sentinel://[user:password@]host:port[,host:port...]/name, or redis+unix://[user:password@]/path. Default: `volt up` starts a server of its own.',
  },
  {
    env: 'VOLT_REDIS_PASSWORD',
    key: 'redisPassword',
    schema: z.string().optional(),
    about: 'Password of the Redis that VOLT_REDIS_URL names, where that has none.',
  },
  {
    env: 'VOLT_REDIS_BIND',
    key: 'redisBind',
    schema: z.string().min(1).optional(),
    about:
      'Address that the Redis of `volt up` listens on, and loopback beside it; 0.0.0.0 lets runners on other machines join. Default: none, only a socket in the data directory.',
  },
  {
    env: 'VOLT_REDIS_PORT',
    key: 'redisPort',
    schema: z.coerce.number().int().min(1).max(65_535).optional(),
    about:
      'Port that the Redis of `volt up` listens on where VOLT_REDIS_BIND is set. Default: a free one, which it keeps for later starts.',
  },
  {
    env: 'VOLT_REDIS_PREFIX',
    key: 'redisPrefix',
    schema: z
      .string()
      .regex(/^[a-z0-9-]{1,32}$/)
      .default('volt'),
    about: 'What all keys in Redis begin with (1 to 32 of a-z, 0-9, "-"), so that several Volts can share one server.',
  },
  {
    env: 'VOLT_RUNNER_KEY',
    key: 'runnerKey',
    schema: z.string().optional(),
    about:
      'What a runner on another machine signs its words with, as `volt runner-key add` prints it. Default: a key of its own in the data directory, which the dispatcher and the reporter know where they share that.',
  },
  {
    env: 'VOLT_RUNNER_REPOS',
    key: 'runnerRepos',
    schema: z.string().default(''),
    about:
      'Repositories that a runner is kept for, as names with "*" for anything and "," between them: it gets no jobs of others. Default: all that its key is good for.',
  },
  {
    env: 'VOLT_DATABASE_URL',
    key: 'databaseUrl',
    schema: z.string().optional(),
    about:
      'Where builds are recorded: sqlite:<path>, or postgres://user[:password]@host[:port]/database; without a password, ~/.pgpass is asked. Options after "?": sslmode (disable, the default, require, verify-ca, verify-full), sslrootcert, sslcert, sslkey (files), host (folder of a Unix socket). Default: volt.db in the data directory.',
  },
  {
    env: 'VOLT_DATABASE_POOL',
    key: 'databasePool',
    schema: z.coerce.number().int().min(2).max(100).default(5),
    about: 'How many connections to PostgreSQL each process may have (2 to 100); the server must allow them all.',
  },
  {
    env: 'VOLT_DATABASE_PASSWORD',
    key: 'databasePassword',
    schema: z.string().optional(),
    about: 'Password of the database server that VOLT_DATABASE_URL names, where that has none.',
  },
  {
    env: 'VOLT_DATA_DIR',
    key: 'dataDir',
    schema: z.string().default('.volt'),
    about:
      'The data directory: record, token, mirrors, logs, test_results. A relative path begins at the working directory.',
  },
  {
    env: 'VOLT_HTTP_HOST',
    key: 'httpHost',
    schema: z.string().default('127.0.0.1'),
    about: 'Address that the dashboard and the API listen on. On anything but loopback, put TLS in front.',
  },
  {
    env: 'VOLT_HTTP_PORT',
    key: 'httpPort',
    schema: z.coerce.number().int().min(0).max(65535).default(8420),
    about: 'Port that the dashboard and the API listen on; 0 for any free one.',
  },
  {
    env: 'VOLT_URL',
    key: 'url',
    schema: z.url().optional(),
    about:
      'The address that people use, as https://ci.example.org: which Volt the commands (builds, logs, trigger, ...) talk to, and what the web stage is called. Where it is not of this machine, browsers sign in there, a proxy on this machine is believed about whom it serves, and nobody counts as being on this machine. Default for the commands: the one that uses the data directory.',
  },
  {
    env: 'VOLT_TOKEN',
    key: 'token',
    schema: z.string().min(16).optional(),
    about:
      'The main token, good for everything, at least 16 characters; the commands send it. Default: the one in the file `token` of the data directory, made at the first start. `volt token add` makes others.',
  },
  {
    env: 'VOLT_READING',
    key: 'reading',
    schema: z.enum(['local', 'public', 'token']).default('local'),
    about:
      'Who may read dashboard and API without a token: whoever is on the same machine (local), everybody who reaches the address (public; the metrics and what concerns secrets stay closed to them), or nobody (token). Where VOLT_URL names another place than this machine, local is as token.',
  },
  {
    env: 'VOLT_SECRETS_KEY_FILE',
    key: 'secretsKeyFile',
    schema: z.string().optional(),
    about:
      'File with the key that secrets in the record are encrypted with: 64 hexadecimal digits, see docs/secrets.md. Default: `secrets.key` in the data directory, made with the first secret.',
  },
  {
    env: 'VOLT_LOG_LEVEL',
    key: 'logLevel',
    schema: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
    about: 'How much the stages log to standard error. `volt up` shows "warn" unless told otherwise.',
  },
  {
    env: 'VOLT_HEALTH_FILE',
    key: 'healthFile',
    schema: z.string().optional(),
    about:
      'File that each stage touches with every heartbeat that Redis confirms, once a second, for health checks. Default: none.',
  },
  {
    env: 'VOLT_LOG_FORMAT',
    key: 'logFormat',
    schema: z.enum(['text', 'json']).default('text'),
    about: 'How the stages log: lines for people, or one JSON object a line for programs.',
  },
  {
    env: 'VOLT_ISOLATION',
    key: 'isolation',
    schema: z.enum(['auto', 'none', 'user', 'sandbox']).default('auto'),
    about:
      'How far jobs are kept apart from the machine, see docs/isolation.md: `sandbox` (bubblewrap: they see the system read-only and nothing of Volt), `user` (another user id; needs root), `none` (they have the rights of the user who runs the runner). `auto` is sandbox where that works, else none with a notice; a runner that is root then builds no repository with a URL.',
  },
  {
    env: 'VOLT_JOB_USER',
    key: 'jobUser',
    schema: z.string().min(1).optional(),
    about:
      'User whom jobs run as under the isolation `sandbox`, where the runner is root; a name or a number. Default: the default branch and tags of each repository, and each of its other refs, have an unused number (60578 to 61183) of their own. With `user`, where nothing else keeps jobs apart, it is refused.',
  },
  {
    env: 'VOLT_JOB_VARIABLES',
    key: 'jobVariables',
    schema: z
      .string()
      .regex(
        /^\s*(?!VOLT_)[A-Za-z_][A-Za-z0-9_]*(\s*,\s*(?!VOLT_)[A-Za-z_][A-Za-z0-9_]*)*\s*$/,
        "must be names of variables with commas between them, and none of Volt's own",
      )
      .optional(),
    about:
      "Names of further variables of the runner's environment that all jobs get, with commas between them, whatever ref they are of. Proxies (http_proxy and the like; with their passwords only jobs of trusted refs) and certificates (NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, SSL_CERT_DIR, CURL_CA_BUNDLE, REQUESTS_CA_BUNDLE and the like) they get without.",
  },
  {
    env: 'VOLT_SANDBOX_PATHS',
    key: 'sandboxPaths',
    schema: z
      .string()
      .regex(/^\/[^:]*(:\/[^:]*)*$/, 'must be absolute paths, separated by ":"')
      .optional(),
    about:
      'Further files and folders that jobs in a sandbox may read, as absolute paths with ":" between them. Without, they see /usr, /etc, /opt and the like, and the folders of the search path.',
  },
  {
    env: 'VOLT_SANDBOX_NETWORK',
    key: 'sandboxNetwork',
    schema: z
      .string()
      .refine((text) => parseNetworkPolicy(text) !== undefined, {
        error: 'must be on, off, or a list of hosts such as registry.npmjs.org,example.org:443',
      })
      .default('on'),
    about:
      'What jobs that are kept apart, and Volt on their word, may reach: `on` (the internet, and for trusted refs private networks; never this machine), `off` (a loopback of their own alone), or a list of hosts with commas between them, each a name or an address ("[…]" around one of IPv6), with `:port` where only that is meant. See docs/isolation.md.',
  },
  {
    env: 'VOLT_SHARE_CREDENTIAL',
    key: 'shareCredential',
    schema: z.enum(['on', 'off']).default('off'),
    about:
      'Whether jobs of trusted refs fetch what a commit names (submodules, other repositories, actions) from the server of their repository with its credential. Whoever may push to such a ref can read then all that the credential can.',
  },
  {
    env: 'VOLT_MACHINE_CREDENTIALS',
    key: 'machineCredentials',
    schema: z.string().default(''),
    about:
      "What jobs of trusted refs fetch on a commit's word with the credential helpers, keys and configuration of the runner's user: hosts, each with a path behind it where only that is meant, with commas between them, such as git.example.org/team,github.com/acme. Default: nothing.",
  },
  {
    env: 'VOLT_NEIGHBOURS',
    key: 'neighbours',
    schema: z
      .string()
      .regex(/^\/[^:]*(:\/[^:]*)*$/, 'must be absolute paths, separated by ":"')
      .optional(),
    about:
      'Folders of this machine, as absolute paths with ":" between them, whose repositories any repository beside them may have as submodules ("../name"). Default: none.',
  },
  {
    env: 'VOLT_GIT_MEMORY',
    key: 'gitMemory',
    schema: z.coerce.number().int().min(0).default(4096),
    about:
      'Megabytes of memory that a process of git may take which fetches a repository or checks a commit out (RLIMIT_DATA), at most what VOLT_JOB_MEMORY allows; 0 for any.',
  },
  {
    env: 'VOLT_JOB_MEMORY',
    key: 'jobMemory',
    schema: z.coerce.number().int().min(0).default(0),
    about:
      'Megabytes of memory that a job may take, 0 for any. Where the runner may make control groups, all processes of the job count together; else each has this much for its data (RLIMIT_DATA).',
  },
  {
    env: 'VOLT_JOB_PROCESSES',
    key: 'jobProcesses',
    schema: z.coerce.number().int().min(0).default(4096),
    about:
      'How many processes and threads a job may have at once under the isolations `user` and `sandbox`, and where VOLT_JOB_MEMORY has control groups made; 0 for any number.',
  },
  {
    env: 'VOLT_JOB_FILE_SIZE',
    key: 'jobFileSize',
    schema: z.coerce.number().int().min(0).default(0),
    about: 'Megabytes that one file of a job may have, 0 for any.',
  },
  {
    env: 'VOLT_JOB_CPU_TIME',
    key: 'jobCpuTime',
    schema: z.coerce.number().int().min(0).default(0),
    about: 'Seconds of processor time that one process of a job may take, 0 for any.',
  },
  {
    env: 'VOLT_JOB_DISK',
    key: 'jobDisk',
    schema: z.coerce.number().int().min(0).default(0),
    about:
      "Megabytes that a job's folders may take on the disk, under the isolations `user` and `sandbox` what stays of its home, and its /tmp, included; looked at every few seconds. 0 for any.",
  },
  {
    env: 'VOLT_JOB_TIMEOUT',
    key: 'jobTimeout',
    schema: z.coerce.number().positive().max(35_000).default(360),
    about: 'Minutes after which a job is ended as a failure.',
  },
  {
    env: 'VOLT_TRY_AGAIN',
    key: 'tryAgain',
    schema: z
      .string()
      .regex(/^(off|\d{1,4}(,\d{1,4}){0,8})$/, 'must be up to nine numbers of seconds with commas between them, or off')
      .default('10,30'),
    about:
      'Pauses, in seconds, before Volt tries a job again that could not start and whose commit is not at fault, for example because the repository did not answer (docs/running.md). One number for each further attempt; Volt adds up to half of it, so that many jobs do not return at once. `off`: one attempt only.',
  },
  {
    env: 'VOLT_HOSTED_LABELS',
    key: 'hostedLabels',
    schema: z.string().default('ubuntu-*-arm=linux+arm64,ubuntu-*=linux'),
    about:
      'What the names of machines that GitHub hosts stand for in `runs-on` of a workflow: labels of runners, "+" between several. The first entry that fits counts, "*" stands for anything.',
  },
  {
    env: 'VOLT_RUNNER_WAIT',
    key: 'runnerWait',
    schema: z.coerce.number().positive().default(1440),
    about:
      'Minutes for which a job waits for a runner with its labels while none is there, before it ends in an error.',
  },
  {
    env: 'VOLT_ACTIONS_URL',
    key: 'actionsUrl',
    schema: z
      .string()
      .min(1)
      .refine((url) => hideCredentials(url) === url, 'holds a user name or password, which others could read')
      .default('https://github.com'),
    about:
      'Where actions, and workflows of other repositories that are called, come from: `owner/name` is appended, and git fetches it. A path serves as well.',
  },
  {
    env: 'VOLT_OWN_ACTIONS',
    key: 'ownActions',
    schema: z
      .string()
      .refine((text) => text.split(',').every((name) => name === '' || knownActions.includes(name)), {
        error: `may hold ${knownActions.join(', ')}, with commas between them`,
      })
      .default(knownActions.join(',')),
    about:
      'Actions that Volt does by itself instead of fetching them; take one out to have the real one run, or give only a comma to have none.',
  },
  {
    env: 'VOLT_TOOL_CACHE',
    key: 'toolCache',
    schema: z.string().optional(),
    about:
      'Folder in which actions such as setup-node find and keep tools (RUNNER_TOOL_CACHE). Default: `tools` in the data directory.',
  },
  {
    env: 'VOLT_LOG_LIMIT',
    key: 'logLimit',
    schema: z.coerce.number().int().min(1).max(4096).default(256),
    about: 'Megabytes that the log of one job may have; what comes after is left out, and the log says so.',
  },
  {
    env: 'VOLT_BACKLOG',
    key: 'backlog',
    schema: z.coerce.number().int().min(1).max(100_000).default(1000),
    about: 'How many new commits of one branch are built at most; of a longer backlog the older ones are passed over.',
  },
  {
    env: 'VOLT_ORPHAN_TIMEOUT',
    key: 'orphanTimeout',
    schema: z.coerce.number().positive().default(600),
    about: 'Seconds for which a runner goes on without Redis before it ends its jobs and exits.',
  },
  {
    env: 'VOLT_DISK_FLOOR',
    key: 'diskFloor',
    schema: z.coerce.number().min(0).default(512),
    about:
      'Megabytes that must be free on the disk of the data directory, and on that of temporary files where jobs run; of a disk of less than ten times that, a tenth. Below it stages say so in `volt status`, and a runner takes no jobs; 0 for no such bound.',
  },
  {
    env: 'VOLT_KEEP_DAYS',
    key: 'keepDays',
    schema: z.coerce.number().min(0).default(365),
    about:
      'Days for which finished builds are kept, with their jobs, logs and files in test_results/; 0 for ever. The newest finished build of every observed branch stays.',
  },
  {
    env: 'VOLT_KEEP_BUILDS',
    key: 'keepBuilds',
    schema: z.coerce.number().int().min(0).default(10000),
    about: 'How many finished builds of each repository are kept, the newest; 0 for any number.',
  },
  {
    env: 'VOLT_KEEP_AT_LEAST',
    key: 'keepAtLeast',
    schema: z.coerce.number().int().min(0).default(20),
    about: 'How many of the newest finished builds of each repository are kept whatever their age.',
  },
  {
    env: 'VOLT_KEEP_LOG_DAYS',
    key: 'keepLogDays',
    schema: z.coerce.number().min(0).default(90),
    about: 'Days for which the logs of finished builds are kept; 0 for as long as the builds.',
  },
  {
    env: 'VOLT_KEEP_AUDIT_DAYS',
    key: 'keepAuditDays',
    schema: z.coerce.number().min(0).default(365),
    about: 'Days for which the audit log of who did what is kept; 0 for ever.',
  },
  {
    env: 'VOLT_KEEP_MIRROR_DAYS',
    key: 'keepMirrorDays',
    schema: z.coerce.number().min(0).default(30),
    about:
      'Days after which a mirror that no fetch and no job has used is removed; it is fetched again when it is needed. 0 for never.',
  },
  {
    env: 'VOLT_MIRROR_LIMIT',
    key: 'mirrorLimit',
    schema: z.coerce.number().min(0).default(50),
    about:
      'Gigabytes that the mirrors of one data directory may have together; those that were used the longest ago go first. 0 for any size.',
  },
  {
    env: 'VOLT_CHECKOUT_LIMIT',
    key: 'checkoutLimit',
    schema: z.coerce.number().min(0).default(20),
    about:
      'Gigabytes that one runner may keep of checkouts of large repositories, so that the next job writes only what is different; those that were used the longest ago go first. 0 to keep none: each checkout is written anew.',
  },
  {
    env: 'VOLT_CACHE_LIMIT',
    key: 'cacheLimit',
    schema: z.coerce.number().min(0).default(10),
    about:
      'Gigabytes that the caches of `actions/cache` may have together on a machine; those that were of no use the longest go first.',
  },
  {
    env: 'VOLT_KEEP_HOME_DAYS',
    key: 'keepHomeDays',
    schema: z.coerce.number().min(0).default(30),
    about:
      'Days after which a home that no job has had is removed from a machine whose jobs are kept apart; the next job finds it empty. The default branch and tags of a repository have one, and each other ref. 0 for never.',
  },
  {
    env: 'VOLT_HOME_LIMIT',
    key: 'homeLimit',
    schema: z.coerce.number().min(0).default(20),
    about:
      'Gigabytes that the homes of jobs may have together on a machine; those that no job has had the longest go first. 0 for any size.',
  },
  {
    env: 'VOLT_KEEP_ARTIFACT_DAYS',
    key: 'keepArtifactDays',
    schema: z.coerce.number().min(0).default(14),
    about: 'Days for which a machine keeps the artifacts of a build; 0 for ever.',
  },
  {
    env: 'VOLT_KEEP_WORK_DAYS',
    key: 'keepWorkDays',
    schema: z.coerce.number().min(0).default(14),
    about:
      'Days after which the folder of a runner that has not come back is removed, with what it had still to report. 0 for never.',
  },
] as const;

/** Settings whose values are passwords, or hold one; they are never said. */
export const passwords: ReadonlySet<string> = new Set([
  'VOLT_TOKEN',
  'VOLT_REDIS_URL',
  'VOLT_REDIS_PASSWORD',
  'VOLT_RUNNER_KEY',
  'VOLT_DATABASE_URL',
  'VOLT_DATABASE_PASSWORD',
  'VOLT_ACTIONS_URL',
]);

/** Settings that may stand in a file as well, which the variable with `_FILE` behind its name names. */
export const settingsFromFiles: ReadonlySet<string> = new Set([
  'VOLT_TOKEN',
  'VOLT_REDIS_URL',
  'VOLT_REDIS_PASSWORD',
  'VOLT_RUNNER_KEY',
  'VOLT_DATABASE_URL',
  'VOLT_DATABASE_PASSWORD',
]);
