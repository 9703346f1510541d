import { createHash } from 'node:crypto';
import { VoltError } from './errors.ts';

/** Names of repositories are used in paths, keys and URLs, so few characters are allowed. */
export const repositoryNamePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** A label of a runner or a job, for example `linux`, `gpu` or `host:build1`. */
export const labelPattern = /^[a-z0-9][a-z0-9._-]{0,62}(:[a-z0-9][a-z0-9._-]{0,62})?$/;

/** A full commit id, SHA-1 or SHA-256. */
export const shaPattern = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/**
 * A repository's name from its URL or path: the last segment without `.git`, with allowed characters only.
 * `https://host/Acme/My App.git` → `my-app`.
 */
export function repositoryNameFrom(url: string): string {
  const last =
    url
      .replace(/[/\\]+$/, '')
      .replace(/(\/\.git|\.git)$/, '')
      .split(/[/\\:]/)
      .at(-1) ?? '';
  const name = last
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+/, '')
    .slice(0, 64);
  return name === '' ? 'repository' : name === reservedName ? `${name}-1` : name;
}

/**
 * The handle of a person, from what a provider calls the person: `Ada Lovelace` → `ada-lovelace`. There is space left for a
 * number at its end.
 */
export function handleFrom(login: string): string {
  const name = login
    .split('@', 1)[0]
    ?.normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}+/gu, '')
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+/, '')
    .slice(0, 56)
    .replace(/[._-]+$/, '');
  return name || 'person';
}

/**
 * The name of a folder for a repository, which a later repository with the same name does not get. It contains a `+`, as no name of
 * a repository does.
 */
export function repositoryKey({ name, url }: { name: string; url: string }): string {
  return `${name}+${shortHash(url)}`;
}

/** 16 hexadecimal digits, for names of folders. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** `/repos/new` is the form that adds a repository. */
const reservedName = 'new';

export function checkRepositoryName(name: string): string {
  if (name === reservedName) {
    throw new VoltError('bad_name', `no repository can have the name "${name}"`, { remedy: 'Choose another name.' });
  }
  if (!repositoryNamePattern.test(name)) {
    throw new VoltError('bad_name', `"${name}" is not a valid repository name`, {
      remedy: 'Use 1 to 64 characters of a-z, 0-9, ".", "_" and "-", starting with a letter or digit.',
    });
  }
  return name;
}

/** A pattern of repository names, in which `*` matches anything. */
export const repositoryGlobPattern = /^[a-z0-9*][a-z0-9*._-]{0,63}$/;

/** Whether a repository name matches one of the patterns; without patterns any name does. */
export function fitsGlobs(globs: readonly string[], name: string): boolean {
  return globs.length === 0 || globs.some((glob) => fitsGlob(glob, name));
}

/** Finds the parts between the stars in order, each at its first position, which suffices for such a glob. */
export function fitsGlob(glob: string, name: string): boolean {
  const [first = '', ...rest] = glob.split('*');
  const last = rest.pop();
  if (last === undefined) return name === glob;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}

/** @throws VoltError `bad_name` */
export function checkRepositoryGlobs(globs: readonly string[]): string[] {
  const invalid = globs.find((glob) => !repositoryGlobPattern.test(glob));
  if (invalid === undefined) return [...new Set(globs)];
  throw new VoltError('bad_name', `"${invalid}" is not a valid pattern of repository names`, {
    remedy: 'Use names of repositories, in which "*" matches anything, for example "deploy-*".',
    field: 'repos',
  });
}

/** Labels in canonical form: lower case, sorted, each once. @throws VoltError `bad_label` */
export function parseLabels(labels: readonly string[]): string[] {
  const set = new Set(labels.map((label) => label.trim().toLowerCase()).filter((label) => label !== ''));
  for (const label of set) {
    if (!labelPattern.test(label)) {
      throw new VoltError('bad_label', `"${label}" is not a valid label`, {
        remedy:
          'Use letters, digits, ".", "_" and "-", with at most one ":" inside, for example "gpu" or "host:build1".',
      });
    }
  }
  return [...set].sort();
}

/** A host name as the value of a `host:` label. */
export function hostLabel(host: string): string {
  return `host:${
    host
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, '-')
      .replace(/^[._-]+/, '')
      .slice(0, 63) || 'localhost'
  }`;
}
