import * as z from 'zod';
import { isMailAddress } from './mail-address.ts';
import { repositoryNamePattern } from './names.ts';
import { parseNetworkPolicy } from './network-policy.ts';
import { parseNetworks, parseProxyHeaders } from './proxy-sign-in.ts';
import { hideCredentials } from './urls.ts';

/** Actions that Volt can run itself, see job/actions/builtin-actions.ts. */
const knownActions = ['actions/checkout', 'actions/cache', 'actions/upload-artifact', 'actions/download-artifact'];

const repositoryGlobs = z
  .string()
  .regex(
    /^(\s*[a-z0-9*][a-z0-9*._-]{0,63}\s*(,|$))*$/,
    'must be comma-separated names of repositories, such as app,deploy-*',
  );

/**
 * All settings of the environment; `about` is their description. Their keys in the code are made from their names, see
 * config.ts. `npm run docs` makes `.env.example` and
 * docs/configuration.md from this table, and a test keeps them equal. A command's own option overrides the environment.
 */
export const settings = [
  {
    env: 'VOLT_REDIS_URL',
    schema: z.string().optional(),
    about:
      'Address of Redis: redis://[user:password@]host[:port][/db], rediss://...[?ca=path][&cert=path&key=path] (TLS, with your own PEM files), redis+sentinel://[user:password@]host:port[,host:port...]/name, or redis+unix://[user:password@]/path. Default: `volt up` starts its own server.',
  },
  {
    env: 'VOLT_REDIS_PASSWORD',
    schema: z.string().optional(),
    about: 'Password of Redis, if VOLT_REDIS_URL does not contain one.',
  },
  {
    env: 'VOLT_REDIS_BIND',
    schema: z.string().min(1).optional(),
    about:
      'Address that the Redis of `volt up` listens on, in addition to loopback. Set 0.0.0.0 so that runners on other machines can connect. Default: none, only a socket in the data directory.',
  },
  {
    env: 'VOLT_REDIS_PORT',
    schema: z.coerce.number().int().min(1).max(65_535).optional(),
    about:
      'Port of the Redis of `volt up`, if VOLT_REDIS_BIND is set. Default: a free port, which later starts use again.',
  },
  {
    env: 'VOLT_REDIS_PREFIX',
    schema: z
      .string()
      .regex(/^[a-z0-9-]{1,32}$/)
      .default('volt'),
    about:
      'Prefix of all keys in Redis (1 to 32 characters of a-z, 0-9, "-"), so that several Volts can share one server.',
  },
  {
    env: 'VOLT_RUNNER_KEY',
    schema: z.string().optional(),
    about:
      'Key of a runner on another machine, as `volt runner-key add` prints it. The runner signs its messages with it. Default: the runner makes a key in its data directory; the dispatcher and the reporter know that key if they share the data directory.',
  },
  {
    env: 'VOLT_RUNNER_REPOS',
    schema: z.string().default(''),
    about:
      'Repositories whose jobs a runner takes, as comma-separated names, in which "*" matches anything. Default: all that its key allows.',
  },
  {
    env: 'VOLT_DATABASE_URL',
    schema: z.string().optional(),
    about:
      'Database of builds and settings: sqlite:<path>, or postgres://user[:password]@host[:port]/database. Without a password, Volt reads ~/.pgpass. Options after "?": sslmode (disable, the default, require, verify-ca, verify-full), sslrootcert, sslcert, sslkey (files), host (folder of a Unix socket). Default: volt.db in the data directory.',
  },
  {
    env: 'VOLT_DATABASE_POOL',
    schema: z.coerce.number().int().min(2).max(100).default(5),
    about: 'Most connections to PostgreSQL of each process (2 to 100). The server must allow all of them.',
  },
  {
    env: 'VOLT_DATABASE_PASSWORD',
    schema: z.string().optional(),
    about: 'Password of the database server, if VOLT_DATABASE_URL does not contain one.',
  },
  {
    env: 'VOLT_DATA_DIR',
    schema: z.string().default('.volt'),
    about:
      'Data directory: database, token, mirrors, logs, test_results. A relative path starts at the working directory.',
  },
  {
    env: 'VOLT_HTTP_HOST',
    schema: z.string().default('127.0.0.1'),
    about:
      'Address that the dashboard and the API listen on. For anything but loopback, put a proxy with TLS in front.',
  },
  {
    env: 'VOLT_HTTP_PORT',
    schema: z.coerce.number().int().min(0).max(65535).default(8420),
    about: 'Port that the dashboard and the API listen on; 0 for any free port.',
  },
  {
    env: 'VOLT_URL',
    schema: z.url().optional(),
    about:
      'Address that people use, for example https://ci.example.org. Commands (builds, logs, trigger, ...) call the Volt at this address. Links lead there, and it is the issuer of ID tokens; web, notifier and dispatcher need it for that. If it is not on this machine, browsers sign in there, Volt trusts a proxy on this machine to forward the addresses of visitors, and no visitor counts as local. Default for commands: the Volt that uses the data directory.',
  },
  {
    env: 'VOLT_SMTP_URL',
    schema: z
      .url({ protocol: /^smtps?$/, error: 'must be an address such as smtp://user:password@mail.example.org:587' })
      .optional(),
    about:
      'Mail server for notices: smtp://[user:password@]host[:port] (a password is sent over TLS only), or smtps://... for TLS from the start. The notifier needs it. Default: none, no mail is sent.',
  },
  {
    env: 'VOLT_MAIL_FROM',
    schema: z.string().refine(isMailAddress, 'must be a mail address').optional(),
    about: 'Address that mail of notices is from. Default: volt@ and the host of VOLT_SMTP_URL.',
  },
  {
    env: 'VOLT_AUTHOR_PICTURES',
    schema: z
      .url({ protocol: /^https?$/, error: 'must be an address such as https://www.gravatar.com/avatar/{hash}?d=404' })
      .refine((url) => url.includes('{hash}') && !/[\s;,]/.test(new URL(url).origin), 'must contain {hash}')
      .optional(),
    about:
      'Pictures of the authors of commits, for example https://www.gravatar.com/avatar/{hash}?d=404, where {hash} is the SHA-256 of the mail address in lower case. The browsers of readers fetch them there, so that server learns who reads what. Default: none, pages show initials.',
  },
  {
    env: 'VOLT_TOKEN',
    schema: z.string().min(16).optional(),
    about:
      'Main token, at least 16 characters, which allows everything. Commands send it. Default: the token in the file `token` of the data directory, made at the first start. Create other tokens with `volt token add`.',
  },
  {
    env: 'VOLT_READING',
    schema: z.enum(['local', 'public', 'token']).default('local'),
    about:
      'Who can read the dashboard and the API without a token: everyone on this machine (local), everyone who can reach the address (public; metrics and secrets stay closed), or nobody (token). If VOLT_URL is not on this machine, local means token.',
  },
  {
    env: 'VOLT_SESSION_HOURS',
    schema: z.coerce.number().min(1).max(8760).default(720),
    about:
      'Hours that a browser stays signed in at most, whether it is used or not. Sessions that have begun keep their end.',
  },
  {
    env: 'VOLT_GROUP_DAYS',
    schema: z.coerce.number().min(1).max(365).default(30),
    about:
      'Days that the groups of a person count after their provider has told them; a change counts from the next sign-in. A token never asks a provider, so without a new sign-in it loses the roles of groups then.',
  },
  {
    env: 'VOLT_PROXY_SIGN_IN',
    schema: z
      .string()
      .refine(
        (text) => parseNetworks(text) !== undefined,
        'must be comma-separated addresses and networks, such as 10.0.0.7,fd00::/64, and not a network of all addresses',
      )
      .optional(),
    about:
      'Addresses of proxies that tell who a person is in a header, as comma-separated addresses and networks (10.0.0.7,10.1.0.0/16). Whoever can connect from there can be anybody, so name as few as possible; with 127.0.0.1 that is every program on this machine. From all other addresses Volt removes these headers. See docs/proxy-sign-in.md. Default: none.',
  },
  {
    env: 'VOLT_PROXY_HEADERS',
    schema: z
      .string()
      .refine(
        (text) => parseProxyHeaders(text) !== undefined,
        'must be authelia, authentik, oauth2-proxy, or names of headers such as user=X-User,groups=X-Groups,name=X-Name,email=X-Email',
      )
      .default('authelia'),
    about:
      'Headers in which the proxy of VOLT_PROXY_SIGN_IN tells who a person is: `authelia` (Remote-User, Remote-Groups, Remote-Name, Remote-Email), `authentik` (X-authentik-username, ...), `oauth2-proxy` (X-Forwarded-User, ...), or names of your own, such as user=X-User,groups=X-Groups,name=X-Name,email=X-Email.',
  },
  {
    env: 'VOLT_PROXY_NAME',
    schema: z
      .string()
      .regex(repositoryNamePattern, 'must be 1 to 64 characters of a-z, 0-9, ".", "_" and "-"')
      .default('proxy'),
    about:
      'Name of the proxy of VOLT_PROXY_SIGN_IN as a provider: its group devs is written proxy/devs. With another name, everybody who comes through it is somebody new.',
  },
  {
    env: 'VOLT_PROXY_SIGN_OUT',
    schema: z.url({ protocol: /^https?$/ }).optional(),
    about:
      'Address at which people sign out of the proxy of VOLT_PROXY_SIGN_IN, for the button of the pages, such as https://auth.example.org/logout. Default: none, pages have no such button for them.',
  },
  {
    env: 'VOLT_SECRETS_KEY_FILE',
    schema: z.string().optional(),
    about:
      'File with the key that encrypts the secrets in the database: 64 hexadecimal digits, see docs/secrets.md. Default: `secrets.key` in the data directory, made with the first secret.',
  },
  {
    env: 'VOLT_LOG_LEVEL',
    schema: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
    about: 'How much the stages log to standard error. The default of `volt up` is "warn".',
  },
  {
    env: 'VOLT_HEALTH_FILE',
    schema: z.string().optional(),
    about:
      'File that each stage touches once a second, when Redis has confirmed its heartbeat, for health checks. Default: none.',
  },
  {
    env: 'VOLT_LOG_FORMAT',
    schema: z.enum(['text', 'json']).default('text'),
    about: 'Format of the log: lines for people, or one JSON object per line for programs.',
  },
  {
    env: 'VOLT_ISOLATION',
    schema: z.enum(['auto', 'none', 'user', 'sandbox', 'container']).default('auto'),
    about:
      'How jobs are isolated from the machine, see docs/isolation.md: `sandbox` (bubblewrap: jobs see the system read-only and nothing of Volt), `user` (another user id; needs root), `none` (jobs have the rights of the user who runs the runner). `container` runs each job in a container; a job for which nothing names an image ends in an error. `auto` uses sandbox if it works, else none with a notice; a runner that is root then builds no repository that is given by URL.',
  },
  {
    env: 'VOLT_JOB_USER',
    schema: z.string().min(1).optional(),
    about:
      'User name or id of jobs in the isolation `sandbox`, if the runner is root. Default: Volt uses unused user ids (60578 to 61183), one for the default branch and tags of each repository and one for each of its other refs. With `user`, which isolates jobs only by their user ids, this setting is refused.',
  },
  {
    env: 'VOLT_JOB_VARIABLES',
    schema: z
      .string()
      .regex(
        /^\s*(?!VOLT_)[A-Za-z_][A-Za-z0-9_]*(\s*,\s*(?!VOLT_)[A-Za-z_][A-Za-z0-9_]*)*\s*$/,
        'must be comma-separated names of variables that do not begin with VOLT_',
      )
      .optional(),
    about:
      "Further variables of the runner's environment that all jobs get, whatever their ref, as comma-separated names. Jobs always get the variables for proxies (http_proxy and others) and for registries of packages (PIP_INDEX_URL, PIP_EXTRA_INDEX_URL, UV_INDEX_URL, UV_EXTRA_INDEX_URL, UV_DEFAULT_INDEX, NPM_CONFIG_REGISTRY, GOPROXY, GONOPROXY, GONOSUMDB, GOPRIVATE, GOFLAGS), with passwords only on trusted refs. They also get those for certificates (NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, SSL_CERT_DIR, CURL_CA_BUNDLE, REQUESTS_CA_BUNDLE and others).",
  },
  {
    env: 'VOLT_ENGINE',
    schema: z.string().min(1).optional(),
    about:
      'Unix socket of the container engine (Docker or podman), as a path or a unix:// URL. Default: the engine that DOCKER_HOST or CONTAINER_HOST names, else one at a usual socket, else podman, whose service Volt starts itself.',
  },
  {
    env: 'VOLT_IMAGE_PULL',
    schema: z.enum(['missing', 'always', 'never']).default('missing'),
    about:
      'When images of containers are pulled: `missing` (only those that the machine does not have), `always` or `never`. An image that was pulled with credentials is pulled again for each job, so that its registry decides who may use it; its data is not transferred again.',
  },
  {
    env: 'VOLT_IMAGE_LIMIT',
    schema: z.coerce.number().min(0).default(30),
    about:
      'Most gigabytes of all images that Volt has pulled for jobs on a machine; layers that images share count for each. Those that no container uses are removed, the least recently used first; images that Volt has not pulled never are. 0 for no limit.',
  },
  {
    env: 'VOLT_ALLOW_PRIVILEGED',
    schema: repositoryGlobs.default(''),
    about:
      'Repositories whose containers may use options that give rights on this machine (`--privileged`, `--cap-add`, `--device`, `--pid host`, `--ipc host`, `--dns`), on trusted refs: comma-separated names, in which "*" matches anything. Default: none.',
  },
  {
    env: 'VOLT_ALLOW_VOLUMES',
    schema: repositoryGlobs.default(''),
    about:
      'Repositories whose containers may have volumes that are paths of this machine or parts of the workspace, on trusted refs: comma-separated names, in which "*" matches anything. Sockets, folders of container engines and Volt\'s data stay closed. Default: none.',
  },
  {
    env: 'VOLT_ALLOW_BUILDS',
    schema: repositoryGlobs.default(''),
    about:
      'Repositories whose jobs may build images by their own commands, such as `buildah build`, on trusted refs in a sandbox of a runner that is root: comma-separated names, in which "*" matches anything. They may then make user namespaces and mounts. Docker actions with a Dockerfile need no permission. See docs/isolation.md. Default: none.',
  },
  {
    env: 'VOLT_ALLOW_IMAGES',
    schema: z.string().default(''),
    about:
      'The only images of containers, as comma-separated names in which "*" matches anything, such as node:*,ghcr.io/acme/*. A name without a tag allows all its tags. Docker actions with a Dockerfile are refused then. Default: all images.',
  },
  {
    env: 'VOLT_RUNNER_IMAGES',
    schema: z.string().default(''),
    about:
      'Container images of a runner for jobs that name none, comma-separated: IMAGE for all jobs, or LABEL=IMAGE for jobs that ask for that label, such as ubuntu-latest=node:22. The runner then has the label, too. See docs/workflows.md.',
  },
  {
    env: 'VOLT_SANDBOX_PATHS',
    schema: z
      .string()
      .regex(/^\/[^:]*(:\/[^:]*)*$/, 'must be absolute paths, separated by ":"')
      .optional(),
    about:
      'Further files and folders that jobs in a sandbox can read, as absolute paths separated by ":". By default they can read /usr, /etc, /opt and similar folders, and the folders of the search path.',
  },
  {
    env: 'VOLT_SANDBOX_NETWORK',
    schema: z
      .string()
      .refine((text) => parseNetworkPolicy(text) !== undefined, {
        error: 'must be on, off, or a list of hosts such as registry.npmjs.org,example.org:443',
      })
      .default('on'),
    about:
      'What isolated jobs, and Volt on their behalf, can reach: `on` (the internet and, on trusted refs, private networks; never this machine), `off` (only their own loopback), or a comma-separated list of hosts. Each is a name or an address (IPv6 in "[…]"), and `:port` limits it to one port. See docs/isolation.md.',
  },
  {
    env: 'VOLT_SHARE_CREDENTIAL',
    schema: z.enum(['on', 'off']).default('off'),
    about:
      'Whether jobs of trusted refs use the credential of their repository to fetch what a commit names (submodules, other repositories, actions) from the same server. Everyone who can push to such a ref can then read whatever the credential can read.',
  },
  {
    env: 'VOLT_MACHINE_CREDENTIALS',
    schema: z.string().default(''),
    about:
      "Hosts from which jobs of trusted refs fetch what a commit names with the credential helpers, keys and git configuration of the runner's user: comma-separated, each with an optional path, for example git.example.org/team,github.com/acme. Default: none.",
  },
  {
    env: 'VOLT_NEIGHBOURS',
    schema: z
      .string()
      .regex(/^\/[^:]*(:\/[^:]*)*$/, 'must be absolute paths, separated by ":"')
      .optional(),
    about:
      'Folders of this machine, as absolute paths separated by ":". A repository in one of them can use the others there as submodules ("../name"). Default: none.',
  },
  {
    env: 'VOLT_GIT_MEMORY',
    schema: z.coerce.number().int().min(0).default(4096),
    about:
      'Most megabytes of memory of a git process that fetches a repository or checks out a commit (RLIMIT_DATA), at most VOLT_JOB_MEMORY; 0 for no limit.',
  },
  {
    env: 'VOLT_PULL_REQUEST_FETCH_LIMIT',
    schema: z.coerce.number().int().min(0).default(1024),
    about:
      'Most megabytes that an observer fetches for the head of one pull request, since anybody can make one; 0 for no limit. A larger head is not built, and the page of the repository says so.',
  },
  {
    env: 'VOLT_JOB_MEMORY',
    schema: z.coerce.number().int().min(0).default(0),
    about:
      'Most megabytes of memory of a job; 0 for no limit. If the runner can make control groups, the limit is for all processes of the job together; else it is for the data of each process (RLIMIT_DATA).',
  },
  {
    env: 'VOLT_JOB_PROCESSES',
    schema: z.coerce.number().int().min(0).default(4096),
    about:
      'Most processes and threads of a job at the same time, in the isolations `user` and `sandbox`, and wherever VOLT_JOB_MEMORY uses control groups; 0 for no limit.',
  },
  {
    env: 'VOLT_JOB_FILE_SIZE',
    schema: z.coerce.number().int().min(0).default(0),
    about: 'Most megabytes of one file that a job writes; 0 for no limit.',
  },
  {
    env: 'VOLT_JOB_CPU_TIME',
    schema: z.coerce.number().int().min(0).default(0),
    about: 'Most seconds of processor time of one process of a job; 0 for no limit.',
  },
  {
    env: 'VOLT_JOB_DISK',
    schema: z.coerce.number().int().min(0).default(0),
    about:
      'Most megabytes that the folders of a job take on the disk, checked every few seconds; 0 for no limit. In the isolations `user` and `sandbox` this includes /tmp and what the job leaves in its home. What its containers write counts, too.',
  },
  {
    env: 'VOLT_JOB_TIMEOUT',
    schema: z.coerce.number().positive().max(35_000).default(360),
    about: 'Minutes after which a job is stopped and counts as failed.',
  },
  {
    env: 'VOLT_TRY_AGAIN',
    schema: z
      .string()
      .regex(/^(off|\d{1,4}(,\d{1,4}){0,8})$/, 'must be up to nine comma-separated numbers of seconds, or off')
      .default('10,30'),
    about:
      'Pauses, in seconds, before Volt tries a job again that could not start and whose commit is not at fault, for example because the repository did not answer (docs/running.md). One number for each further attempt; Volt adds up to half of it, so that many jobs do not return at once. `off`: one attempt only.',
  },
  {
    env: 'VOLT_HOSTED_LABELS',
    schema: z.string().default('ubuntu-*-arm=linux+arm64,ubuntu-*=linux'),
    about:
      'Labels that replace the names of GitHub\'s machines in `runs-on`: comma-separated NAME=LABEL, with "+" between several labels. The first matching entry counts; "*" matches anything.',
  },
  {
    env: 'VOLT_RUNNER_WAIT',
    schema: z.coerce.number().positive().default(1440),
    about: 'Minutes that a job waits while no runner has its labels, before it ends in an error.',
  },
  {
    env: 'VOLT_ACTIONS_URL',
    schema: z
      .string()
      .min(1)
      .refine((url) => hideCredentials(url) === url, 'contains a user name or password, which others could read')
      .default('https://github.com'),
    about:
      'Where actions and called workflows of other repositories come from: git fetches this address with `owner/name` appended. It can be a path.',
  },
  {
    env: 'VOLT_OWN_ACTIONS',
    schema: z
      .string()
      .refine((text) => text.split(',').every((name) => name === '' || knownActions.includes(name)), {
        error: `must be a comma-separated list of ${knownActions.join(', ')}`,
      })
      .default(knownActions.join(',')),
    about:
      'Actions that Volt runs itself instead of fetching them. Remove one to run the original; set only a comma to run all originals.',
  },
  {
    env: 'VOLT_TOOL_CACHE',
    schema: z.string().optional(),
    about:
      'Folder in which actions such as setup-node keep tools (RUNNER_TOOL_CACHE). Default: `tools` in the data directory.',
  },
  {
    env: 'VOLT_LOG_LIMIT',
    schema: z.coerce.number().int().min(1).max(4096).default(256),
    about: 'Most megabytes of the log of one job. Volt drops further output, and the log says so.',
  },
  {
    env: 'VOLT_BACKLOG',
    schema: z.coerce.number().int().min(1).max(100_000).default(1000),
    about: 'Most new commits of one branch that are built. If there are more, the oldest ones are skipped.',
  },
  {
    env: 'VOLT_ORPHAN_TIMEOUT',
    schema: z.coerce.number().positive().default(600),
    about: 'Seconds that a runner keeps going without Redis before it ends its jobs and exits.',
  },
  {
    env: 'VOLT_DISK_FLOOR',
    schema: z.coerce.number().min(0).default(512),
    about:
      'Megabytes that must be free on the disk of the data directory and, where jobs run, on the disk of temporary files; on a disk of less than ten times that, a tenth of it. Below it, `volt status` shows a problem and a runner takes no jobs; 0 for no check.',
  },
  {
    env: 'VOLT_KEEP_DAYS',
    schema: z.coerce.number().min(0).default(365),
    about:
      'Days that finished builds are kept, with their jobs, logs and files in test_results/; 0 for ever. The newest finished build of each watched branch always stays.',
  },
  {
    env: 'VOLT_KEEP_BUILDS',
    schema: z.coerce.number().int().min(0).default(10000),
    about:
      'Most finished builds of each repository that are kept, newest first, and as many of its pull requests; 0 for no limit.',
  },
  {
    env: 'VOLT_KEEP_AT_LEAST',
    schema: z.coerce.number().int().min(0).default(20),
    about: 'Number of the newest finished builds of each repository that are kept whatever their age.',
  },
  {
    env: 'VOLT_KEEP_LOG_DAYS',
    schema: z.coerce.number().min(0).default(90),
    about: 'Days that the logs of finished builds are kept; 0 for as long as the builds.',
  },
  {
    env: 'VOLT_KEEP_AUDIT_DAYS',
    schema: z.coerce.number().min(0).default(365),
    about: 'Days that entries of the audit log are kept; 0 for ever.',
  },
  {
    env: 'VOLT_KEEP_MIRROR_DAYS',
    schema: z.coerce.number().min(0).default(30),
    about: 'Days after its last use until a mirror is deleted; Volt fetches it again when needed. 0 for never.',
  },
  {
    env: 'VOLT_MIRROR_LIMIT',
    schema: z.coerce.number().min(0).default(50),
    about:
      'Most gigabytes of all mirrors in one data directory; the least recently used are deleted first. 0 for no limit.',
  },
  {
    env: 'VOLT_CHECKOUT_LIMIT',
    schema: z.coerce.number().min(0).default(20),
    about:
      'Most gigabytes of checkouts of large repositories that one runner keeps, so that the next job writes only changed files; the least recently used are deleted first. 0 to keep none: each job gets a fresh checkout.',
  },
  {
    env: 'VOLT_CACHE_LIMIT',
    schema: z.coerce.number().min(0).default(10),
    about: 'Most gigabytes of all caches of `actions/cache` on a machine; the least recently used are deleted first.',
  },
  {
    env: 'VOLT_INSTALL_LIMIT',
    key: 'installLimit',
    schema: z.coerce.number().min(0).default(10),
    about:
      'Most gigabytes of installed packages of Python and Node projects that a machine keeps for later builds; the least recently used are deleted first. 0 to keep none: each job installs everything.',
  },
  {
    env: 'VOLT_KEEP_HOME_DAYS',
    schema: z.coerce.number().min(0).default(30),
    about:
      'Days after its last use until a job home is deleted; the next job gets an empty home. Isolated jobs have one home for the default branch and tags of a repository, and one for each other ref. 0 for never.',
  },
  {
    env: 'VOLT_HOME_LIMIT',
    schema: z.coerce.number().min(0).default(20),
    about: 'Most gigabytes of all job homes on a machine; the least recently used are deleted first. 0 for no limit.',
  },
  {
    env: 'VOLT_KEEP_ARTIFACT_DAYS',
    schema: z.coerce.number().min(0).default(14),
    about: 'Days that a machine keeps the artifacts of a build; 0 for ever.',
  },
  {
    env: 'VOLT_KEEP_WORK_DAYS',
    schema: z.coerce.number().min(0).default(14),
    about:
      'Days after which the folder of a runner that no longer runs is deleted, with results that it has not reported. 0 for never.',
  },
] as const;

/** Settings that can be read from a file, which the variable with the suffix `_FILE` names. */
export const settingsFromFiles: ReadonlySet<string> = new Set([
  'VOLT_TOKEN',
  'VOLT_REDIS_URL',
  'VOLT_REDIS_PASSWORD',
  'VOLT_RUNNER_KEY',
  'VOLT_DATABASE_URL',
  'VOLT_DATABASE_PASSWORD',
  'VOLT_SMTP_URL',
]);

/** Settings whose values are or contain passwords; they are never shown. */
export const passwords: ReadonlySet<string> = new Set([...settingsFromFiles, 'VOLT_ACTIONS_URL']);
