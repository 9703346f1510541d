import { createHash } from 'node:crypto';
import { VoltError } from './errors.ts';

/** Names of repositories become paths, keys and parts of URLs, so they are narrow. */
export const repositoryNamePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** A label of a runner or a job, for example `linux`, `gpu` or `host:build1`. */
export const labelPattern = /^[a-z0-9][a-z0-9._-]{0,62}(:[a-z0-9][a-z0-9._-]{0,62})?$/;

/** A full commit id, SHA-1 or SHA-256. */
export const shaPattern = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/**
 * A repository's name from its URL or path: the last segment without `.git`, brought into the allowed form.
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
  return name === '' ? 'repository' : name;
}

/**
 * The folder of what is kept for a repository, which no other one gets that has its name later. No name alone is one: it
 * has no `+`.
 */
export function repositoryKey({ name, url }: { name: string; url: string }): string {
  return `${name}+${shortHash(url)}`;
}

/** 16 hexadecimal digits, for names of folders. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

export function checkRepositoryName(name: string): string {
  if (!repositoryNamePattern.test(name)) {
    throw new VoltError('bad_name', `"${name}" is not a valid repository name`, {
      remedy: 'Use 1 to 64 characters of a-z, 0-9, ".", "_" and "-", beginning with a letter or digit.',
    });
  }
  return name;
}

/** Patterns of names of repositories: a name in which `*` stands for anything. */
export const repositoryGlobPattern = /^[a-z0-9*][a-z0-9*._-]{0,63}$/;

/** Whether a name of a repository fits one of the patterns; any does where there are none. */
export function fitsGlobs(globs: readonly string[], name: string): boolean {
  return globs.length === 0 || globs.some((glob) => fitsGlob(glob, name));
}

/** The parts between the stars in their order, each at the first place where it fits: that is all a glob of this kind needs. */
function fitsGlob(glob: string, name: string): boolean {
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
  const strange = globs.find((glob) => !repositoryGlobPattern.test(glob));
  if (strange === undefined) return [...new Set(globs)];
  throw new VoltError('bad_name', `"${strange}" is not a valid pattern of repository names`, {
    remedy: 'Use names of repositories, in which "*" matches anything, for example "deploy-*".',
  });
}

/** Labels as a set in canonical order: lower case, sorted, each once. Throws `bad_label` on anything else. */
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
