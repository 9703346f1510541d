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
  },
};

/** What actions are done to, by the words of their names. */
const things: { readonly [thing: string]: string } = {
  ...{ builds: 'build', jobs: 'job', repos: 'repository', secrets: 'secret', variables: 'variable' },
  ...{ environments: 'environment', tokens: 'access token', 'runner-keys': 'runner key', runners: 'runner' },
  ...{ forges: 'forge', people: 'person', queues: 'queues', credential: 'credential', 'trusted-refs': 'trusted refs' },
  ...{ https: 'password', ssh: 'SSH key', 'notice-targets': 'target of notices' },
};

/** Actions whose names say less than people read. */
const whole: { readonly [action: string]: string } = {
  'sign-in': 'Sign in',
  'secrets.rotate': 'Rotate the key of secrets',
  'people.tokens.remove': "Remove a person's access tokens",
  'forges.make-app': 'Make a GitHub App',
  'builds.cancel-queued': 'Cancel queued builds',
  'builds.retry-errors': 'Retry builds with errors',
  'access.grant': 'Give a role',
  'access.revoke': 'Take roles away',
};

/** An action of the audit log as people read it: `Cancel build` for `builds.cancel`. */
export function actionWords(action: string): string {
  const known = whole[action];
  if (known !== undefined) return known;
  const words = action.split('.');
  const verb = words.pop() ?? '';
  // the last thing is what is changed; those before it say where it is
  const thing = words.at(-1) ?? '';
  const of = words.length > 1 ? ` of ${things[words[0] ?? ''] ?? words[0]}` : '';
  return `${verbs[verb] ?? verb} ${things[thing] ?? thing}${of}`;
}
