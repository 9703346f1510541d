import { readFileSync } from 'node:fs';
import { errorText, VoltError } from '../kernel/errors.ts';
import { pause } from '../system/wait.ts';

/** Seconds: what does not work fails at once, and a machine that is busy, as at its boot, must not pass for one that cannot. */
export const trialTime = 30;

/** So often something is tried that fails in a way which may pass, with a pause (ms) in between. */
const tries = 3;
const between = 1000;

/** What programs and the kernel say where something can never work: it is not there, not known, or not allowed. */
const forGood = [
  /\bE(NOENT|ACCES|PERM|NOSYS)\b|no such (file|device)|command not found/i,
  /(unrecognized|unknown|invalid) option|invalid argument|not (implemented|supported)/i,
  /not permitted|permission denied|no permissions/i,
];

/** What they say where there are too many namespaces, which is for good where none are allowed. */
const tooMany = /no space left|ENOSPC|max_\S*namespaces/i;
const namespaces = ['user', 'mnt', 'pid', 'net', 'ipc', 'uts'];

/**
 * Finds out whether this machine can do something that keeps jobs apart. Only what can never work here counts as "cannot": to
 * go on with less because of a fault that passes, as on a machine that is busy, would be for as long as the process lives.
 * @param what as the subject of a sentence
 * @param without the setting by which Volt goes on without it
 * @param trial rejects with what programs have said, in English
 * @returns why it can never work; undefined where it works
 * @throws VoltError `isolation_unavailable` where it fails each time otherwise
 */
export async function whyNever(what: string, without: string, trial: () => Promise<void>): Promise<string | undefined> {
  for (let left = tries; ; left--) {
    try {
      await trial();
      return undefined;
    } catch (error) {
      const why = errorText(error);
      if (isForGood(why)) return why;
      if (left === 1) throw failing(what, without, why);
      await pause(between);
    }
  }
}

function isForGood(why: string): boolean {
  if (forGood.some((each) => each.test(why))) return true;
  return tooMany.test(why) && namespaces.some((kind) => allowed(kind) === '0');
}

function allowed(kind: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/user/max_${kind}_namespaces`, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function failing(what: string, without: string, why: string): VoltError {
  return new VoltError('isolation_unavailable', `${what} failed ${tries} times, and may work at another time: ${why}`, {
    remedy: `Start Volt again when the machine is less busy; \`volt doctor\` tries the same. ${without} does without.`,
  });
}

/** For programs whose words are to be understood. */
export function inEnglish(env: Readonly<Record<string, string>>): Record<string, string> {
  return { ...env, LC_ALL: 'C' };
}
