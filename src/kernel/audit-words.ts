/** How what was asked for has ended, so far. */
export const auditOutcomes = ['done', 'open', 'refused', 'failed'] as const;
export type AuditOutcome = (typeof auditOutcomes)[number];

/** Outcomes as people read them. */
export const outcomeWords: { readonly [O in AuditOutcome]: string } = {
  ...{ done: 'done', open: 'not done yet', refused: 'refused', failed: 'failed' },
};

/** Verbs of actions, which are the last word of their names. */
const verbs: { readonly [verb: string]: string } = {
  ...{ add: 'Add', set: 'Set', change: 'Change', remove: 'Remove', cancel: 'Cancel', retry: 'Retry' },
  ...{ approve: 'Approve', decline: 'Decline', trigger: 'Start a build of', dispatches: 'Send an event to' },
  ...{
    hook: 'Set up the webhook of',
    rotate: 'Rotate',
    drain: 'Drain',
    resume: 'Resume',
    check: 'Check',
    test: 'Test',
    mute: 'Mute',
    unmute: 'Unmute',
    act: 'Change',
    block: 'Block',
    unblock: 'Let in again',
  },
};

/** What actions are done to, by the words of their names. */
const things: { readonly [thing: string]: string } = {
  ...{ builds: 'build', jobs: 'job', repos: 'repository', secrets: 'secret', variables: 'variable' },
  ...{ environments: 'environment', tokens: 'access token', 'runner-keys': 'runner key', runners: 'runner' },
  ...{ forges: 'forge', people: 'person', queues: 'queues', credential: 'credential', 'trusted-refs': 'trusted refs' },
  ...{
    https: 'password',
    ssh: 'SSH key',
    'notice-targets': 'target of notices',
    mutes: 'mutes',
    addresses: 'mail address',
  },
  ...{ providers: 'provider' },
};

/** Actions whose names say less than people read. */
const whole: { readonly [action: string]: string } = {
  'sign-in': 'Sign in',
  'sign-out': 'Sign out at the provider',
  'device.confirm': 'Let a program act',
  'device.refuse': 'Refuse a program',
  'device.token': 'Give a program its token',
  'account.mail.set': 'Choose where own mail goes',
  'account.sessions.remove': 'End own session',
  'account.sessions.end-others': 'End own other sessions',
  'account.tokens': 'Make own access token',
  'account.tokens.remove': 'Revoke own access token',
  'account.token.remove': 'Sign out a program',
  'secrets.rotate': 'Rotate the key of secrets',
  'people.tokens.remove': "Remove a person's access tokens",
  'forges.make-app': 'Make a GitHub App',
  'builds.cancel-queued': 'Cancel queued builds',
  'builds.retry-errors': 'Retry builds with errors',
  'access.grant': 'Give a role',
  'access.revoke': 'Take roles away',
  'people.change': 'Rename person',
  'config.apply': 'Apply settings',
  'data.prune': 'Prune the data',
  'data.mend': 'Mend the data',
};

/** Who did it as people read it: the name of then, and whose that is where it says so no more: `ada (ada.lovelace)`. */
export function actorWords({ actor, person }: { actor: string; person: { name: string | null } | null }): string {
  if (person === null || person.name === actor) return actor;
  return `${actor} (${person.name ?? 'removed'})`;
}

/** An action of the audit log as people read it: `Cancel build` for `builds.cancel`. */
export function actionWords(action: string): string {
  const known = whole[action];
  if (known !== undefined) return known;
  const words = action.split('.');
  const verb = words.pop() ?? '';
  // the last thing is what is changed; those before it say where it is
  const of = words.length > 1 ? ` of ${thingOf(words[0])}` : '';
  return `${verbs[verb] ?? verb} ${thingOf(words.at(-1))}${of}`;
}

/** An entry of the audit log in words: what was done, and to what. `Set secret` and `NPM_TOKEN of app`. */
export function entryWords({ action, target, about }: { action: string; target: string; about: string | null }): {
  act: string;
  what: string;
} {
  const words = action.split('.').slice(0, -1);
  const named = target.split(' ');
  if (whole[action] !== undefined || words.length < 2 || named.length !== words.length)
    return { act: actionWords(action), what: about ?? target };
  const [repo, ...inside] = named.map((name, index) => (index === 0 ? name : `${thingOf(words[index])} ${name}`));
  const last = named.at(-1) ?? '';
  return {
    act: `${verbs[action.split('.').at(-1) ?? ''] ?? ''} ${thingOf(words.at(-1))}`.trim(),
    what: [last, ...inside.slice(0, -1).reverse(), repo].join(' of '),
  };
}

function thingOf(word = ''): string {
  return things[word] ?? word;
}

/** Acts of every day, which are no changes of settings or rights. */
const everyday = /^((builds|jobs)\.|(repos\.(trigger|check|dispatches)|forges\.check|notice-targets\.test|sign-in)$)/;

/** Whether an entry is worth telling: a change of settings, secrets or rights, and whatever was refused. */
export function isNotable({ action, outcome }: { action: string; outcome: AuditOutcome }): boolean {
  return outcome === 'refused' || !everyday.test(action);
}
