import type { Generated, Selectable } from 'kysely';
import type { CommitState } from '../kernel/commit-status.ts';
import type { ForgeKind } from '../kernel/forge-kinds.ts';
import type { ForgeReport } from '../kernel/forge-report.ts';
import type { ApprovalDecision, JobId, Reason, Status, TestStatus, Trigger } from '../kernel/model.ts';
import type { GeneralEvent, NoticeChoice, NoticeEvent, NoticeKind } from '../kernel/notices.ts';
import type { ProviderKind } from '../kernel/provider-kinds.ts';
import type { PullRequestCheckout, PullRequestMode } from '../kernel/pull-request.ts';
import type { Role } from '../kernel/roles.ts';
import type { Visibility } from '../kernel/visibility.ts';
import type { DeliveryColumns } from './delivery-columns.ts';
import type { ErrorColumns } from './error-columns.ts';

/** Times are milliseconds since 1970-01-01 UTC; lists and plans are JSON text. */
export interface Schema {
  meta: { key: string; value: string };

  repositories: ErrorColumns & {
    name: string;
    url: string;
    /** machine that the path is on, null for a URL that every machine can fetch */
    host: string | null;
    /** JSON: globs of branches; empty means the default branch */
    branches: string;
    /** for which settings the branches that were there are known, see observer/moved-refs.ts; null before that */
    branches_seen: Generated<string | null>;
    /** JSON: globs of tags; empty means none */
    tags: string;
    /** JSON: the globs whose old tags are marked as seen; null before that */
    tags_seen: string | null;
    poll_seconds: number;
    /** `every` commit, or only the `latest` one at each poll */
    commits: 'every' | 'latest';
    command: string | null;
    /** JSON: globs of files with results of single tests; empty means none */
    reports: string;
    /** git's filter of the objects that are fetched; null means none */
    filter: string | null;
    /** JSON: further labels that a runner of its jobs must have */
    runners: Generated<string>;
    /** JSON: environment variables of its jobs */
    env: Generated<string>;
    /** image in which its tests run; null for none */
    image: Generated<string | null>;
    /** JSON: the pages of its project, see kernel/link-templates.ts */
    project: Generated<string>;
    /** whose pull requests are built */
    pull_requests: Generated<PullRequestMode>;
    /** pattern of their refs, with one `*` for the number; null for those of the known forges */
    pull_request_refs: Generated<string | null>;
    /** whether their merge with the base branch is tested, or their head alone */
    pull_request_checkout: Generated<PullRequestCheckout>;
    /** 1: they are built again when their base branch has moved */
    pull_request_rebuild: Generated<number>;
    /** JSON: globs of labels that their jobs may ask for; null for no such limit */
    pull_request_labels: Generated<string | null>;
    /** for which pattern the pull requests that were there are noted as seen, see record/pull-requests.ts; null before that */
    pull_requests_seen: Generated<string | null>;
    /** JSON: the events for which workflows of the default branch wait, see kernel/workflow-events.ts */
    awaited: Generated<string>;
    /** JSON: globs of full names of refs whose builds may get secrets; null for the default branch and tags */
    trusted_refs: string | null;
    visibility: Generated<Visibility>;
    /** builds up to this id are of another repository that had the name before */
    foreign_builds: Generated<number>;
    created_at: number;
    /** when it was last polled without an error */
    observed_at: number | null;
    default_branch: string | null;
    /** a warning, a sentence */
    notice: string | null;
    error_since: number | null;
    /** polls that failed in a row */
    failures: Generated<number>;
    /** its schedule does not poll it before */
    retry_at: number | null;
    /** the salt of its webhook's secret, see web/hooks; null without a webhook */
    hook_salt: string | null;
    /** the key that the forge itself has made for it, encrypted with the key `hook_key_id`; null without one */
    hook_key: string | null;
    hook_key_id: string | null;
    /** when a person removed it; the row stays as long as it has builds */
    removed_at: number | null;
    /** 1 if its history is deleted as soon as its builds have ended */
    purge: Generated<number>;
  };

  /** encrypted with the key `key_id`, see secrets/vault.ts; without a repository, it is for all of them */
  secrets: {
    repo: string | null;
    name: string;
    value: string;
    key_id: string;
    /** 1 if jobs without a workflow get it in their environment */
    in_environment: number;
    updated_at: number;
  };

  variables: { repo: string | null; name: string; value: string; updated_at: number };

  /** see record/environments.ts */
  environments: {
    repo: string;
    /** its name in lower case */
    key: string;
    name: string;
    /** JSON: globs of full names of the refs that may deploy to it; empty for all */
    branches: string;
    /** 1 if a person must approve each deployment */
    approve: number;
    wait_minutes: number;
    updated_at: number;
  };
  /** encrypted like `secrets`; `environment` is a key */
  environment_secrets: {
    repo: string;
    environment: string;
    name: string;
    value: string;
    key_id: string;
    updated_at: number;
  };
  environment_variables: { repo: string; environment: string; name: string; value: string; updated_at: number };
  /** see record/approvals.ts */
  approvals: {
    id: Generated<number>;
    build_id: number;
    /** null for the whole build */
    job_id: JobId | null;
    /** of the job while it waits; 0 for a build */
    attempt: number;
    /** name of the environment, as the job has it */
    environment: string | null;
    asked_at: number;
    /** when the dispatcher looks at it next; null if it need not */
    due_at: number | null;
    decision: ApprovalDecision | null;
    decided_by: string | null;
    decided_at: number | null;
    comment: string | null;
    /** of a whole build, see record/build-approvals.ts: SHA-256 of what is approved, and its changes as JSON */
    digest: Generated<string | null>;
    changes: Generated<string | null>;
  };
  /** see record/deployments.ts */
  deployments: {
    id: Generated<number>;
    repo: string;
    /** name, as the job has it */
    environment: string;
    build_id: number;
    job_id: JobId;
    /** of the job when it was let through; later ones without a person's retry are of the same deployment */
    attempt: number;
    url: string | null;
    created_at: number;
  };

  /** credential of a repository: its visible part as JSON, and the whole, encrypted */
  credentials: { repo: string; shown: string; value: string; key_id: string; updated_at: number };

  cursors: {
    repo: string;
    ref: string;
    sha: string;
    generation: number;
    moved_at: number;
    /** 1 if the ref was deleted or no longer observed: when it comes back, only its head is built */
    absent: Generated<number>;
    /** 1 if its current commit must be built again */
    again: Generated<number>;
  };

  builds: {
    id: Generated<number>;
    repo: string;
    number: number;
    ref: string;
    sha: string;
    /** id of the commit message, which never makes a second build */
    offer: string;
    subject: string;
    /** the commit message after its first paragraph */
    body: Generated<string>;
    author: string;
    /** mail address, as the commit says; only for notices: pages and API never show it */
    author_address: Generated<string>;
    committed_at: number;
    trigger: Trigger;
    /** its name by the `run-name` of its workflows */
    run_name: Generated<string | null>;
    status: Status;
    reason: Reason | null;
    message: string | null;
    created_at: number;
    started_at: number | null;
    finished_at: number | null;
    /** milliseconds from its end to a retry, for all retries; see kernel/build-duration.ts */
    idle: Generated<number>;
    /** when test_results/ was written for it */
    reported_at: number | null;
    /** number of its pull request; null for other builds */
    pull_request: Generated<number | null>;
    /** JSON of `PullRequestDetails`; null for other builds */
    pull_details: Generated<string | null>;
    /** JSON of `EventDetails`; null for builds of pushes, pull requests and schedules, and of requests to run what a push runs */
    event: Generated<string | null>;
    /** see record/series.ts; null for those in none */
    series: Generated<string | null>;
  };

  /** the pull requests of repositories that build them, see record/pull-requests.ts */
  pull_requests: {
    repo: string;
    number: number;
    /** full name of the ref of its head */
    ref: string;
    /** the last head that was built or passed over */
    head: string;
    /** when Volt saw its head move; 0 if it never did */
    moved_at: number;
  };

  /** what forges have told of pull requests by webhooks: PullRequestFacts as JSON, and when the forge has changed it */
  pull_request_facts: {
    repo: string;
    number: number;
    facts: string;
    /** when the forge has changed it; 0 where it has not said so */
    updated_at: number;
    /** when it was told */
    noted_at: Generated<number>;
  };

  /** what people may start at a ref: the last question about it, and its answer; see record/startable.ts */
  startable: ErrorColumns & {
    repo: string;
    /** as the person has named it; empty for the default branch */
    ref: string;
    asked_at: number;
    /** `asked_at` of the question that is answered */
    answered_at: number | null;
    full_ref: string | null;
    sha: string | null;
    /** StartableWorkflows as JSON */
    workflows: string | null;
  };

  jobs: {
    id: JobId;
    build_id: number;
    position: number;
    name: string;
    workflow: string | null;
    labels: string;
    needs: string;
    plan: string;
    timeout: number;
    status: Status;
    reason: Reason | null;
    message: string | null;
    /** number of the current attempt, 0 before the first; while waiting to be retried, that of the attempt to come */
    attempt: number;
    /** number of the first attempt since the last retry */
    first_attempt: Generated<number>;
    /** lost attempts since the last retry that count towards `poison`, see dispatcher/take-back.ts */
    lost_attempts: Generated<number>;
    /** of a job that is tried again: when its attempt may be sent at the earliest; see record/automatic-retries.ts */
    due_at: Generated<number | null>;
    /** JSON: names of the runners of attempts after which it was tried again; null if there are none */
    avoid: Generated<string | null>;
    /** start tag, see record/fairness.ts; 0 before it is queued */
    virtual_start: number;
    /** JSON: node in the build's workflows, null for a job without a workflow; see record/workflows.ts */
    node: string | null;
    /** 1 if its failure counts as success for the build */
    continue_on_error: Generated<number>;
    /** JSON: outputs by name; null without outputs */
    outputs: string | null;
    runner_id: string | null;
    runner_name: string | null;
    exit_code: number | null;
    created_at: number;
    started_at: number | null;
    finished_at: number | null;
  };

  /** beside the main token, see record/tokens.ts */
  tokens: {
    id: Generated<number>;
    name: string;
    role: Role;
    /** SHA-256 in hexadecimal */
    hash: string;
    /** JSON: names of the repositories that it is for; null for all */
    repos: string | null;
    /** the person that it is for; null if none is named */
    person: string | null;
    /** the person as whom it acts; null for a token of nobody */
    person_id: number | null;
    /** the token with which somebody has given it to a program; it ends with that one */
    parent_id: number | null;
    created_by: string;
    created_at: number;
    last_used_at: number | null;
  };
  /** see record/audit.ts */
  audit: {
    id: Generated<number>;
    at: number;
    actor: string;
    address: string;
    action: string;
    target: string;
    status: number;
    /** the request that it has made, whose outcome comes later; null for what was done at once */
    intent_id: number | null;
    /** the repository that it belongs to; null for what belongs to none, or to several */
    repo: string | null;
    /** what `target` is to people: `app#12` for the id of a build; null where it is the same */
    about: string | null;
    /** whoever it was, by an id that is never given again; null for tokens of nobody, and for others that are no person */
    person_id: Generated<number | null>;
  };

  /** who signs in, see record/people.ts */
  people: {
    id: Generated<number>;
    /** the handle that pages and commands show */
    name: string;
    display_name: string;
    created_at: number;
    /** when the person last signed in; null for one who never has */
    last_seen_at: number | null;
    /** from then on the person may not sign in */
    blocked_at: number | null;
    /** to which address mail goes, see record/mail-choice.ts */
    mail_to: string | null;
  };
  /** names that people had who signed in with them, see record/handles.ts */
  former_names: {
    name: string;
    /** who may have been removed */
    person_id: number;
  };
  /** whom providers know, see record/identities.ts */
  identities: {
    issuer: string;
    /** the id there, which never changes */
    subject: string;
    /** name of the provider that has told the rest last */
    provider: string;
    person_id: number;
    login: string;
    /** JSON: names of groups there, without the name of the provider */
    groups: string;
    /** null if only an administrator has named it */
    signed_in_at: number | null;
    /** until when the groups count; null before any were told */
    groups_until: number | null;
  };
  /** addresses of mail, by which commits are mapped to people */
  person_addresses: {
    /** in lower case */
    address: string;
    person_id: number;
    /** the issuer that has verified it, or `hand` */
    source: string;
  };
  /** where people sign in, see record/providers.ts */
  providers: {
    name: string;
    kind: ProviderKind;
    /** what its button says */
    title: string;
    /** its issuer with OpenID Connect, else its address */
    url: string;
    client_id: string;
    /** encrypted with the key `key_id`; both are null for a client without a secret */
    client_secret: string | null;
    key_id: string | null;
    /** the claim that has the groups; null for none */
    groups_claim: string | null;
    /** what is asked for, separated by spaces */
    scopes: string;
    created_by: string;
    created_at: number;
  };
  /** roles of people and groups, see record/grants.ts */
  grants: {
    id: Generated<number>;
    /** null for a grant of a group */
    person_id: number | null;
    /** `PROVIDER/GROUP`; null for a grant of a person */
    group_name: string | null;
    role: Role;
    /** a pattern of names of repositories */
    repos: string;
    created_by: string;
    created_at: number;
  };
  /** browsers that are signed in, see record/sessions.ts */
  sessions: {
    /** a hash of the cookie's secret */
    id: string;
    /** who signed in; null for a session of the main token, and of a token of nobody */
    person_id: number | null;
    /** the token that it began with; null for the main one, and for none */
    token_id: number | null;
    /** where the person signed in; null with a token */
    provider: string | null;
    origin: string;
    created_at: number;
    last_used_at: number;
    until: number;
    address: string;
    /** the header User-Agent */
    agent: string;
  };
  /** answers of providers that have signed somebody in or out, see record/used-sign-ins.ts */
  used_sign_ins: { hash: string; until: number };
  /** programs that ask people to sign them in, see record/device-requests.ts */
  device_requests: {
    /** SHA-256 of the device code, in hexadecimal */
    device_hash: string;
    user_code: string;
    program: string;
    machine: string;
    /** that it asks for; once confirmed, that it gets */
    role: Role;
    address: string;
    created_at: number;
    until: number;
    /** when the program last asked, and the least milliseconds until it may ask again */
    polled_at: number | null;
    poll_interval: number;
    /** null until a person has decided */
    decision: 'confirmed' | 'refused' | null;
    /** who has confirmed: a person, or somebody with a token; neither for the main token */
    person_id: number | null;
    token_id: number | null;
  };

  /** see record/runner-keys.ts */
  runner_keys: {
    public_key: string;
    /** unique among those that are not removed */
    name: string;
    /** JSON: globs of the repositories that it is reserved for; empty means all */
    repos: string;
    /** 1 if runners that share the data directory of other stages have made it */
    own: number;
    created_by: string;
    created_at: number;
    /** from then on it is invalid */
    removed_at: number | null;
  };

  /** forges that get statuses, see record/forges.ts */
  /** the runners that a person keeps from taking jobs, see record/runner-drains.ts */
  runner_drains: { runner: string; reason: string | null; drained_by: string; drained_at: number };

  /** the use of the fleet in each minute of the last day, see record/fleet-minutes.ts */
  fleet_minutes: {
    /** beginning of the minute */
    at: number;
    measurements: number;
    waiting: number;
    /** sum of the measurements */
    busy: number;
    slots: number;
  };

  forges: DeliveryColumns & {
    name: string;
    kind: ForgeKind;
    api: string;
    /** the text of its credential, see record/forge-credentials.ts, encrypted with the key `key_id` */
    token: string;
    key_id: string;
    /** what jobs get as GITHUB_TOKEN, encrypted likewise; null if they get none */
    job_token: string | null;
    job_token_key_id: string | null;
    /** the GitHub App that Volt is there, and its page; null for an access token */
    app_id: number | null;
    app_page: string | null;
    /** JSON, see kernel/forge-projects.ts */
    repos: string;
    report: Generated<ForgeReport>;
    created_by: string;
    created_at: number;
    /** when Volt has checked that the token may set statuses; null until then */
    checked_at: number | null;
  };

  /** what signs the ID tokens of jobs, see record/id-token-keys.ts */
  id_token_keys: {
    id: string;
    /** JSON Web Key */
    public_key: string;
    /** PKCS #8, encrypted with the key `key_id` */
    private_key: string;
    key_id: string;
    created_at: number;
  };

  /** the outbox of statuses, as forges should show them, see record/commit-statuses.ts */
  commit_statuses: ErrorColumns & {
    id: Generated<number>;
    forge: string;
    repo: string;
    sha: string;
    context: string;
    /** what tells statuses of the same name and commit apart at the forge, see record/commit-statuses.ts */
    lane: string;
    ref: string;
    /** the build that it shows */
    build_id: number;
    state: CommitState;
    description: string;
    /** 1 if what is pending runs; only where the forge tells that apart, see `addChecks` */
    running: Generated<number>;
    /** number of the run of its build: it grows when a final status becomes pending again */
    round: Generated<number>;
    /** 1 if it is about a workflow or a job of the build, see record/part-statuses.ts */
    part: Generated<number>;
    /** number of the wanted status, and of the last one that the forge has accepted (0: none) */
    revision: number;
    sent: number;
    sent_at: number | null;
    /** what the forge has accepted last, as JSON */
    shown: string | null;
    /** failed tries in a row; and how often the forge did not show what it had accepted */
    attempts: number;
    losses: number;
    /** when it is to be sent, or looked up at the forge; null if nothing is left to do */
    due_at: number | null;
    created_at: number;
  };

  /** where notices for people go, see record/notice-targets.ts */
  notice_targets: DeliveryColumns & {
    name: string;
    kind: NoticeKind;
    /** the address as people may see it, without what is secret in it */
    shown: string;
    /** the address, encrypted with the key `key_id` */
    address: string;
    key_id: string;
    /** 1 if it may be at an address that is not public */
    private: number;
    /** globs as JSON: of repositories, and of branches; no branches stand for the default branch */
    repos: string;
    branches: string;
    choice: NoticeChoice;
    /** NoticeOptions as JSON */
    options: string;
    created_by: string;
    created_at: number;
    /** whose role `own` counts for it, also after they are gone; null for a target of administrators, see record/target-maintainers.ts */
    person_id: number | null;
    token_id: number | null;
    /** when the next digest is due; null for none */
    digest_at: number | null;
    /** the last entry of the audit log that it was told of, or was there before it; null for a target that hears of builds */
    audit_after: number | null;
  };

  /** what is known of a branch by its builds that have ended, see record/branch-states.ts */
  branch_states: {
    repo: string;
    ref: string;
    /** see record/series.ts */
    series: string;
    /** the newest build with a verdict; 0 for none */
    build_id: number;
    verdict: 'success' | 'failure' | null;
    /** of a broken branch: its first build that failed */
    since: number | null;
    /** why the newest end of a build says nothing about the branch */
    doubt: 'flaky' | 'error' | null;
  };

  /** ends of builds of which targets have not heard yet; a notifier makes notices of them */
  branch_changes: {
    id: Generated<number>;
    build_id: number;
    event: NoticeEvent;
    is_change: number;
    since: number | null;
  };

  /** what people hear, see record/notices.ts */
  notices: ErrorColumns & {
    id: Generated<number>;
    target: string;
    /** mail address; empty where the target is the only recipient */
    recipient: string;
    /** null for a test and a digest */
    build_id: number | null;
    event: NoticeEvent | GeneralEvent;
    since: number | null;
    /** why the recipient gets it */
    why: string;
    created_at: number;
    /** the first and the last entry of the audit log that it tells of; null for other notices */
    audit_first: Generated<number | null>;
    audit_last: Generated<number | null>;
    /** when it is to be sent; null if nothing is left to do */
    due_at: number | null;
    attempts: number;
    /** when a try began whose outcome is not known: the notice may have arrived; null for none */
    begun_at: number | null;
    sent_at: number | null;
    /** why it was not sent */
    dropped: string | null;
  };

  /** what recipients of mail want no more, see record/notice-mutes.ts; an empty text stands for all */
  notice_mutes: { target: string; recipient: string; repo: string; branch: string; muted_at: number };

  /** tokens of forges that attempts of jobs have, encrypted with the key `key_id`; see record/issued-tokens.ts */
  issued_tokens: {
    job_id: JobId;
    attempt: number;
    api: string;
    token: string;
    key_id: string;
    expires_at: number;
  };

  /** see record/changes.ts */
  changes: { id: Generated<number>; build_id: number };

  /** see record/workflows.ts */
  build_workflows: {
    build_id: number;
    facts: string;
    models: string;
    revision: number;
    /** JSON: the runs of its workflows, see record/workflow-runs.ts */
    runs: Generated<string>;
    /** the newest build at the time of its last retry, 0 without a retry; see record/concurrency.ts */
    retried_after: Generated<number>;
  };
  /** how often each workflow of a repository has run, by its file */
  workflow_counts: { repo: string; path: string; runs: number };
  workflow_models: { hash: string; model: string; created_at: number };
  /** virtual time of each set of labels (JSON), and the tags that repositories use next: see record/fairness.ts */
  label_sets: { labels: string; time: number };
  turns: { labels: string; repo: string; finish: number; beside: number; aside: Generated<number> };
  /** see record/concurrency.ts */
  concurrency: { id: Generated<number>; repo: string; name: string; build_id: number; holder: string; inside: number };
  /** when a workflow of the default branch runs next, see record/schedules.ts */
  schedules: { repo: string; workflow: string; cron: string; timezone: string | null; next_at: number };

  attempts: {
    job_id: JobId;
    number: number;
    status: Status;
    reason: Reason | null;
    message: string | null;
    runner_id: string | null;
    runner_name: string | null;
    runner_host: string | null;
    /** public key of the runner that has started it; null before, and for attempts of an older Volt */
    runner_key: string | null;
    exit_code: number | null;
    log_bytes: number | null;
    /** 1 if the archive has the whole log, 0 if its end was lost with the runner */
    log_complete: number | null;
    /** JSON of a summary, null if no results of single tests were found */
    tests: string | null;
    /** JSON: name and digest of the image of its container; null without one */
    image: Generated<string | null>;
    /** revision of the steps that it shows, 0 before the first */
    steps_revision: Generated<number>;
    /** of a lost attempt: the last sign of life of its runner, and when the loss was noticed */
    lost_at: number | null;
    noticed_at: number | null;
    created_at: number;
    started_at: number | null;
    finished_at: number | null;
  };

  steps: {
    job_id: JobId;
    attempt: number;
    position: number;
    name: string;
    status: Status;
    exit_code: number | null;
    started_at: number | null;
    finished_at: number | null;
    /** JSON of the rest of a step: outcome, offsets in the log, annotations, summary */
    details: string;
  };

  /** see record/test-results.ts */
  tests: {
    id: Generated<number>;
    repo: string;
    /** hash of suite and name */
    key: string;
    suite: string;
    name: string;
    file: string | null;
    /** the newest */
    status: TestStatus;
    /** number of results other than skipped, and of those that did not pass */
    runs: number;
    failures: number;
    /** mean in milliseconds, weighted towards the newest results */
    duration: number | null;
    /** the first and the last build with a result */
    first_build: number;
    last_build: number;
    /** commits at which it was flaky: their number, the newest one, the build that showed it first, and when it was last seen */
    flaky_commits: Generated<number>;
    flaky_sha: string | null;
    flaky_since: number | null;
    flaky_at: number | null;
  };

  test_results: {
    id: Generated<number>;
    test_id: number;
    build_id: number;
    job_id: JobId;
    attempt: number;
    /** position in the attempt, from 1 */
    position: number;
    status: TestStatus;
    /** 1 if it failed or had an error, else 0 */
    failed: number;
    /** milliseconds */
    duration: number | null;
    message: string | null;
    details: string | null;
    expected: string | null;
    actual: string | null;
    /** JSON of the lines of its stack in files of the checkout; null if there are none */
    stack: string | null;
    created_at: number;
  };

  intents: ErrorColumns & {
    id: Generated<number>;
    kind: 'trigger' | 'cancel' | 'retry';
    repo: string;
    ref: string | null;
    build_id: number | null;
    job_id: JobId | null;
    /** 1 for a retry of only the jobs that did not succeed */
    failed_only: Generated<number>;
    /** of a trigger: the event as JSON, null for a plain one */
    event: string | null;
    /** of a cancel that a rule or a named person has requested */
    reason: Reason | null;
    message: string | null;
    /** name of the person or token; null for a rule, a webhook, and requests of an older Volt */
    requested_by: Generated<string | null>;
    created_at: number;
    closed_at: number | null;
    /** build that a trigger made */
    made_build: number | null;
  };
}

export type RepositoryRow = Selectable<Schema['repositories']>;
export type BuildRow = Selectable<Schema['builds']>;
export type JobRow = Selectable<Schema['jobs']>;
export type AttemptRow = Selectable<Schema['attempts']>;
export type StepRow = Selectable<Schema['steps']>;
export type IntentRow = Selectable<Schema['intents']>;
