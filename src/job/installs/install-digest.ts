import { createHash } from 'node:crypto';
import type { InstallJob } from './install-job.ts';

/** Variables that differ from job to job. */
const ofOneJob = /^(TMPDIR|PWD|OLDPWD)$/;

/**
 * The digest of everything that an install is made of. Where it is the same, so is the result, except for packages that
 * nobody has fixed to a version.
 * @param files of the commit that describe what is installed
 * @param more such as versions of the programs that install it
 */
export function installDigest(
  { input, context, host }: Pick<InstallJob, 'input' | 'context' | 'host'>,
  files: InstallJob['files'],
  more: readonly unknown[],
): string {
  const variables = Object.entries(context.env)
    .filter(([name]) => !ofOneJob.test(name))
    .map(([name, value]) => [name, value.replaceAll(context.folder, '')]);
  const parts = [
    // the format of what is kept
    1,
    input.trust.class,
    context.sandbox.isolation.level,
    files.map(({ path, id }) => [path, id]).sort(),
    variables.sort(),
    more,
    // what an image has changes with it alone
    ...(host.image === undefined ? [] : [host.image]),
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/**
 * Why the list of a commit's files does not tell what is installed; undefined where it does. Of a link, the list has the id
 * of its text, which stays the same when the file that it leads to changes.
 * @param describes whether a file describes an install; paths that end in `/` are folders
 */
export function whyUnknown(
  { files, isCut }: Pick<InstallJob, 'files' | 'isCut'>,
  describes: (path: string) => boolean,
): string | undefined {
  if (isCut) return 'the commit has more files than Volt reads';
  const link = files.find(({ kind, path }) => kind === 'link' && (describes(path) || describes(`${path}/`)));
  return link && `${link.path} is a link`;
}

/** Names of files in a sentence. */
export function listed(files: InstallJob['files']): string {
  const names = files.map(({ path }) => path).sort((a, b) => a.split('/').length - b.split('/').length);
  if (names.length === 0) return 'what the project needs';
  const shown = names.length <= 4 ? names : [...names.slice(0, 3), `${names.length - 3} more files`];
  return new Intl.ListFormat('en-GB').format(shown);
}
