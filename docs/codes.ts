import type { ErrorCode } from '../src/kernel/errors.ts';
import type { Reason } from '../src/kernel/model.ts';

/** What each error code means and what to do, as Markdown. */
export const errorMeanings: { readonly [C in ErrorCode]: string } = {
  usage: "The command line is wrong. See the command's `--help`.",
  bad_name: 'The name of a repository or runner has characters that are not allowed; the message says which are.',
  bad_label: 'A label has characters that are not allowed; the message says which are.',
  bad_setting:
    'A setting has an invalid value. Correct the setting that the message names; see [configuration](configuration.md).',
  bad_url: 'The address of a repository or of Redis is invalid, or contains something forbidden, such as a password.',
  address_refused:
    'A commit names a repository (a submodule, another repository, an action, files of Git LFS) that Volt does not fetch for it; the message says why. See [private repositories](secrets.md#what-a-commit-names).',
  bad_ref: 'The name of a branch, tag or pattern is not valid in git.',
  bad_request: 'A request to the API has an invalid parameter or body; see the reference at `/api`.',
  not_found: 'The build, job, repository, file or page does not exist. Check the name; the remedy says where to look.',
  log_removed:
    'The log is older than `VOLT_KEEP_LOG_DAYS` keeps logs. The verdict, the steps and the tests of the build are kept.',
  name_taken: 'Another repository, or another runner on this machine, has this name. Choose another one.',
  conflict: 'The current state does not allow this, for example cancelling a build that has ended.',
  token_needed:
    'The request needs a valid access token: `Authorization: Bearer <token>`, or `VOLT_TOKEN` for commands.',
  token_wrong:
    'The token that was sent is not known: it is mistyped, revoked, or that of another Volt. Correct `VOLT_TOKEN`, or what the header `Authorization` sends.',
  role_needed:
    'This needs a larger role than you have, in general or in that repository. The message says which. Use another token, or ask somebody with the role `admin`.',
  bad_signature:
    'A webhook call has a wrong signature, or the webhook does not exist. Compare the secret at the forge with `volt repo hook`.',
  rate_limited: 'Too many wrong tokens, changes or webhook calls. Wait as long as the header `Retry-After` says.',
  foreign_host:
    'The request is for a host name that this Volt does not know. Behind a proxy, set `VOLT_URL` to the address that people use.',
  too_large:
    'The body of the request is too large; or a commit, or what it names, has more files, refs, submodules or bytes than Volt accepts. The message names the limit.',
  unsupported: 'This version of Volt does not support this.',
  no_repository: 'There is no git repository at the path. Check the path.',
  fetch_failed:
    'Fetching the repository failed; the message quotes git. Check the address, the credential and the network; Volt retries automatically.',
  git_failed: 'A git command failed; the message quotes git.',
  git_missing: 'git is not installed on the machine. Install it.',
  git_old: 'The installed git is too old. Install a newer version.',
  commit_missing: 'The repository does not have this commit, branch or tag, perhaps after a forced push.',
  forge_unreachable:
    'A forge does not answer, or answers with an error of its own. Volt keeps the statuses and retries automatically; see [forges](forges.md).',
  forge_refused:
    'A forge refuses what Volt asks it for; the message quotes the forge, and the remedy names missing rights. See [forges](forges.md#when-a-forge-refuses).',
  forge_limited:
    'A forge limits how many requests Volt may send. The newest statuses follow when it accepts requests again.',
  provider_unreachable:
    'A provider where people sign in does not answer. Sign in with an access token until it does; see [signing in](sign-in.md).',
  provider_refused:
    'A provider where people sign in refuses what Volt asks it for, or Volt does not trust its answer; the message says why. `volt provider check NAME` tells more; see [signing in](sign-in.md).',
  sign_in_expired:
    'This browser has not begun this sign-in, has used it already, or took more than ten minutes. Sign in again.',
  sign_in_refused:
    'An administrator has blocked the person who signs in, the provider was not allowed to tell who it is, or somebody has refused the request of `volt login` in the browser.',
  notice_unreachable:
    'The target of a notice does not answer. Volt retries automatically, for a day; see [notices](notices.md).',
  notice_refused: 'The target of a notice refuses it; the message quotes the target. See [notices](notices.md).',
  notice_limited: 'The target of notices limits how many it accepts. The others follow when it accepts them again.',
  action_unavailable:
    'Fetching an action of a workflow failed; the message says why. Check its name and ref, and that this machine can reach the host; `VOLT_ACTIONS_URL` says where actions come from.',
  untrusted_checkout:
    'A workflow that has the rights of the default branch checks out a commit that only a pull request has. See [pull requests for trusted workflows](workflows.md#workflows-of-the-default-branch-for-pull-requests).',
  artifact_missing:
    'A job downloads an artifact that its build does not have on this machine. Add the uploading job to its `needs`, and run both on one machine.',
  tool_missing: 'A required program is not installed. Install the program that the message names.',
  isolation_unavailable:
    'This machine cannot isolate jobs as `VOLT_ISOLATION` requires: bubblewrap is missing, this user may not make namespaces, or a trial failed three times. See [isolation](isolation.md).',
  spawn_failed:
    'A command of a job could not be started: its folder is gone, its namespace is gone, or the process that starts it has ended. Volt retries the job.',
  image_unavailable:
    'The image of a container is not to be had; the message quotes the registry. Check its name, its credentials and the network of the runner. Or the runner runs each job in a container, and nothing names an image; see [tests in an image](workflows.md#tests-in-an-image).',
  service_failed:
    "A service of the job ended by an error, or its health check did not succeed in time. What it printed is in the job's log.",
  engine_failed:
    'The container engine of the runner is missing, does not answer, or has broken off its work. The message says which; see `volt doctor`.',
  redis_missing:
    'No `redis-server` or `valkey-server` is installed, and `VOLT_REDIS_URL` is not set. Install one or set the address.',
  redis_unreachable: 'Redis does not answer at its address. Start it, or correct the address.',
  redis_denied:
    'Redis rejects the user or the password, or the user lacks rights, which the message names. Correct them.',
  redis_untrusted:
    'The TLS certificate of Redis is not trusted, or Redis rejects the certificate of Volt. Name the files in the address: `rediss://…?ca=path&cert=path&key=path`.',
  redis_unfit:
    'Redis is too old, evicts keys (set `maxmemory-policy noeviction`), or is a Redis Cluster, which Volt does not support.',
  redis_unknown:
    'The server at the address is not Redis, or needs TLS or refuses it. The message says what answers; correct the address.',
  redis_failed: 'The Redis server of `volt up` could not be started; the message says why.',
  record_mismatch: 'This Redis belongs to another Volt. Give each Volt its own Redis or its own `VOLT_REDIS_PREFIX`.',
  record_copied:
    'Another Volt uses a copy of this database on the same Redis; the message names it. Stop one of them, or make an independent copy with `volt backup` and `volt restore`.',
  record_newer: 'A newer Volt wrote the database. Start that version, or restore an older backup.',
  record_incomplete: 'The database lacks tables or columns of its version; the message names them. Restore a backup.',
  record_damaged: 'The file is not a database, or it is damaged. Restore a backup.',
  record_busy:
    'Another process holds the lock of the database for too long, or PostgreSQL does not answer in time. Volt retries.',
  record_full: 'The disk of the database is full. Free space; Volt then continues automatically.',
  record_failed:
    'The database cannot be written. Check the disk and the permissions of its file; Volt retries automatically.',
  record_unreachable:
    'The PostgreSQL server cannot be reached, or it does not offer the TLS that `VOLT_DATABASE_URL` requires. Stages wait for it.',
  record_denied: 'PostgreSQL rejects the user or the password, or the user does not own the database.',
  record_missing: 'PostgreSQL has no database of this name. Create it: `createdb --owner user name`.',
  record_unfit: 'The PostgreSQL server is too old. Use version 13 or newer.',
  data_locked: 'Another `volt up`, or another stage, uses the data directory. Stop it, or use another data directory.',
  data_not_empty: 'A backup can only be restored into an empty data directory. Use another one, or `--force`.',
  bad_backup: 'The file is not a backup, is damaged, or was written by a newer Volt.',
  data_unwritable:
    'The data directory cannot be created, read or written. Check its permissions and the free space of its disk.',
  port_in_use: 'Another process uses the port. Choose another one with `--port`.',
  web_unreachable: 'A command cannot reach the web stage. Start Volt, or set `VOLT_URL` to its address.',
  secrets_key_missing: 'The key that encrypts the secrets is missing. Restore its file from a backup.',
  secrets_key_wrong:
    'A secret is encrypted with a key that the key file does not contain. Add that key, or set the secret again.',
  secrets_key_bad: 'The key file has no valid key, cannot be read, or can be read by other users.',
  secrets_damaged:
    'A secret cannot be decrypted, because something other than Volt changed the database. Set it again.',
  timed_out: 'Something took too long; the message says what. No data is lost.',
  orphaned:
    'A runner had no Redis for longer than `VOLT_ORPHAN_TIMEOUT` and exited. Start it again when Redis is back.',
  internal: 'A bug in Volt. Run it again with `VOLT_LOG_LEVEL=debug` and report the output.',
};

/** What to do about each reason, as Markdown. */
export const reasonRemedies: { readonly [R in Reason]: string } = {
  exit_code: 'Read the log of the failed step, and fix the commit.',
  signal: 'Read the log: often the program crashed, or the system was out of memory.',
  timeout: 'Make the job faster, or raise `timeout-minutes` or `VOLT_JOB_TIMEOUT`.',
  by_user: 'Retry the build if it is still needed.',
  superseded: 'Nothing to do; see the newer build.',
  merge_conflict:
    'Merge the base branch into the branch of the pull request, resolve the files that the message names, and push.',
  skip_ci: 'Nothing to do; `volt trigger` builds the commit anyway.',
  runner_lost:
    'Volt runs the job again on another runner. If it happens often, check the machine and the network of the runner.',
  handed_back: 'Nothing to do; Volt runs the job again.',
  poison:
    'Check what the job does to its machine, for example to its memory; [running](running.md) describes the limit. Then retry it.',
  invalid_workflow: 'Correct the file at the line that the message names; `volt validate` checks it.',
  invalid_settings: 'Correct `.volt.yml` at the line that the message names; `volt validate` checks it.',
  planning_failed: 'See the problems in `volt status` and the log of the dispatcher, then retry the build.',
  unsupported: 'Change the workflow; [workflows](workflows.md) lists what Volt supports.',
  not_triggered: "Check the workflow's `on:`.",
  condition: 'Nothing to do, unless the `if:` of the job is wrong.',
  deadlock: 'Give the job another `concurrency` group than the workflow or the caller has.',
  fail_fast: 'See the job that failed; `fail-fast: false` lets the others run on.',
  environment_refused:
    'Run the workflow on a ref that the environment allows, or change that with `volt environment set`; see [environments](environments.md).',
  approval_required: 'Look at what would run, then approve or decline it: `volt approve`, or the page of the build.',
  declined: 'Ask who declined it; the message names them. A retry asks for approval again.',
  expired: 'Retry it if it is still needed; it asks for approval again.',
  labels_refused:
    'Change `runs-on` in the pull request, or allow the label with `volt repo set NAME --pull-request-labels`.',
  isolation_missing:
    'Start a runner with these labels and `VOLT_ISOLATION=sandbox` or `container`; see [isolation](isolation.md).',
  no_runner: 'Start a runner with these labels, or change `runs-on`; `VOLT_RUNNER_WAIT` sets how long jobs wait.',
  tool_missing: 'Install the program on the machine of the runner.',
  no_tests_found:
    'Add tests, a workflow, or `command` to `.volt.yml`, or correct where the test runner looks; `volt discover` shows what Volt finds.',
  dependencies_failed:
    'The message names the package and what to do; often the runner does not reach the registry, or lacks a library.',
  fetch_failed: 'Check the address and the credential of the repository, and the network of the runner.',
  secrets_unavailable: 'See the problems in `volt status`; see [secrets](secrets.md).',
  checkout_failed: 'The message quotes git. Check the disk of the runner and the submodules of the commit.',
  checkout_too_large: 'The message names the limit. Remove files from the commit.',
  spawn_failed: "Check the runner's machine for free memory and processes.",
  engine_failed: "See whether the container engine runs on the runner's machine; `volt doctor` there names it.",
  image_unavailable: 'Check the name of the image and the credentials, and that the runner reaches the registry.',
  service_failed: "See what the service has printed, in the job's log; check its settings and its health check.",
  step_failed: 'Correct the step; the message says what it could not do.',
  action_unavailable: 'Check the name and ref of the action, and that the runner can reach its host.',
  untrusted_checkout:
    'A workflow that runs with the rights of the default branch, for example for `pull_request_target`, was about to check out a commit that no trusted branch or tag of the repository leads to, or another repository that an expression names.',
  artifact_missing: 'Add the uploading job to `needs`, and run both jobs on one machine.',
  runner_failed: 'See the log of the runner; if it is a bug, report it.',
  disk_full: 'Make the job write less, or free space on the disk of the runner.',
  resource_limit: 'Make the job use less, or raise the limit that the message names; see [isolation](isolation.md).',
  bad_message: 'Update all stages and runners to one version; `volt doctor --deep` shows the message.',
  job_failed: 'See the failed job.',
  job_error: 'See the job that ended in an error.',
  job_cancelled: 'See the cancelled job; retry it if it is still needed.',
  needs_failed: 'See the needed job that did not pass.',
};
