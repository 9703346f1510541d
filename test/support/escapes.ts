/**
 * Ways in which programs detach from their parents. Each is a script; `$S` is the number of seconds that the detached
 * part sleeps.
 */
export const escapes: readonly (readonly [how: string, script: string])[] = [
  ['in the background', 'sleep $S &'],
  ['without a terminal', 'nohup sleep $S >/dev/null 2>&1 &'],
  ['in a session of its own', 'setsid sleep $S >/dev/null 2>&1 &'],
  ['forked twice', '(setsid sh -c "sleep $S & exec sleep $S" >/dev/null 2>&1 &)'],
  [
    'deaf to every signal that can be ignored',
    `setsid sh -c 'trap "" TERM INT HUP QUIT; sleep '$S'; :' >/dev/null 2>&1 &`,
  ],
  ['stopped', 'sleep $S >/dev/null 2>&1 & sleep 0.05; kill -STOP $!'],
];
