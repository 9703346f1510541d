import { errorText, VoltError } from '../kernel/errors.ts';
import { readText } from '../system/read-text.ts';
import { pause } from '../system/wait.ts';

/** Seconds for one check. Long, because a busy machine, for example at boot, can be slow though it works. */
export const checkSeconds = 30;

/** How often a failure that may pass is tried again, with a pause (ms) in between. */
const tries = 3;
const between = 1000;

/** Error texts of what can never work: it does not exist, is unknown, or is not allowed. */
const permanentErrors = [
  /\bE(NOENT|ACCES|PERM|NOSYS)\b|no such (file|device)|command not found/i,
  /(unrecognized|unknown|invalid) option|invalid argument|not (implemented|supported)/i,
  /not permitted|permission denied|no permissions/i,
];

/** Error texts for too many namespaces, which is permanent only where none are allowed. */
const tooMany = /no space left|ENOSPC|max_\S*namespaces/i;
const namespaces = ['user', 'mnt', 'pid', 'net', 'ipc', 'uts'];

/**
 * Checks whether this machine can do something for the isolation of jobs. The result holds for the life of the process, so a failure
 * that may pass, as on a busy machine, does not count as "cannot".
 * @param what the subject of a sentence
 * @param without the setting that makes Volt run without it
 * @param check rejects with the output of programs, in English
 * @returns why it can never work; undefined where it works
 * @throws VoltError `isolation_unavailable` where every try fails for a reason that may pass
 */
export async function whyUnsupported(
  what: string,
  without: string,
  check: () => Promise<void>,
): Promise<string | undefined> {
  for (let left = tries; ; left--) {
    try {
      await check();
      return undefined;
    } catch (error) {
      const why = errorText(error);
      if (isPermanentError(why)) return why;
      if (left === 1) throw failing(what, without, why);
      await pause(between);
    }
  }
}

function isPermanentError(why: string): boolean {
  if (permanentErrors.some((each) => each.test(why))) return true;
  return (
    tooMany.test(why) && namespaces.some((kind) => readText(`/proc/sys/user/max_${kind}_namespaces`)?.trim() === '0')
  );
}

function failing(what: string, without: string, why: string): VoltError {
  return new VoltError('isolation_unavailable', `${what} failed ${tries} times for a reason that may pass: ${why}`, {
    remedy: `Start Volt again when the machine is less busy; \`volt doctor\` tries the same. Or set ${without}.`,
  });
}

/** An environment that makes programs print English. */
export function inEnglish(env: Readonly<Record<string, string>>): Record<string, string> {
  return { ...env, LC_ALL: 'C' };
}
